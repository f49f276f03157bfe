"""A person leaves: everything they could reach ends in one step, and is counted before."""

from dataclasses import dataclass

from django.contrib.sessions.models import Session

from portal.access import actions as access
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken, User
from portal.compute import actions as compute
from portal.compute.models import Job
from portal.compute.states import FINAL
from portal.core import clock
from portal.core.problems import BadInput
from portal.records import actions as records
from portal.records.staff import assignments, standing, units
from portal.studies import actions as studies
from portal.studies.queries import memberships


@dataclass(frozen=True)
class Ending:
    """What ends with a person, in counts."""

    sessions: int
    tokens: int
    assignments: int
    memberships: int
    jobs: int


def what_ends(by, person: User) -> Ending:
    """How much would end if this person left now."""
    return Ending(
        sessions=_sessions(person),
        tokens=ApiToken.objects.filter(user=person, revoked_at=None, expires_at__gt=clock.now()).count(),
        assignments=len(_assignments(by, person)),
        memberships=len(_memberships(person)),
        jobs=_jobs(person).count(),
    )


def left_alone(by, person: User) -> list[str]:
    """The wards on which nobody else works now."""
    theirs = {row.care_unit_id for row in _assignments(by, person) if standing(row) == "running"}
    return [unit.name for unit in units(by).filter(pk__in=theirs) if unit.staffed == 1]


@action(Permission.PERSON_MANAGE, verb="person.left", on=User)
def leave(*, by, on) -> Ending:
    """End a person's assignments, memberships, waiting jobs, tokens and sessions, and close the account."""
    _check_may_leave(by, on)
    ending = what_ends(by, on)
    for row in _assignments(by, on):
        records.end_assignment(by=by, on=row)
    for row in _memberships(on):
        studies.remove_member(by=by, on=row.content_object, person=on)
    for job in _jobs(on):
        compute.cancel(by=by, on=job)
    access.deactivate(by=by, on=on)
    event().note(**vars(ending))
    return ending


def _check_may_leave(by, person: User) -> None:
    if not person.is_active:
        raise BadInput({"person": f"{person.label} has left already."})
    if person.pk == by.pk:
        raise BadInput({"person": "You cannot shut yourself out; ask another administrator."})


def _assignments(by, person: User) -> list:
    return [row for row in assignments(by, person=person) if standing(row) != "ended"]


def _memberships(person: User) -> list:
    now = clock.now()
    return [row for row in memberships(user=person) if row.until is None or row.until > now]


def _jobs(person: User):
    return Job.objects.filter(created_by=person).exclude(state__in=FINAL)


def _sessions(person: User) -> int:
    live = Session.objects.filter(expire_date__gt=clock.now())
    return sum(1 for row in live if row.get_decoded().get("_auth_user_id") == str(person.pk))
