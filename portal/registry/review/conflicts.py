"""Conflicts of interest: a reviewer says once and for good that a model is not theirs to judge."""

from dataclasses import dataclass
from datetime import datetime

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.registry import moving, reading, signing
from portal.registry.models import InterestConflict, ModelVersion

LIMIT = 1000


@dataclass(frozen=True)
class Declared:
    """Who declared an interest in a model, why and when."""

    name: str
    reason: str
    declared_at: datetime


@action(Permission.MODEL_REVIEW, verb="model.conflict-declared", on=ModelVersion)
def declare(*, by, on, reason) -> InterestConflict:
    """Declare an interest of one's own in the model of a version: this person signs for no version of it then."""
    version, text = moving.locked(on), reason.strip()
    if not 5 <= len(text) <= LIMIT:
        raise BadInput(
            {"interest": f"Say in 5 to {LIMIT} characters what your interest is; the other reviewers read it."}
        )
    # Also an approval that is void now: it would count again if the old bytes came back.
    given = signing.not_withdrawn(version)
    if any(one.signer_id == by.pk for one in given):
        raise Conflict("You have signed for this version: withdraw your approval first.", code="signed")
    if standing_in := next((one for one in given if one.behalf_of_id == by.pk), None):
        name = standing_in.printed_name
        raise Conflict(f"{name} has signed for you: let them withdraw that approval first.", code="signed")
    if InterestConflict.objects.filter(model=version.model, person=by).exists():
        raise Conflict("You have declared this already.", code="declared")
    event().note(model=version.model.slug)
    return InterestConflict.objects.create(model=version.model, person=by, reason=text)


def declared(version: ModelVersion) -> list[Declared]:
    """What reviewers declared about the model of a version."""
    rows = version.model.conflicts.select_related("person")
    return [Declared(row.person.label, row.reason, row.declared_at) for row in rows]


def concerns(version: ModelVersion, people) -> bool:
    """Whether any of these people declared an interest in the model of a version."""
    return not _declarers(version).isdisjoint(person.pk for person in people if person)


@reading.once
def _declarers(version: ModelVersion) -> frozenset[int]:
    return frozenset(version.model.conflicts.values_list("person_id", flat=True))
