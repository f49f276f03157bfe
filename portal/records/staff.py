"""Reads of who works on which ward, from when until when."""

from django.db.models import Count, Q, QuerySet

from portal.access import policy
from portal.access.permissions import Permission
from portal.core import clock
from portal.records.models import CareRelationship, CareUnit


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


def standing(row: CareRelationship) -> str:
    """Whether an assignment runs, is to come or has ended."""
    now = clock.now()
    if (row.until and row.until <= now) or not row.person.is_active:
        return "ended"
    return "to come" if row.since > now else "running"


_ORDER = ("running", "to come", "ended")
