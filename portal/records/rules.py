"""Which patients and wards a right reaches."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.core import clock
from portal.records.models import (
    CARE,
    EMERGENCY,
    TREAT,
    CareUnit,
    CareUnitUserPermission,
    Patient,
    PatientUserPermission,
    RecentStay,
)

_WHY = "you are assigned to the ward"
_WHY_PATIENT = "you work on the patient's ward or had the patient there lately, or the patient was opened to you"
_WHY_EMERGENCY = "clinicians may open a record in an emergency, in person"


def _all(by) -> Q:
    return Q()


def patients_of(by, prefix: str = "") -> Q:
    """Rows whose patient, reached by `prefix`, this person may see: by the ward, by name, or in an emergency."""
    reached = known_patients_of(by, prefix)
    if actors.at_the_glass(by):
        reached |= Q(PatientUserPermission.reach(by, EMERGENCY, f"{prefix}pk"))
    return reached


def known_patients_of(by, prefix: str = "") -> Q:
    """The same without emergencies: what lists and searches hold."""
    return ward_patients_of(by, prefix) | Q(PatientUserPermission.reach(by, CARE, f"{prefix}pk"))


def ward_patients_of(by, prefix: str = "") -> Q:
    """Rows whose patient lies on a ward of this person's, or was there in the last days that count."""
    reached = Q(CareUnitUserPermission.reach(by, TREAT, f"{prefix}care_unit_id"))
    days = settings.RELATIONSHIP_DAYS
    if days:
        today = clock.record_day()
        lately = RecentStay.objects.filter(
            CareUnitUserPermission.reach(by, TREAT, "care_unit_id"), patient_id=OuterRef(f"{prefix}pk"),
            last_on__range=(today - timedelta(days=days), today + timedelta(days=days)),
        )  # fmt: skip
        reached |= Q(Exists(lately))
    return reached


def _emergency_candidates(by) -> Q:
    return Q() if actors.at_the_glass(by) else Q(pk__in=())


def _units_of(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(CareUnitUserPermission.reach(by, TREAT))


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Patient, Permission.PATIENT_READ, patients_of, _WHY_PATIENT, see=True)
    policy.register(Patient, Permission.PATIENT_LIST, known_patients_of, _WHY_PATIENT)
    policy.register(Patient, Permission.PREDICTION_RUN, patients_of, _WHY_PATIENT)
    policy.register(Patient, Permission.PATIENT_SHARE, ward_patients_of, "you work on the patient's ward")
    policy.register(Patient, Permission.BREAK_GLASS, _emergency_candidates, _WHY_EMERGENCY)
    policy.register(CareUnit, Permission.UNIT_ASSIGN, _all, "administrators assign people to wards")
    policy.register(CareUnit, Permission.PATIENT_LIST, _units_of, _WHY, see=True)
