"""Putting checked resources into tables; used by the import action only."""

from collections.abc import Callable

from portal.core import clock
from portal.core.crypto import blind_index
from portal.records import models, stays
from portal.records.fhir.problems import ResourceRefused
from portal.records.fhir.resources import Part, Read

_CLINICAL = {
    "Encounter": models.Encounter,
    "Observation": models.Observation,
    "Condition": models.Condition,
    "MedicationRequest": models.MedicationRequest,
}
_UNREAL = frozenset({"entered-in-error", "cancelled"})
_GONE = _UNREAL | {"planned"}


class Store:
    """One source's worth of writing, with what it counted."""

    def __init__(self, resolve: Callable[[str], tuple[str, str] | None]):
        self._resolve = resolve
        self._patients: dict[str, models.Patient | None] = {}
        self._units: dict[str, models.CareUnit | None] = {}
        self._rows: dict[tuple[type, int], dict[str, str]] = {}
        self._new: dict[type, list] = {}
        self._moved: dict[int, models.Patient] = {}
        self._touched: dict[str, models.Patient] = {}
        self.created = self.updated = self.unchanged = 0

    def keep(self, found: Read) -> None:
        """Store one resource; raises ResourceRefused when what it refers to is not known."""
        if found.type in _CLINICAL:
            self._keep_clinical(found)
        elif found.type == "Patient":
            self._keep_patient(found)
        elif found.type == "Practitioner":
            self._keep_practitioner(found)
        else:
            self._keep_unit(found)

    def finish(self) -> None:
        """Write what was gathered and move patients whose latest stay changed."""
        for model, rows in self._new.items():
            model.objects.bulk_create(rows, batch_size=500)
        for patient in self._moved.values():
            _place(patient)
        touched = [patient.pk for patient in self._touched.values()]
        models.Patient.objects.filter(pk__in=touched).update(changed_at=clock.now())

    def touched_patients(self) -> list[models.Patient]:
        """The patients whose record changed."""
        return list(self._touched.values())

    def _keep_patient(self, found: Read) -> None:
        index, person = _index("Patient", found.id), found.parts[0].content
        patient = self._patient(index)
        if patient and patient.digest == found.digest:
            self.unchanged += 1
            return
        facts = {"digest": found.digest, "person": person, "mrn_index": blind_index("patient.mrn", person["mrn"])}
        self._count(patient is None)
        if patient is None:
            patient = models.Patient.objects.create(source_index=index, **facts)
        else:
            _change(patient, facts)
        self._patients[index] = self._touched[patient.public_id] = patient

    def _keep_clinical(self, found: Read) -> None:
        patient = self._subject(found)
        unit = self._place(found) if found.type == "Encounter" else None
        known = self._known(_CLINICAL[found.type], patient)
        state = {self._keep_part(found, part, patient, unit, known) for part in found.parts}
        if state == {"unchanged"}:
            self.unchanged += 1
            return
        self._count("created" in state and "updated" not in state)
        self._touched[patient.public_id] = patient
        if found.type == "Encounter":
            self._moved[patient.pk] = patient

    def _keep_part(self, found: Read, part: Part, patient, unit, known: dict[str, str]) -> str:
        model = _CLINICAL[found.type]
        index = _index(found.type, found.id + part.suffix)
        if known.get(index) == found.digest:
            return "unchanged"
        facts = {"digest": found.digest, "code": part.code, "content": part.content, "patient": patient}
        facts |= {"care_unit": unit} if found.type == "Encounter" else {}
        new = index not in known and not self._elsewhere(model, index)
        known[index] = found.digest
        if new:
            self._new.setdefault(model, []).append(model(source_index=index, **facts))
            return "created"
        self._flush(model)
        _change(model.objects.get(source_index=index), facts)
        return "updated"

    def _elsewhere(self, model, index: str) -> bool:
        return model.objects.filter(source_index=index).exists()

    def _flush(self, model) -> None:
        model.objects.bulk_create(self._new.pop(model, []), batch_size=500)

    def _known(self, model, patient: models.Patient) -> dict[str, str]:
        key = (model, patient.pk)
        if key not in self._rows:
            self._rows[key] = dict(model.objects.filter(patient=patient).values_list("source_index", "digest"))
        return self._rows[key]

    def _keep_practitioner(self, found: Read) -> None:
        index = _index("Practitioner", found.id)
        row = models.Practitioner.objects.filter(source_index=index).first()
        if row and row.digest == found.digest:
            self.unchanged += 1
            return
        self._count(row is None)
        facts = {"digest": found.digest, "content": found.parts[0].content}
        if row is None:
            models.Practitioner.objects.create(source_index=index, **facts)
        else:
            _change(row, facts)

    def _keep_unit(self, found: Read) -> None:
        index = _index(found.type, found.id)
        unit = self._unit(index)
        if unit and unit.digest == found.digest:
            self.unchanged += 1
            return
        self._count(unit is None)
        facts = {"digest": found.digest, "name": found.parts[0].content["name"]}
        if unit is None:
            unit = models.CareUnit.objects.create(source_index=index, **facts)
        else:
            _change(unit, facts)
        self._units[index] = unit

    def _subject(self, found: Read) -> models.Patient:
        target = self._resolve(found.subject)
        patient = self._patient(_index(*target)) if target and target[0] == "Patient" else None
        if patient is None:
            raise ResourceRefused(
                f"{found.type}.subject points at a patient that is neither in this source nor known here."
            )
        return patient

    def _place(self, found: Read) -> models.CareUnit | None:
        units = [self._unit_at(reference) for reference in found.places]
        if None in units:
            raise ResourceRefused("Encounter.location points at a place that is neither in this source nor known here.")
        # Many sources name no location but whose service it was; one that is not known is no reason to refuse.
        return units[-1] if units else self._unit_at(found.provider)

    def _unit_at(self, reference: str) -> models.CareUnit | None:
        target = self._resolve(reference)
        return self._unit(_index(*target)) if target and target[0] in ("Location", "Organization") else None

    def _patient(self, index: str) -> models.Patient | None:
        if index not in self._patients:
            self._patients[index] = models.Patient.objects.filter(source_index=index).first()
        return self._patients[index]

    def _unit(self, index: str) -> models.CareUnit | None:
        if self._units.get(index) is None:
            self._units[index] = models.CareUnit.objects.filter(source_index=index).first()
        return self._units[index]

    def _count(self, new: bool) -> None:
        if new:
            self.created += 1
        else:
            self.updated += 1


def _index(kind: str, identity: str) -> str:
    return blind_index(f"fhir.{kind}", identity)


def _change(row, facts: dict) -> None:
    for name, value in facts.items():
        setattr(row, name, value)
    row.save()


def _place(patient: models.Patient) -> None:
    """The ward of a patient is that of the current stay, else of the latest one that names a place."""
    rows = models.Encounter.objects.filter(patient=patient, care_unit__isnull=False).select_related("care_unit")
    stays.note(patient, [row for row in rows if row.content["status"] not in _UNREAL])
    real = [row for row in rows if row.content["status"] not in _GONE]
    latest = max(real, key=lambda stay: (stay.content["status"] == "in-progress", stay.content["since"]), default=None)
    unit = latest.care_unit if latest else None
    if unit != patient.care_unit:
        patient.care_unit = unit
        patient.save(update_fields=("care_unit",))
