"""Reads of studies."""

from django.db.models import QuerySet

from portal.access import policy
from portal.access.permissions import Permission
from portal.studies.models import LEAD, MEMBER, Study, StudyUserPermission


def of_member(by) -> QuerySet[Study]:
    """The studies that this person works in."""
    return policy.visible_to(Study.objects.order_by("slug"), by, Permission.MODEL_SEE)


def managed(by) -> QuerySet[Study]:
    """The studies that this person sets up."""
    return policy.visible_to(Study.objects.order_by("title"), by, Permission.STUDY_MANAGE)


def memberships(**of) -> QuerySet[StudyUserPermission]:
    """Memberships of a person or study, ended ones included."""
    rows = StudyUserPermission.objects.filter(permission__codename=MEMBER, **of)
    return rows.select_related("user", "content_object").order_by("user__username")


def leads(study: Study) -> set[int]:
    """The people who decide about requests for a study now, by their keys."""
    return set(StudyUserPermission.holders(LEAD, study).values_list("user", flat=True))
