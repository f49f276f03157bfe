"""The one place that decides: who may do what to which object, and the sentence that says why.

Upper apps register one rule per model and right: a filter over the model's rows. Lists use the filter as it is,
a decision asks whether the one object passes it, so both always agree.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model, Q, QuerySet, Value

from portal.access import actors, roles
from portal.access.permissions import Permission
from portal.core import prepared
from portal.core.arrays import among
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
    """Teach the policy which rows of a model a right reaches; `why` completes “You may, because …”.

    A rule depends on nothing but who acts (actors.key_of), the settings and clock.now: its SQL is kept.
    """
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
    rule = _RULES.get((on.__class__, permission))
    if rule and _passes(by, rule[0], on):
        return Decision(True, f"You may, because {rule[1]}.")
    return Decision(False, _object_refusal(on, rule), hidden=not sees(by, on))


def find(by, permission: Permission, rows: Callable[[], QuerySet], public_id: str) -> tuple[Model | None, Decision]:
    """The object of a public id among `rows` and the decision about it, in one query where the right reaches it."""
    model = rows().model
    rule = _RULES.get((model, permission))
    if rule is None or _role_refusal(by, permission):
        found = rows().filter(public_id=public_id).first()
        return found, decide(by, permission, found) if found else _nothing(model)
    key = ("find", model, rows, permission, *actors.key_of(by))
    found = prepared.first(key, lambda value: _marked(rows(), by, rule[0]).filter(public_id=value), public_id)
    if found is None:
        return None, _nothing(model)
    return found, Decision(True, f"You may, because {rule[1]}.") if found.reached else decide(by, permission, found)


def _marked(rows: QuerySet, by, rule: Rule) -> QuerySet:
    return rows.annotate(reached=rule(by) or Value(True))


def _nothing(model: type[Model]) -> Decision:
    return Decision(False, f"There is no such {model._meta.verbose_name}.", hidden=True)


def sees(by, on: Model) -> bool:
    """Whether an object's existence may show to this actor."""
    permission = _SEE.get(on.__class__)
    if permission is None or _role_refusal(by, permission):
        return False
    return _passes(by, _RULES[on.__class__, permission][0], on)


def visible_to(queryset: QuerySet, by, permission: Permission) -> QuerySet:
    """The rows of a queryset that a right reaches for this actor; none when the role lacks it."""
    rule = _RULES.get((queryset.model, permission))
    if rule is None or _role_refusal(by, permission):
        return queryset.none()
    return queryset.filter(rule[0](by))


def permitted(by, permission: Permission, objects: list[Model]) -> frozenset[int]:
    """The keys of those objects, all of one model, that a right reaches: a page's checks in one query."""
    if not objects:
        return frozenset()
    rows = type(objects[0])._default_manager.filter(among([on.pk for on in objects])).order_by()
    return frozenset(visible_to(rows, by, permission).values_list("pk", flat=True))


def count_capped(rows: QuerySet, most: int = 1000) -> tuple[int, bool]:
    """How many rows there are, counted no further than `most`, and whether there are more."""
    found = rows.order_by()[: most + 1].count()
    return min(found, most), found > most


def require(by, permission: Permission, on: Model | None = None) -> Decision:
    """Decide, and raise Denied with the same sentence when the answer is no."""
    return enforce(decide(by, permission, on))


def enforce(decision: Decision) -> Decision:
    """Raise Denied with the decision's own sentence when the answer is no."""
    if not decision.allowed:
        raise Denied(decision)
    return decision


def _passes(by, rule: Rule, on: Model) -> bool:
    reach = rule(by)
    # `request.user` is a lazy object: its class, not its type, is the model.
    return not reach or on.__class__._default_manager.filter(pk=on.pk).filter(reach).exists()


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
    return f"You can do this with this {on._meta.verbose_name} only if {rule[1]}."


def explained() -> dict[str, tuple[type[Model], list[Permission]]]:
    """Every kind of object that has a public id, by its name in the ledger, with the rights that reach it."""
    found: dict[str, tuple[type[Model], list[Permission]]] = {}
    for model, permission in _RULES:
        if any(field.name == "public_id" for field in model._meta.concrete_fields):
            found.setdefault(model._meta.model_name, (model, []))[1].append(permission)
    return found
