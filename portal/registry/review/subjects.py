"""Notices about versions under review: which one, as far as the policy opens it at this moment."""

from portal.access import subjects
from portal.access.subjects import Subject
from portal.registry import queries

SAID, OWNED = ("review-comment",), ("owner-asked", "owner-answered", "owner-missing", "model-expiring")


def _owned(by, ids: list[str]) -> dict[str, Subject]:
    return {key: Subject("version", key, found.words) for key, found in _versions(by, ids).items()}


def _versions(by, ids: list[str]) -> dict[str, Subject]:
    rows = queries.versions_seen(by).filter(public_id__in=ids)
    return {row.public_id: Subject("review", row.public_id, str(row)) for row in rows}


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(SAID, _versions)
    subjects.register(OWNED, _owned)
