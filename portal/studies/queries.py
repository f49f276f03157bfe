"""Reads of studies."""

from django.db.models import QuerySet

from portal.access import policy
from portal.access.permissions import Permission
from portal.studies.models import Study


def of_member(by) -> QuerySet[Study]:
    """The studies that this person works in."""
    return policy.visible_to(Study.objects.order_by("slug"), by, Permission.MODEL_SEE)
