"""Which patients and wards a right reaches."""

from django.db.models import Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.records.models import TREAT, CareRelationship, CareUnit, CareUnitUserPermission, Patient

_WHY = "you are assigned to the ward"


def _all(by) -> Q:
    return Q()


def patients_of(by, through: str = "care_unit_id") -> Q:
    """Rows whose care unit, reached by `through`, this person is assigned to."""
    return Q(CareUnitUserPermission.reach(by, TREAT, through))


def _units_of(by) -> Q:
    return Q() if by is actors.SYSTEM else patients_of(by, "pk")


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Patient, Permission.PATIENT_READ, patients_of, _WHY, see=True)
    policy.register(Patient, Permission.PATIENT_LIST, patients_of, _WHY)
    policy.register(Patient, Permission.PREDICTION_RUN, patients_of, _WHY)
    policy.register(CareUnit, Permission.UNIT_ASSIGN, _all, "administrators assign people to wards")
    policy.register(CareRelationship, Permission.UNIT_ASSIGN, _all, "administrators assign people to wards", see=True)
    policy.register(CareUnit, Permission.PATIENT_LIST, _units_of, _WHY, see=True)
