"""The door: every verb asks the policy, unlocks, runs and writes its audit row in one transaction.

    @action(Permission.MODEL_STOP, verb="model.suspended", on=ModelVersion)
    def suspend(*, by, on, reason): ...

`on` may be the object or its public id. A refusal or failure is written after the outer work is rolled back.
"""

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps

from django.db import transaction
from django.db.models import Model

from portal.access import glass, policy
from portal.access.permissions import Permission
from portal.audit import log
from portal.core import guard
from portal.core.ids import PATTERN
from portal.core.problems import Problem


@dataclass(frozen=True)
class Action:
    """One verb of the portal, as the guard tests and the reference list it."""

    permission: Permission
    verb: str
    model: type[Model] | None
    function: Callable
    rows: Callable | None = None
    optional: bool = False


@dataclass
class Event:
    """The event being written; the verb's body may add facts about it (never health data)."""

    draft: log.Draft
    more: list[log.Draft] = field(default_factory=list)
    silent: bool = False

    def note(self, **facts) -> None:
        """Add ids, counts or codes to the event."""
        self.draft.detail.update(facts)

    def about(self, on: Model) -> None:
        """Name the object, when the verb made it."""
        _name_object(self.draft, on)

    def each_patient(self, patients) -> None:
        """One event for each patient shown: the first takes this event, the rest are written beside it."""
        self.each_patient_id(patient.public_id for patient in patients)

    def each_patient_id(self, public_ids) -> None:
        """The same for patients of whom only the opaque id is known here."""
        ids = list(dict.fromkeys(filter(None, public_ids)))
        if not ids:
            return
        self.draft.patient = ids[0]
        self.more += [_copy(self.draft, patient) for patient in ids[1:]]

    def also(self, verb: str, on: Model, **facts) -> None:
        """Write a second event about another object that the verb changed."""
        draft = log.Draft(verb=verb, actor=self.draft.actor, actor_id=self.draft.actor_id, roles=self.draft.roles)
        draft.detail = facts
        _name_object(draft, on)
        self.more.append(draft)

    def skip(self) -> None:
        """Write nothing: the verb turned out to have nothing to do."""
        self.silent = True


ACTIONS: dict[str, Action] = {}
_event: ContextVar[Event | None] = ContextVar("event", default=None)
_written: ContextVar[list[log.Draft] | None] = ContextVar("written", default=None)
_refusals: ContextVar[list[log.Draft] | None] = ContextVar("refusals", default=None)


def action(
    permission: Permission,
    *,
    verb: str,
    on: type[Model] | None = None,
    rows: Callable | None = None,
    optional: bool = False,
):
    """Turn a function `(*, by, on, **inputs)` into a verb behind the door.

    `rows` gives the queryset that `on` comes from; with `optional` the verb may be about no object at all.
    """

    def wrap(function):
        ACTIONS[verb] = Action(permission, verb, on, function, rows, optional)

        @wraps(function)
        def call(*, by, on=None, **inputs):
            return _outermost(lambda: _run(ACTIONS[verb], by, on, inputs))

        return call

    return wrap


def event() -> Event:
    """The event of the verb that is running."""
    return _event.get()


def record(verb: str, *, by, outcome: str = "ok", detail: dict | None = None, about: dict | None = None) -> None:
    """Write an event that no object's verb covers: sign-ins and the like; `about` holds members of the event."""
    draft = replace(_draft(verb, by), outcome=outcome, detail=detail or {}, **about or {})
    _append([draft])


def _outermost(work):
    if _refusals.get() is not None:
        return work()
    pending: list[log.Draft] = []
    token = _refusals.set(pending)
    try:
        return work()
    finally:
        _refusals.reset(token)
        _append(pending)


def _run(verb: Action, by, on, inputs):
    draft = _draft(verb.verb, by)
    try:
        with transaction.atomic(), guard.unlocked(), _one_append():
            return _perform(verb, by, on, inputs, draft)
    except policy.Denied as refusal:
        _remember(draft, "denied", refusal)
        raise
    except Problem as problem:
        _remember(draft, "failed", problem)
        raise
    except Exception:
        # What a library says may repeat what it was given: only that it failed is written.
        _remember(draft, "failed", Problem("", code="error"))
        raise


@contextmanager
def _one_append():
    """Events of verbs inside a verb are written with the outer one's, in the order in which they ended."""
    outer, mine = _written.get(), []
    token = _written.set(mine)
    try:
        yield
    finally:
        _written.reset(token)
    if outer is None:
        log.write(mine)
    else:
        outer.extend(mine)


def _perform(verb: Action, by, on, inputs, draft: log.Draft):
    target, decision = _find(verb, by, on, draft)
    if target is not None:
        _name_object(draft, target)
    policy.enforce(decision)
    current = Event(draft)
    token = _event.set(current)
    try:
        result = verb.function(by=by, on=target, **inputs)
    finally:
        _event.reset(token)
    draft.purpose = draft.purpose or glass.purpose_of(by, draft.patient)
    if not current.silent:
        _written.get().extend((current.draft, *current.more))
    return result


def _find(verb: Action, by, on, draft: log.Draft) -> tuple[Model | None, policy.Decision]:
    if isinstance(on, Model) or (on is None and (verb.model is None or verb.optional)):
        return on, policy.decide(by, verb.permission, on)
    draft.object_type = verb.model._meta.model_name
    if not PATTERN.match(str(on)):
        return None, policy.Decision(False, f"There is no such {verb.model._meta.verbose_name}.", hidden=True)
    draft.object_id = str(on)
    return policy.find(by, verb.permission, verb.rows or verb.model._default_manager.all, str(on))


def _draft(verb: str, by) -> log.Draft:
    if by is None:
        return log.Draft(verb=verb, actor="nobody")
    names = ",".join(sorted(by.role_names)) if by.is_authenticated else ""
    return log.Draft(verb=verb, actor=by.username, actor_id=by.public_id or "", roles=names)


def _name_object(draft: log.Draft, on: Model) -> None:
    draft.object_type, draft.object_id = on._meta.model_name, getattr(on, "public_id", str(on.pk))
    draft.patient = getattr(on, "audit_patient", "") or draft.patient
    draft.study = getattr(on, "audit_study", "") or draft.study
    draft.purpose = getattr(on, "audit_purpose", "") or draft.purpose


def _copy(draft: log.Draft, patient: str) -> log.Draft:
    return log.Draft(**{**vars(draft), "patient": patient})


def _remember(draft: log.Draft, outcome: str, problem: Problem) -> None:
    draft.outcome, draft.why = outcome, problem.code
    if outcome == "denied":
        draft.why = problem.sentence
    _refusals.get().append(draft)
    problem.recorded = True


def _append(drafts: list[log.Draft]) -> None:
    if drafts:
        with transaction.atomic(), guard.unlocked():
            log.write(drafts)
