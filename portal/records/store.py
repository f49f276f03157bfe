"""Putting checked resources into tables; used by the import action only."""

from collections.abc import Callable

from portal.core import clock
from portal.core.crypto import blind_index
from portal.records import merging, models, placing
from portal.records.fhir.problems import ResourceRefused
from portal.records.fhir.resources import MOST_PARTS, Part, Read

_CLINICAL = {
    "Encounter": models.Encounter,
    "Observation": models.Observation,
    "Condition": models.Condition,
    "MedicationRequest": models.MedicationRequest,
}


class Store:
    """One source's worth of writing, with what it counted."""

    def __init__(self, resolve: Callable[[str], tuple[str, str] | None], *, practice: bool = False):
        self._resolve, self._practice = resolve, practice
        self._patients: dict[str, models.Patient | None] = {}
        self._units: dict[str, models.CareUnit | None] = {}
        self._rows: dict[tuple[type, int], dict[str, str]] = {}
        self._new: dict[type, list] = {}
        self._moved: dict[int, models.Patient] = {}
        self._touched: dict[int, models.Patient] = {}
        self._said: dict[int, models.Patient] = {}
        self._written: dict[type, set[str]] = {}
        self.changed: set[str] = set()
        self.settled = merging.Settled()
        self.created = self.updated = self.unchanged = self.deleted = 0

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

    def remove(self, kind: str, identity: str) -> None:
        """Mark a resource as deleted at its source; raises ResourceRefused when it is not known here."""
        if kind not in (*_CLINICAL, "Patient"):
            raise ResourceRefused(f"{kind}: places and people of the staff stay, because records point at them.")
        if kind == "Patient":
            row = self._patient(_index(kind, identity))
            rows = [row] if row else []
        else:
            indexes = [_index(kind, identity), *(_index(kind, f"{identity}#{place}") for place in range(MOST_PARTS))]
            rows = list(_CLINICAL[kind].objects.filter(source_index__in=indexes).select_related("patient"))
        if not rows:
            raise ResourceRefused(f"There is no {kind} of this id here, so nothing was deleted.")
        for row in rows:
            self._apart(row if kind == "Patient" else row.patient)
        standing = [row for row in rows if row.removed_at is None]
        self.unchanged += not standing
        self.deleted += bool(standing)
        for row in standing:
            self._remove_row(row)

    def finish(self) -> None:
        """Write what was gathered, settle who is merged with whom, and move patients whose latest stay changed."""
        for model in list(self._new):
            self._flush(model)
        self.settled = merging.settle(list(self._said.values())) if self._said else self.settled
        for patient, before in self.settled.changed:
            self._separate_or_join(patient, before)
        self._touch_roots()
        for patient in self._moved.values():
            placing.place(patient)
        # One moment for all, as late as can be: whoever ran a model before it had not seen this.
        now = clock.now()
        models.Patient.objects.filter(pk__in=self._touched).update(changed_at=now)
        for model, indexes in self._written.items():
            model.objects.filter(source_index__in=indexes).update(stored_at=now)

    def touched_patients(self) -> list[models.Patient]:
        """The patients whose record changed."""
        return list(self._touched.values())

    def _touch_roots(self) -> None:
        """What is new about a record that was merged is new about the one that goes on."""
        roots = {row.merged_into_id for row in self._touched.values()} - {None}
        for root in models.Patient.objects.filter(pk__in=roots) if roots else ():
            self._touched.setdefault(root.pk, root)
            self.changed.add(root.source_index)

    def _separate_or_join(self, patient: models.Patient, before: int | None) -> None:
        # What was one person's record is another's now: each of its values is to be looked at again.
        for model in _CLINICAL.values():
            indexes = set(model.objects.filter(patient=patient).values_list("source_index", flat=True))
            self.changed |= indexes
            self._written.setdefault(model, set()).update(indexes)
        for row in models.Patient.objects.filter(pk__in={before, patient.merged_into_id} - {None}):
            self._touched.setdefault(row.pk, row)
            self._moved.setdefault(row.pk, row)
            self.changed.add(row.source_index)
        self.changed.add(patient.source_index)
        self._touched[patient.pk] = self._moved[patient.pk] = patient

    def _remove_row(self, row) -> None:
        # Without a digest it counts as changed when it comes again.
        _change(row, {"removed_at": clock.now(), "digest": ""})
        self.changed.add(row.source_index)
        patient = row if isinstance(row, models.Patient) else row.patient
        self._touched[patient.pk] = patient
        if isinstance(row, models.Patient):
            self._said[row.pk] = row
        if isinstance(row, models.Encounter):
            self._move(patient)

    def _move(self, patient: models.Patient) -> None:
        self._moved[patient.pk] = patient
        # A stay says nothing by its own index to whoever counted stays: the patient's does.
        self.changed.add(patient.source_index)

    def _keep_patient(self, found: Read) -> None:
        index, person = _index("Patient", found.id), found.parts[0].content
        patient = self._patient(index)
        if patient and patient.digest == found.digest:
            self.unchanged += 1
            return
        links = {(kind, _index(*target)) for kind, target in self._targets(found)}
        for _, target in links:
            self._patient(target)
        if any(target == index for _, target in links):
            raise ResourceRefused("Patient.link points at the patient itself.")
        facts = {"digest": found.digest, "person": person, "mrn_index": blind_index("patient.mrn", person["mrn"])}
        facts |= {"active": found.active, "removed_at": None}
        self._count(patient is None)
        if patient is None:
            patient = models.Patient.objects.create(source_index=index, practice=self._practice, **facts)
        else:
            _change(patient, facts)
            self.changed.add(index)
        merging.say(patient, links)
        self._patients[index] = self._touched[patient.pk] = self._said[patient.pk] = patient

    def _targets(self, found: Read) -> list[tuple[str, tuple[str, str]]]:
        targets = [(kind, self._resolve(reference)) for kind, reference in found.links]
        return [(kind, target) for kind, target in targets if target and target[0] == "Patient"]

    def _keep_clinical(self, found: Read) -> None:
        patient = self._subject(found)
        unit = self._place(found) if found.type == "Encounter" else None
        known = self._known(_CLINICAL[found.type], patient)
        state = {self._keep_part(found, part, patient, unit, known) for part in found.parts}
        if "created" not in state and self._drop_parts(found, known):
            state.add("updated")
        if state == {"unchanged"}:
            self.unchanged += 1
            return
        self._count("created" in state and "updated" not in state)
        self._touched[patient.pk] = patient
        if found.type == "Encounter":
            self._moved[patient.pk] = patient
            self.changed.update([patient.source_index] if "updated" in state else ())

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
        row = model.objects.select_related("patient").get(source_index=index)
        if row.patient_id != patient.pk:
            self._apart(row.patient)
            self._leave(row)
        _change(row, facts | {"removed_at": None})
        self._written.setdefault(model, set()).add(index)
        self.changed.add(index)
        return "updated"

    def _leave(self, row) -> None:
        """A resource names another patient than before: the record that it leaves has changed as well."""
        self._touched[row.patient_id] = row.patient
        if isinstance(row, models.Encounter):
            self._move(row.patient)

    def _drop_parts(self, found: Read, known: dict[str, str]) -> bool:
        """Take away the parts that a changed observation no longer has."""
        if found.type != "Observation":
            return False
        places = range(len(found.parts) - 1, MOST_PARTS)
        gone = [index for place in places if known.get(index := _index("Observation", f"{found.id}#{place}"))]
        for row in models.Observation.objects.filter(source_index__in=gone).select_related("patient") if gone else ():
            known[row.source_index] = ""
            self._remove_row(row)
        return bool(gone)

    def _elsewhere(self, model, index: str) -> bool:
        return model.objects.filter(source_index=index).exists()

    def _flush(self, model) -> None:
        rows = model.objects.bulk_create(self._new.pop(model, []), batch_size=500)
        self._written.setdefault(model, set()).update(row.source_index for row in rows)

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
            unit = models.CareUnit.objects.create(source_index=index, practice=self._practice, **facts)
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
            self._patients[index] = self._apart(models.Patient.objects.filter(source_index=index).first())
        return self._patients[index]

    def _unit(self, index: str) -> models.CareUnit | None:
        if self._units.get(index) is None:
            self._units[index] = self._apart(models.CareUnit.objects.filter(source_index=index).first())
        return self._units[index]

    def _apart(self, row):
        """What is real and what is to practise on never mix, whatever identity a source gives."""
        if row is not None and row.practice != self._practice:
            raise ResourceRefused("This identity belongs to the practice ward; a real record needs another one.")
        return row

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
