"""Verbs on studies."""

from portal.access import grants
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.core.problems import BadInput
from portal.studies.models import LEAD, MEMBER, Study


@action(Permission.STUDY_MANAGE, verb="study.opened")
def open_study(*, by, on=None, slug, title) -> Study:
    """Set up a study."""
    if Study.objects.filter(slug=slug).exists():
        raise BadInput({"slug": f"There is a study “{slug}” already; choose another short name."})
    study = Study.objects.create(slug=slug, title=title)
    event().about(study)
    return study


@action(Permission.STUDY_MANAGE, verb="study.member-added", on=Study)
def add_member(*, by, on, person, until=None, leads=False) -> None:
    """Let a person work in a study, until a moment or for good; who `leads` decides about requests."""
    if not person.is_active:
        raise BadInput({"person": f"{person.label} has left; only people with an open account work in a study."})
    grants.give(MEMBER, to=person, on=on, until=until, kind=GrantKind.MEMBERSHIP, by=by)
    if leads:
        grants.give(LEAD, to=person, on=on, until=until, kind=GrantKind.MEMBERSHIP, by=by)
        event().note(leads=True)
    event().note(person=person.public_id, until=str(until or ""))


@action(Permission.STUDY_MANAGE, verb="study.member-removed", on=Study)
def remove_member(*, by, on, person) -> None:
    """End a person's membership now."""
    for codename in (MEMBER, LEAD):
        grants.end(codename, of=person, on=on, by=by)
    event().note(person=person.public_id)
