"""Which patients and wards a right reaches."""

from django.db.models import Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.records.models import (
    READ_RECORD,
    TREAT,
    CareRelationship,
    CareUnit,
    CareUnitUserPermission,
    Patient,
    PatientUserPermission,
)  # fmt: skip

_WHY = "you are assigned to the ward, or hold a grant for this patient"
_EVERY_KIND = tuple(GrantKind)
_BY_TOKEN = tuple(kind for kind in GrantKind if kind != GrantKind.BREAK_GLASS)


def _all(by) -> Q:
    return Q()


def on_my_wards(by, through: str = "care_unit_id") -> Q:
    """Rows whose care unit, reached by `through`, this person is assigned to."""
    return Q(CareUnitUserPermission.reach(by, TREAT, through))


def patients_of(by, prefix: str = "") -> Q:
    """Rows whose patient, at `prefix`, lies on this person's wards or is granted to them alone."""
    # Emergency access is a person's, at the screen: a program never uses it.
    kinds = _EVERY_KIND if actors.scopes_of(by) is None else _BY_TOKEN
    patient = f"{prefix.removesuffix('__')}_id" if prefix else "pk"
    granted = PatientUserPermission.reach(by, READ_RECORD, patient, kinds=kinds)
    return on_my_wards(by, f"{prefix}care_unit_id") | Q(granted)


def _units_of(by) -> Q:
    return Q() if by is actors.SYSTEM else on_my_wards(by, "pk")


def _in_an_emergency(by) -> Q:
    """A clinician who is nothing but that, at the screen: no program, no superuser, nobody who also runs or studies it."""
    apart = actors.scopes_of(by) is not None or by.is_superuser or by.role_names & {"scientist", "admin"}
    return Q(pk__in=()) if apart else Q()


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Patient, Permission.PATIENT_READ, patients_of, _WHY, see=True)
    policy.register(Patient, Permission.PATIENT_LIST, on_my_wards, "you are assigned to the ward")
    policy.register(Patient, Permission.PREDICTION_RUN, patients_of, _WHY)
    policy.register(Patient, Permission.BREAK_GLASS, _in_an_emergency, "it is an emergency, and it will be reviewed")
    policy.register(CareUnit, Permission.UNIT_ASSIGN, _all, "administrators assign people to wards")
    policy.register(CareRelationship, Permission.UNIT_ASSIGN, _all, "administrators assign people to wards", see=True)
    policy.register(CareUnit, Permission.PATIENT_LIST, _units_of, "you are assigned to the ward", see=True)
