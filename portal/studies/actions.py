"""Verbs on studies."""

from portal.access import grants
from portal.access.action import action, event
from portal.access.models import GrantKind, Purpose
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.studies.models import MEMBER, OWN, Study


@action(Permission.STUDY_MANAGE, verb="study.opened")
def open_study(*, by, on=None, slug, title) -> Study:
    """Set up a study."""
    if Study.objects.filter(slug=slug).exists():
        raise BadInput({"slug": f"There is a study “{slug}” already; choose another short name."})
    study = Study.objects.create(slug=slug, title=title)
    event().about(study)
    return study


@action(Permission.STUDY_MANAGE, verb="study.member-added", on=Study)
def add_member(*, by, on, person, until=None, since=None, owner=False) -> None:
    """Let a person work in a study, from a moment until a moment or for good; an owner decides about requests."""
    facts = {"to": person, "on": on, "by": by, "kind": GrantKind.MEMBERSHIP, "purpose": Purpose.HRESCH}
    grants.replace(MEMBER, since=since, until=until, **facts)
    for earlier in grants.held(person, on, OWN):
        grants.end(earlier, by=by)
    if owner:
        grants.give(OWN, since=since, until=until, **facts)
    event().note(person=person.public_id, until=str(until or ""))


@action(Permission.STUDY_MANAGE, verb="study.member-removed", on=Study)
def remove_member(*, by, on, person) -> None:
    """End a person's membership now, by whatever road it came."""
    for right in (MEMBER, OWN):
        for held in grants.held(person, on, right):
            grants.end(held, by=by)
        grants.forget_unexplained(person, on, right)
    event().note(person=person.public_id)
