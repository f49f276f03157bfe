"""What emergency access says about the wards: their leads are told, and officers see how often it was needed."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from portal.access import grantable, notices
from portal.access.action import action, event
from portal.access.models import Case, Grant, Notice
from portal.access.permissions import Permission
from portal.access.states import CaseOutcome, GrantKind
from portal.accounts.models import User
from portal.core import clock
from portal.records.models import LEAD, CareRelationship, CareUnit

DIGEST, DAY, MONTH = "emergency-digest", timedelta(days=1), timedelta(days=30)
_RIGHT = (CaseOutcome.APPROPRIATE, CaseOutcome.FIX_RULE)


@dataclass(frozen=True)
class Rate:
    """How often people of one ward opened records in emergencies, and how often that was right."""

    ward: str
    accesses: int
    appropriate: int


def leads_of(unit: CareUnit | None, *, but=None) -> list[User]:
    """Who decides about requests for a ward, other than one person."""
    if unit is None:
        return []
    held = Grant.objects.filter(grantable.live(), codename=LEAD, object_id=unit.public_id)
    people = User.objects.filter(is_active=True, pk__in=held.values("person"))
    return list(people.exclude(pk=but.pk) if but else people)


@action(Permission.CASE_REVIEW, verb="case.rated")
def rates(*, by, on=None) -> list[Rate]:
    """The emergency accesses of the last 30 days by the ward of the person, most first."""
    found, right, opened = Counter(), Counter(), _by_ward(MONTH)
    approved = Case.objects.filter(grant__in=[grant.pk for grant, _ in opened], outcome__in=_RIGHT)
    approved = set(approved.values_list("grant", flat=True))
    for grant, units in opened:
        found.update(units)
        right.update(units if grant.pk in approved else ())
    names = dict(CareUnit.objects.filter(pk__in=found).values_list("pk", "name"))
    event().note(wards=len(found))
    return [Rate(names[unit], count, right[unit]) for unit, count in found.most_common()]


@action(Permission.GRANT_SETTLE, verb="case.digest-sent")
def tell_leads(*, by, on=None) -> int:
    """Once a day, tell the leads of wards whose people used emergency access; returns how many were told."""
    units = {unit for _, units in _by_ward(DAY) for unit in units}
    told = Notice.objects.filter(kind=DIGEST, created_at__gt=clock.now() - DAY).values_list("person_id", flat=True)
    leads = {lead for unit in CareUnit.objects.filter(pk__in=units) for lead in leads_of(unit)}
    waiting = [lead for lead in leads if lead.pk not in set(told)]
    notices.tell(waiting, DIGEST)
    if not waiting:
        event().skip()
    event().note(people=len(waiting))
    return len(waiting)


def _by_ward(span: timedelta) -> list[tuple[Grant, list[int]]]:
    """The emergency accesses of a span up to now, each with the wards its person worked on when it began."""
    grants = Grant.objects.filter(kind=GrantKind.BREAK_GLASS, since__gt=clock.now() - span).order_by("since")
    return [(grant, _wards_at(grant)) for grant in grants]


def _wards_at(grant: Grant) -> list[int]:
    held = CareRelationship.objects.filter(Q(until__isnull=True) | Q(until__gt=grant.since), person=grant.person)
    return list(held.filter(since__lte=grant.since).values_list("care_unit", flat=True).distinct())
