"""What can be asked for about wards and patients, and who decides."""

from portal.access import grantable
from portal.access.permissions import Permission
from portal.records import queries
from portal.records.models import LEAD, READ_RECORD, TREAT, CareUnit, CareUnitUserPermission, Patient

_PURPOSES = ("TREAT", "HQUALIMP", "HOPERAT")


def _find_unit(named: dict) -> CareUnit | None:
    return CareUnit.objects.filter(queries.REAL, name__iexact=named.get("name", "").strip()).first()


def _find_patient(named: dict) -> Patient | None:
    return queries.by_two_identifiers(named.get("mrn", ""), named.get("birth_date", ""))


def _led_by(person):
    return CareUnit.objects.filter(CareUnitUserPermission.reach(person, LEAD))


def register() -> None:
    """Called once the apps are loaded."""
    grantable.register(
        grantable.Grantable(
            model=CareUnit, codename=TREAT, permission=Permission.PATIENT_LIST, word="ward", may="see the ward's patients and run models for them",
            find=_find_unit, owner=lambda unit: unit, purposes=_PURPOSES, asks="clinician", most_days=365,
            listed=lambda: list(CareUnit.objects.filter(queries.REAL).values_list("name", flat=True)),
        )
    )  # fmt: skip
    grantable.register(
        grantable.Grantable(
            model=Patient, codename=READ_RECORD, permission=Permission.PATIENT_READ, word="patient", may="read one record and run models for this patient",
            find=_find_patient, owner=lambda patient: patient.care_unit, purposes=_PURPOSES, asks="clinician",
            most_days=30, named=("mrn", "birth_date"),
        )
    )  # fmt: skip
    leads = grantable.Owners(_led_by, grantable.holders(CareUnit, LEAD), office=True)
    grantable.register_owners(CareUnit, leads)
