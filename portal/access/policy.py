"""The one place that decides: who may do what to which object, and the sentence that says why.

Upper apps register one rule per model and right: a filter over the model's rows. Lists use the filter as it is,
a decision asks whether the one object passes it, so both always agree.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model, Q, QuerySet

from portal.access import actors, roles
from portal.access.permissions import Permission
from portal.core.problems import Problem

Rule = Callable[[object], Q]
_RULES: dict[tuple[type[Model], Permission], tuple[Rule, str]] = {}
_SEE: dict[type[Model], Permission] = {}
_SCOPE_ALL = "*"


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed, and why, in words a nurse can read; `hidden` when not even existence shows."""

    allowed: bool
    why: str
    hidden: bool = False
    grants: tuple = ()


class Denied(Problem):
    """The policy said no."""

    code, status = "denied", 403

    def __init__(self, decision: Decision):
        super().__init__(decision.why)
        self.hidden = decision.hidden
        self.status = 404 if decision.hidden else 403


def register(model: type[Model], permission: Permission, rule: Rule, why: str, *, see: bool = False) -> None:
    """Teach the policy which rows of a model a right reaches; `why` completes “You may, because …”."""
    _RULES[model, permission] = (rule, why)
    if see:
        _SEE[model] = permission


def decide(by, permission: Permission, on: Model | None = None) -> Decision:
    """May this actor do this to this object? Unknown rights, roles and objects are denied."""
    refusal = _role_refusal(by, permission)
    if refusal:
        return Decision(False, refusal, hidden=on is not None and not sees(by, on))
    if on is None:
        return Decision(True, f"Your role holds the right {permission}.")
    rule = _RULES.get((type(on), permission))
    if rule and _passes(by, rule[0], on):
        return Decision(True, f"You may, because {rule[1]}.")
    return Decision(False, _object_refusal(on, rule), hidden=not sees(by, on))


def sees(by, on: Model) -> bool:
    """Whether an object's existence may show to this actor."""
    permission = _SEE.get(type(on))
    if permission is None or _role_refusal(by, permission):
        return False
    return _passes(by, _RULES[type(on), permission][0], on)


def visible_to(queryset: QuerySet, by, permission: Permission) -> QuerySet:
    """The rows of a queryset that a right reaches for this actor; none when the role lacks it."""
    rule = _RULES.get((queryset.model, permission))
    if rule is None or _role_refusal(by, permission):
        return queryset.none()
    return queryset.filter(rule[0](by))


def require(by, permission: Permission, on: Model | None = None) -> Decision:
    """Decide, and raise Denied with the same sentence when the answer is no."""
    decision = decide(by, permission, on)
    if not decision.allowed:
        raise Denied(decision)
    return decision


def _passes(by, rule: Rule, on: Model) -> bool:
    return type(on)._default_manager.filter(pk=on.pk).filter(rule(by)).exists()


def _role_refusal(by, permission: Permission) -> str:
    if by is None or not by.is_authenticated or not by.is_active:
        return "Sign in first: this needs an active account."
    if permission not in actors.rights_of(by):
        return f"This needs the role {' or '.join(roles.holding(permission)) or 'of nobody'}; {_held(by)}."
    scopes = actors.scopes_of(by)
    if scopes is not None and _SCOPE_ALL not in scopes and permission not in scopes:
        return f"The token lacks the scope {permission}."
    return ""


def _held(by) -> str:
    titles = sorted(roles.ROLES[name].title for name in by.role_names if name in roles.ROLES)
    return f"you hold {', '.join(titles)}" if titles else "you hold no role"


def _object_refusal(on: Model, rule: tuple[Rule, str] | None) -> str:
    if rule is None:
        return f"You have no right to this {on._meta.verbose_name}."
    return f"This {on._meta.verbose_name} is open to you for that only if {rule[1]}."
