"""Which patients and wards a right reaches."""

from django.db.models import Exists, OuterRef, Q

from portal.access import actors, policy
from portal.access.models import Case
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.core import clock
from portal.records import stays
from portal.records.models import (
    READ_RECORD,
    TREAT,
    CareRelationship,
    CareUnit,
    CareUnitUserPermission,
    Patient,
    PatientUserPermission,
)  # fmt: skip
from portal.records.queries import REAL

_WHY = "you work on the patient's ward, had the patient there lately, or the patient was opened to you"
_WHY_OPEN = f"{_WHY}, or the patient is an invented one to practise on"
_EVERY_KIND = tuple(GrantKind)
_LISTED = (GrantKind.SHARE, GrantKind.REQUEST)
_LASTING = tuple(kind for kind in GrantKind if kind != GrantKind.BREAK_GLASS)


def _all(by) -> Q:
    return Q()


def on_my_wards(by, through: str = "care_unit_id") -> Q:
    """Rows whose care unit, reached by `through`, this person is assigned to."""
    return Q(CareUnitUserPermission.reach(by, TREAT, through))


def patients_of(by, prefix: str = "") -> Q:
    """Rows whose patient, at `prefix`, lies or lay on this person's wards or is granted to them alone."""
    # Emergency access is a person's, at the screen: a program never uses it.
    return _reached(by, prefix, _EVERY_KIND if actors.scopes_of(by) is None else _LASTING)


def taken_out_by(by, prefix: str = "") -> Q:
    """Rows whose patient, at `prefix`, one may carry out of the portal: nobody's whom an emergency alone opened."""
    return _reached(by, prefix, _LASTING)


def _reached(by, prefix: str, kinds) -> Q:
    granted = PatientUserPermission.reach(by, READ_RECORD, _patient_at(prefix), kinds=kinds)
    return ward_patients_of(by, prefix) | Q(granted)


def ward_patients_of(by, prefix: str = "") -> Q:
    """Rows whose patient, at `prefix`, lies on a ward of this person's or was there within the days that count."""
    return on_my_wards(by, f"{prefix}care_unit_id") | stays.around_now(by, _patient_at(prefix))


def _patient_at(prefix: str) -> str:
    return f"{prefix.removesuffix('__')}_id" if prefix else "pk"


def practice_of(by, prefix: str = "") -> Q:
    """Rows whose patient, at `prefix`, is an invented one to practise on: for people at the screen, never for programs."""
    return Q(**{f"{prefix}practice": True}) if actors.scopes_of(by) is None else Q(pk__in=())


def opened_by(by) -> Q:
    """The patients whose record this person may open: their own, and those to practise on."""
    return patients_of(by) | practice_of(by)


def _listed(by) -> Q:
    """Emergency access opens one record and puts nobody on a list."""
    return ward_patients_of(by) | Q(PatientUserPermission.reach(by, READ_RECORD, kinds=_LISTED))


def _units_of(by) -> Q:
    return Q() if by is actors.SYSTEM else on_my_wards(by, "pk")


def _staffed(by) -> Q:
    """Nobody works on the practice ward: what one person tries there is nobody else's."""
    return REAL


def _in_an_emergency(by) -> Q:
    return REAL if actors.at_the_bedside(by) else Q(pk__in=())


def _others_cases(by) -> Q:
    """Cases of people who are neither the officer nor work on a ward with them now."""
    now = clock.now()
    mine = CareUnit.objects.filter(CareUnitUserPermission.reach(by, TREAT))
    colleagues = CareRelationship.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        care_unit__in=mine,
        person=OuterRef("grant__person_id"),
        since__lte=now,
    )
    return ~Q(grant__person_id=by.pk) & ~Q(Exists(colleagues))


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Case, Permission.CASE_REVIEW, _others_cases, "its access was by nobody of your wards", see=True)
    policy.register(Patient, Permission.PATIENT_READ, opened_by, _WHY_OPEN, see=True)
    policy.register(Patient, Permission.PATIENT_LIST, _listed, _WHY)
    policy.register(Patient, Permission.PATIENT_SHARE, ward_patients_of, "you work on the patient's ward")
    policy.register(Patient, Permission.PREDICTION_RUN, opened_by, _WHY_OPEN)
    policy.register(Patient, Permission.BREAK_GLASS, _in_an_emergency, "it is an emergency, and it will be reviewed")
    policy.register(CareUnit, Permission.UNIT_ASSIGN, _staffed, "administrators assign people to wards")
    policy.register(CareRelationship, Permission.UNIT_ASSIGN, _all, "administrators assign people to wards", see=True)
    policy.register(CareUnit, Permission.PATIENT_LIST, _units_of, "you are assigned to the ward", see=True)
