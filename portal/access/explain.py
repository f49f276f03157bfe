"""Explain-access: by which grants somebody reaches an object, and what removing each would change.

It asks the policy itself with grants left out, so it cannot tell another story than the policy does.
"""

from dataclasses import dataclass, replace

from portal.access import grants, policy
from portal.access.action import action, event
from portal.access.models import Grant, without
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core.problems import BadInput


@dataclass(frozen=True)
class Way:
    """One grant that opens the object, and what would change without it."""

    grant: Grant
    word: str
    may: str
    still_allowed: bool
    lost: int


@dataclass(frozen=True)
class Explanation:
    """Whether, why, and by which ways."""

    person: User
    permission: Permission
    decision: policy.Decision
    ways: tuple[Way, ...]


def explain(person, permission: Permission, on) -> Explanation:
    """Whether a person may, by which grants, and what removing each would change. Call it inside actions."""
    decision = policy.decide(person, permission, on)
    if not decision.allowed:
        return Explanation(person, permission, decision, ())
    held = list(Grant.objects.filter(grants.live(), person=person).select_related("given_by").order_by("since"))
    open_it = [grant for grant in held if _alone(person, permission, on, grant, held)]
    ways = tuple(_way(person, permission, on, grant) for grant in open_it)
    return Explanation(person, permission, replace(decision, grants=tuple(open_it)), ways)


@action(Permission.ACCESS_EXPLAIN, verb="access.explained")
def look(*, by, on=None, username, permission, object_type, object_id) -> Explanation:
    """Explain one person's right to one object, named by its opaque id."""
    person = User.objects.filter(username=username).first()
    kind = grants.kinds().get(object_type)
    errors = {}
    if person is None:
        errors["person"] = f"There is no person “{username[:40]}”."
    if permission not in set(Permission):
        errors["permission"] = "Choose a right from the list."
    found = kind.model._default_manager.filter(public_id=object_id).first() if kind else None
    if found is None:
        errors["object"] = "Nothing has this id. Copy the id from the audit log or the grant."
    if errors:
        raise BadInput(errors)
    event().about(found)
    event().note(person=person.public_id, permission=str(permission))
    return explain(person, Permission(permission), found)


def _alone(person, permission, on, grant: Grant, held: list[Grant]) -> bool:
    with without(other for other in held if other.pk != grant.pk):
        opened = policy.decide(person, permission, on).allowed
    with without(held):
        return opened and not policy.decide(person, permission, on).allowed


def _way(person, permission, on, grant: Grant) -> Way:
    rows = type(on)._default_manager.all()
    before = policy.visible_to(rows, person, permission).count()
    with without([grant]):
        still = policy.decide(person, permission, on).allowed
        after = policy.visible_to(rows, person, permission).count()
    word = grants.kinds()[grant.object_type].word
    return Way(grant, word, grants.words_of(grant), still, before - after)
