"""Verbs on patients and wards."""

from dataclasses import replace

from django.db.models import Count

from portal.access import grants, policy
from portal.access.action import action, event
from portal.access.models import GrantKind, Purpose
from portal.access.permissions import Permission
from portal.core.crypto import blind_index
from portal.records import queries
from portal.records.models import LEAD, TREAT, CareRelationship, CareUnit, Patient


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
    return replace(queries.record_of(on), sharing=policy.decide(by, Permission.PATIENT_SHARE, on))


@action(Permission.UNIT_ASSIGN, verb="unit.person-assigned", on=CareUnit)
def assign(*, by, on, person, until=None, lead=False) -> CareRelationship:
    """Let a clinician treat a ward's patients, until a day or for good; a lead decides whom else to let in."""
    facts = {"to": person, "on": on, "by": by, "kind": GrantKind.RELATIONSHIP, "until": until, "purpose": Purpose.TREAT}
    grant = grants.replace(TREAT, **facts)
    for earlier in grants.held(person, on, LEAD):
        grants.end(earlier, by=by)
    if lead:
        grants.give(LEAD, **facts)
    event().note(person=person.public_id, until=str(until or ""), lead=lead, grant=grant.public_id)
    return CareRelationship.objects.create(person=person, care_unit=on, until=until, grant=grant)


@action(Permission.UNIT_ASSIGN, verb="unit.sized")
def size_units(*, by, on=None) -> list[tuple[CareUnit, int]]:
    """The wards that have patients, with how many, largest first."""
    rows = Patient.objects.exclude(care_unit=None).values_list("care_unit").annotate(count=Count("pk"))
    counts = dict(rows)
    units = CareUnit.objects.filter(pk__in=counts)
    return sorted(((unit, counts[unit.pk]) for unit in units), key=lambda pair: (-pair[1], pair[0].name, pair[0].pk))


def _matches(patient: queries.PatientSummary, search: str) -> bool:
    wanted = search.strip().casefold()
    return wanted in patient.name.casefold() or wanted == patient.mrn.casefold()


def mrn_index(mrn: str) -> str:
    """The blind index under which a record number is found."""
    return blind_index("patient.mrn", mrn)
