"""Asking for access and deciding about it; a request never tells whether what it names exists."""

from datetime import timedelta

from portal.access import grantable, grants, notices, policy
from portal.access.action import action, event
from portal.access.grantable import Grantable
from portal.access.models import AccessRequest, Grant
from portal.access.permissions import Permission
from portal.access.states import GrantKind, RequestState
from portal.audit import purposes
from portal.core import clock, turns
from portal.core.problems import BadInput, Conflict

WORDS_AT_LEAST, WORDS_AT_MOST, MOST_WAITING = 10, 2000, 20
REMIND_AFTER = timedelta(days=3)
_ROWS = AccessRequest.objects.select_related("asked_by", "decided_by", "grant")
_MISSING = {
    "name": "Write the name of the {word} as you know it.",
    "mrn": "Write the record number.",
    "birth_date": "Write the birth date; both must fit.",
}


@action(Permission.ACCESS_ASK, verb="access-request.made")
def ask(*, by, on=None, what, named, purpose, words, until) -> AccessRequest:
    """Ask for access to a ward, study or patient until a moment; answers alike whether or not there is such a one."""
    kind = _kind(by, what)
    _check(kind, named, purpose, words.strip(), until)
    if AccessRequest.objects.filter(asked_by=by, state=RequestState.PENDING).count() >= MOST_WAITING:
        raise Conflict(f"{MOST_WAITING} of your requests wait for a decision. Withdraw one, or wait.")
    found = kind.find(named)
    if found is None and kind.listed:
        raise BadInput({"name": f"There is no {kind.word} of this name. Choose one of the list."})
    if found is not None and policy.decide(by, kind.permission, found).allowed:
        raise Conflict(f"You may {kind.may} already.")
    return _file(by, kind, found, named=named, purpose=purpose, words=words.strip(), until=until)


@action(Permission.ACCESS_ASK, verb="access-request.renewed", on=Grant)
def renew(*, by, on, words="") -> AccessRequest:
    """Ask for as long again, from the day on which a granted access ends; one action."""
    if not on.live or on.until is None:
        raise Conflict("This access is not in force any more. Make a new request.")
    if AccessRequest.objects.filter(asked_by=by, state=RequestState.PENDING, object_id=on.object_id).exists():
        raise Conflict("A request for this waits for its decision already.")
    kind, found = grantable.kind_of(on), grantable.object_of(on)
    length = min(on.until - on.since, timedelta(days=kind.most_days))
    before = AccessRequest.objects.filter(grant=on).first()
    return _file(
        by, kind, found, named=before.named if before else {}, purpose=on.purpose,
        words=words.strip() or f"Renewal: {before.words if before else on.words}"[:WORDS_AT_MOST], until=on.until + length,
    )  # fmt: skip


@action(Permission.ACCESS_ASK, verb="access-request.withdrawn", on=AccessRequest)
def withdraw(*, by, on) -> None:
    """Take a request back."""
    _pending(on)
    on.state, on.decided_at = RequestState.WITHDRAWN, clock.now()
    on.save(update_fields=("state", "decided_at"))


@action(Permission.ACCESS_DECIDE, verb="access-request.decided", on=AccessRequest, rows=_ROWS.all)
def decide(*, by, on, granted, words, until=None) -> AccessRequest:
    """Grant a request until at most the day that was asked for, or refuse it; the asker reads the reason."""
    _pending(on)
    if not WORDS_AT_LEAST <= len(words.strip()) <= WORDS_AT_MOST:
        raise BadInput(
            {"words": f"Give a reason of {WORDS_AT_LEAST} to {WORDS_AT_MOST} characters; the asker reads it."}
        )
    if granted:
        on.grant = _give(by, on, until or on.until, words.strip())
    on.state = RequestState.GRANTED if granted else RequestState.REFUSED
    on.decided_at, on.decided_by, on.answer = clock.now(), by, words.strip()
    on.save()
    notices.tell([on.asked_by], f"request-{on.state}", on.public_id)
    event().note(person=on.asked_by.public_id, granted=bool(granted), grant=on.grant.public_id if on.grant else "")
    event().draft.patient = on.object_id if on.object_type == "patient" else ""
    return on


@action(Permission.ACCESS_DECIDE, verb="access-request.listed")
def read_inbox(*, by, on=None) -> list[AccessRequest]:
    """The requests that wait for this person, oldest first."""
    rows = policy.visible_to(_ROWS.all(), by, Permission.ACCESS_DECIDE)
    found = list(rows.filter(state=RequestState.PENDING).order_by("asked_at")[:100])
    event().note(shown=len(found))
    event().each_patient_id(row.object_id for row in found if row.object_type == "patient")
    return found


@action(Permission.ACCESS_DECIDE, verb="access-request.counted")
def waiting_for(*, by, on=None) -> int:
    """How many requests wait for this person's decision; a number that names nobody: no event."""
    event().skip()
    rows = policy.visible_to(AccessRequest.objects.order_by(), by, Permission.ACCESS_DECIDE)
    return rows.filter(state=RequestState.PENDING)[:100].count()


@action(Permission.GRANT_SEE, verb="access-request.followed")
def list_requests(*, by, on=None, limit=50, before=None, asked_by=None, state="") -> list[AccessRequest]:
    """What a person asked for and what they decide about, newest first; narrowed to one asker or one state."""
    rows = policy.visible_to(_ROWS.all(), by, Permission.GRANT_SEE)
    rows = rows.filter(asked_by=asked_by) if asked_by else rows
    rows = rows.filter(state=state) if state else rows
    found = list((rows.filter(id__lt=before) if before else rows).order_by("-id")[:limit])
    event().note(shown=len(found))
    return found


@action(Permission.GRANT_SEE, verb="access-request.opened", on=AccessRequest, rows=_ROWS.all)
def open_request(*, by, on) -> AccessRequest:
    """One request."""
    return on


def _file(by, kind: Grantable, found, **facts) -> AccessRequest:
    owner = kind.owner(found) if found is not None else None
    request = AccessRequest.objects.create(
        asked_by=by, object_type=kind.model._meta.model_name, object_id=found.public_id if found else "",
        owner_type=owner._meta.model_name if owner else "", owner_id=owner.public_id if owner else "", **facts,
    )  # fmt: skip
    notices.tell(grantable.deciders(request), "request-made", request.public_id)
    event().about(request)
    event().note(what=kind.word, purpose=request.purpose, until=request.until.isoformat())
    return request


def _kind(by, what: str) -> Grantable:
    found = {kind.word: kind for kind in grantable.open_to(by)}
    if what not in found:
        raise BadInput(
            {"what": f"Choose what you ask for: {', '.join(sorted(found)) or 'nothing is open to your role'}."}
        )
    return found[what]


def _check(kind: Grantable, named: dict, purpose: str, words: str, until) -> None:
    errors = {
        name: _MISSING[name].format(word=kind.word) for name in kind.named if not str(named.get(name, "")).strip()
    }
    if purpose not in kind.purposes:
        errors["purpose"] = f"Choose a purpose: {', '.join(purposes.WORDS[code] for code in kind.purposes)}."
    if not WORDS_AT_LEAST <= len(words) <= WORDS_AT_MOST:
        errors["words"] = f"Say why in {WORDS_AT_LEAST} to {WORDS_AT_MOST} characters; the person who decides reads it."
    latest = clock.now() + timedelta(days=kind.most_days + 1)
    if until is None or not clock.now() < until <= latest:
        errors["until"] = f"Give a last day from today to {kind.most_days} days from now."
    if errors:
        raise BadInput(errors)


def _give(by, request: AccessRequest, until, words: str) -> Grant:
    kind, person = grantable.kind_of(request), request.asked_by
    if not person.is_active or kind.asks not in person.role_names:
        raise Conflict("The person who asked no longer has the role for this. Refuse the request.")
    if not clock.now() < until <= request.until:
        raise BadInput({"until": "The last day is from today to the day that was asked for."})
    on = grantable.object_of(request)
    owner = kind.owner(on)
    if owner is None or owner.public_id != request.owner_id:
        raise Conflict("The patient is on another ward now; that ward decides. Refuse this request.")
    earlier = Grant.objects.filter(
        grantable.live(), person=person, kind=GrantKind.REQUEST, codename=kind.codename, object_id=on.public_id
    )
    for grant in earlier:
        grants.end_one(grant, by=by)
    return grants.give(
        kind.codename,
        to=person,
        on=on,
        by=by,
        kind=GrantKind.REQUEST,
        purpose=request.purpose,
        until=until,
        words=words,
    )


def _pending(request: AccessRequest) -> None:
    turns.take(request)
    if request.state != RequestState.PENDING:
        raise Conflict(f"This request is {request.get_state_display()} already.")
