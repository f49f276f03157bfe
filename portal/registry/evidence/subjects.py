"""Notices about a version's cases: which version, as far as it may be seen."""

from portal.access import policy, subjects
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.registry.models import ModelVersion


def _versions(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(ModelVersion.objects.select_related("model"), by, Permission.MODEL_SEE)
    return {row.public_id: Subject("evidence", row.public_id, str(row)) for row in rows.filter(public_id__in=ids)}


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(("cases-failed", "cases-not-run"), _versions)
