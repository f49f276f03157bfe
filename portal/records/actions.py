"""Verbs on patients and wards."""

from django.db.models import Count

from portal.access import grants, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.crypto import blind_index
from portal.records import queries
from portal.records.models import TREAT, CareRelationship, CareUnit, Patient


@action(Permission.PATIENT_LIST, verb="patient.listed")
def list_patients(*, by, on=None, search="", offset=0, limit=None) -> list[queries.PatientSummary]:
    """The patients on this person's wards, by name; `search` matches part of a name or a whole record number."""
    rows = policy.visible_to(Patient.objects.select_related("care_unit"), by, Permission.PATIENT_LIST)
    found = [queries.summary(row) for row in rows]
    if search:
        found = [patient for patient in found if _matches(patient, search)]
    found.sort(key=lambda patient: (patient.ward, patient.name.casefold()))
    shown = found[offset : None if limit is None else offset + limit]
    event().note(shown=len(shown), searched=bool(search))
    event().each_patient(shown)
    return shown


@action(Permission.PATIENT_READ, verb="patient.opened", on=Patient)
def open_patient(*, by, on) -> queries.Record:
    """One patient's record."""
    return queries.record_of(on)


@action(Permission.UNIT_ASSIGN, verb="unit.person-assigned", on=CareUnit)
def assign(*, by, on, person, until=None) -> CareRelationship:
    """Let a clinician treat a ward's patients, until a day or for good."""
    grants.give(TREAT, to=person, on=on, until=until)
    event().note(person=person.public_id, until=str(until or ""))
    return CareRelationship.objects.create(person=person, care_unit=on, until=until)


@action(Permission.UNIT_ASSIGN, verb="unit.sized")
def size_units(*, by, on=None) -> list[tuple[CareUnit, int]]:
    """The wards that have patients, with how many, largest first."""
    rows = Patient.objects.exclude(care_unit=None).values_list("care_unit").annotate(count=Count("pk"))
    counts = dict(rows)
    units = CareUnit.objects.filter(pk__in=counts)
    return sorted(((unit, counts[unit.pk]) for unit in units), key=lambda pair: (-pair[1], pair[0].name, pair[0].pk))


@action(Permission.AUDIT_READ, verb="audit.subject-sought")
def seek_patient(*, by, on=None, number) -> str:
    """The opaque id under which the ledger files a record number; empty when there is none. Says nothing else."""
    found = Patient.objects.filter(mrn_index=mrn_index(number)).values_list("public_id", flat=True).first() or ""
    event().note(kind="patient", found=bool(found))
    event().draft.patient = found
    return found


def _matches(patient: queries.PatientSummary, search: str) -> bool:
    wanted = search.strip().casefold()
    return wanted in patient.name.casefold() or wanted == patient.mrn.casefold()


def mrn_index(mrn: str) -> str:
    """The blind index under which a record number is found."""
    return blind_index("patient.mrn", mrn)
