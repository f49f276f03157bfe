"""Reads of who works on which ward, from when until when."""

from django.db.models import Count, Q, QuerySet

from portal.access import grantable, policy
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.core import clock
from portal.records.models import LEAD, TREAT, CareRelationship, CareUnit, CareUnitUserPermission


def units(by) -> QuerySet[CareUnit]:
    """The wards that this person staffs, each with how many people work there now."""
    now = clock.now()
    running = Q(care_relationships__since__lte=now, care_relationships__person__is_active=True) & (
        Q(care_relationships__until=None) | Q(care_relationships__until__gt=now)
    )
    found = policy.visible_to(CareUnit.objects.all(), by, Permission.UNIT_ASSIGN)
    return found.annotate(staffed=Count("care_relationships", filter=running)).order_by("name", "pk")


def assignments(by, **of) -> list[CareRelationship]:
    """Assignments of a person or ward, those that count first: running, to come, ended."""
    rows = policy.visible_to(
        CareRelationship.objects.select_related("person", "care_unit", "covers"), by, Permission.UNIT_ASSIGN
    )
    return sorted(rows.filter(**of), key=lambda row: (_ORDER.index(standing(row)), -row.since.timestamp()))


def leads(unit: CareUnit) -> set[int]:
    """The people who decide about requests for a ward now, by their keys."""
    return set(CareUnitUserPermission.holders(LEAD, unit).values_list("user", flat=True))


def let_in(unit: CareUnit) -> list[Grant]:
    """Who reaches the ward because they asked and were let in, rather than by an assignment."""
    rows = Grant.objects.filter(grantable.live(), kind=GrantKind.REQUEST, codename=TREAT, object_id=unit.public_id)
    return list(rows.select_related("person", "given_by").order_by("until"))


def standing(row: CareRelationship) -> str:
    """Whether an assignment runs, is to come or has ended."""
    now = clock.now()
    if (row.until and row.until <= now) or not row.person.is_active:
        return "ended"
    return "to come" if row.since > now else "running"


_ORDER = ("running", "to come", "ended")
