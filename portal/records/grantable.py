"""What can be asked for and given about wards and patients, and who decides."""

from portal.access import grants
from portal.access.models import Purpose
from portal.core.crypto import blind_index
from portal.records.models import CARE, EMERGENCY, LEAD, TREAT, CareUnit, CareUnitUserPermission, Patient

_CARE_PURPOSES = (Purpose.TREAT, Purpose.COVERAGE, Purpose.HQUALIMP)


def _find_unit(named: dict) -> CareUnit | None:
    return CareUnit.objects.filter(name__iexact=named.get("name", "").strip()).first()


def _find_patient(named: dict) -> Patient | None:
    """By two identifiers that must both fit."""
    index = blind_index("patient.mrn", named.get("mrn", ""))
    rows = Patient.objects.filter(mrn_index=index) if named.get("mrn", "").strip() else ()
    return next((row for row in rows if row.person.get("birth_date") == named.get("birth_date")), None)


def _led_by(person):
    return CareUnit.objects.filter(CareUnitUserPermission.reach(person, LEAD))


def _ward_of(patient: Patient) -> CareUnit | None:
    return patient.care_unit


def register() -> None:
    """Called once the apps are loaded."""
    grants.register(
        grants.Grantable(
            model=CareUnit, right=TREAT, word="ward", may="see the ward's patients and run models for them",
            find=_find_unit, owner=lambda unit: unit, name=lambda unit: unit.name, purposes=_CARE_PURPOSES,
            asks=("clinician",), most_days=365,
        )
    )  # fmt: skip
    grants.register(
        grants.Grantable(
            model=Patient, right=CARE, word="patient", may="read the record and run models for the patient",
            find=_find_patient, owner=_ward_of, name=None, purposes=_CARE_PURPOSES,
            asks=("clinician",), most_days=30,
        )
    )  # fmt: skip
    grants.register_owners(CareUnit, LEAD, _led_by)
    grants.word(LEAD, "decide whom else to let in")
    grants.word(EMERGENCY, "read the record and run models, in an emergency")
