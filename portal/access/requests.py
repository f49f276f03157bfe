"""Asking for access, deciding about it, and ending it; a request never tells whether what it names exists."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from portal.access import grants, notices, policy
from portal.access.action import action, event
from portal.access.models import AccessRequest, Grant, GrantKind, RequestState
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import BadInput, Conflict

LEAST_REASON, MOST_WAITING, REMIND = 10, 20, timedelta(days=3)
_READS = ("patient.", "prediction.")


@dataclass(frozen=True)
class GrantView:
    """One grant as its person, its giver and the API see it."""

    position: int
    public_id: str
    kind: str
    kind_label: str
    purpose: str
    purpose_label: str
    person: User
    word: str
    name: str
    may: str
    object_type: str
    object_id: str
    since: datetime
    until: datetime | None
    given_by: str
    reason: str
    state: str
    ended_at: datetime | None


@action(Permission.GRANT_SEE, verb="grants.listed")
def list_grants(*, by, on=None, limit=100, before=None, of=None, given=False) -> list[GrantView]:
    """The grants that one holds or gave, newest first; `of` is a person, `given` turns to those given to others."""
    rows = policy.visible_to(Grant.objects.select_related("person", "given_by"), by, Permission.GRANT_SEE)
    if of is not None:
        rows = rows.filter(given_by=of).exclude(person=of) if given else rows.filter(person=of)
    rows = rows.filter(id__lt=before) if before else rows
    found = list(rows.order_by("-id")[:limit])
    names = grants.names_of(found)
    event().note(shown=len(found))
    return [_view(grant, by, names) for grant in found]


@action(Permission.GRANT_SEE, verb="grant.opened", on=Grant)
def open_grant(*, by, on) -> GrantView:
    """One grant."""
    return _view(on, by, grants.names_of([on]))


def _view(grant: Grant, by, names: dict[str, str]) -> GrantView:
    # The reason may name a patient: those who gave or hold the grant read it, and officers.
    known = by.pk in (grant.person_id, grant.given_by_id) or "auditor" in by.role_names
    kind = grants.kinds()[grant.object_type]
    return GrantView(
        position=grant.pk, public_id=grant.public_id, kind=grant.kind, kind_label=grant.get_kind_display(),
        purpose=grant.purpose, purpose_label=grant.get_purpose_display(), person=grant.person, word=kind.word,
        name=names.get(grant.object_id, ""), may=grants.words_of(grant), object_type=grant.object_type,
        object_id=grant.object_id, since=grant.since, until=grant.until,
        given_by=grant.given_by.label if grant.given_by else "the portal", reason=grant.reason if known else "",
        state=grant.state, ended_at=grant.ended_at,
    )  # fmt: skip


@action(Permission.GRANT_END, verb="grant.ended", on=Grant)
def end_grant(*, by, on) -> int:
    """End a grant now; returns how often its person has looked at what it opened, which nothing takes back."""
    if on.ended_at is not None:
        raise Conflict("This access has ended already.")
    seen = views_under(on)
    grants.end(on, by=by)
    if on.kind == GrantKind.SHARE and on.person_id != by.pk:
        notices.tell([on.person], "share-ended", on.public_id)
    event().note(person=on.person.public_id, kind=on.kind, seen=seen)
    return seen


def views_under(grant: Grant) -> int:
    """How many times a person has looked at the patient since a grant began; the ledger knows."""
    if grant.object_type != "patient":
        return 0
    looked = Q(verb__startswith=_READS[0]) | Q(verb__startswith=_READS[1])
    return AuditEvent.objects.filter(
        looked, patient=grant.object_id, actor_id=grant.person.public_id, outcome="ok", recorded_at__gte=grant.since
    ).count()


@action(Permission.ACCESS_ASK, verb="access.asked")
def ask(*, by, on=None, what, named, purpose, reason, until) -> AccessRequest:
    """Ask for access to a ward, study or patient until a moment; answers alike whether or not there is such a one."""
    kind = _kind(by, what)
    _check(kind, named, purpose, reason, until)
    if AccessRequest.objects.filter(asked_by=by, state=RequestState.PENDING).count() >= MOST_WAITING:
        raise Conflict(f"{MOST_WAITING} of your requests wait for a decision. Withdraw one, or wait.")
    found = kind.find(named)
    if found is not None and policy.sees(by, found):
        raise Conflict(f"You can see this {kind.word} already.")
    return _file(by, kind, found, named=named, purpose=purpose, reason=reason, until=until)


@action(Permission.ACCESS_ASK, verb="access.renewal-asked", on=Grant)
def ask_again(*, by, on, reason="") -> AccessRequest:
    """Ask for as long again, from the day on which a granted access ends; one action."""
    if not on.live or on.until is None:
        raise Conflict("This access is not in force any more. Make a new request.")
    if AccessRequest.objects.filter(asked_by=by, state=RequestState.PENDING, object_id=on.object_id).exists():
        raise Conflict("A request for this waits for its decision already.")
    kind, found = grants.kinds()[on.object_type], grants.object_of(on)
    length = min(on.until - on.since, timedelta(days=kind.most_days))
    before = AccessRequest.objects.filter(grant=on).first()
    return _file(
        by, kind, found, named=before.named if before else {}, purpose=on.purpose,
        reason=reason.strip() or f"Renewal: {on.reason}"[:2000], until=on.until + length,
    )  # fmt: skip


@action(Permission.ACCESS_ASK, verb="access.withdrawn", on=AccessRequest)
def withdraw(*, by, on) -> None:
    """Take a request back."""
    _pending(on)
    on.state, on.decided_at = RequestState.WITHDRAWN, clock.now()
    on.save(update_fields=("state", "decided_at"))


@action(Permission.ACCESS_DECIDE, verb="access.decided", on=AccessRequest)
def decide(*, by, on, granted, reason, until=None) -> AccessRequest:
    """Grant a request until at most the day that was asked for, or refuse it; the asker reads the reason."""
    _pending(on)
    if len(reason.strip()) < LEAST_REASON:
        raise BadInput(
            {"reason": f"Give a reason of at least {LEAST_REASON} characters; the person who asked reads it."}
        )
    if granted:
        on.grant = _give(by, on, until or on.until, reason)
    on.state = RequestState.GRANTED if granted else RequestState.REFUSED
    on.decided_at, on.decided_by, on.answer = clock.now(), by, reason.strip()[:2000]
    on.save()
    notices.tell([on.asked_by], f"request-{on.state}", on.public_id)
    event().note(person=on.asked_by.public_id, granted=bool(granted), grant=on.grant.public_id if on.grant else "")
    return on


@action(Permission.ACCESS_DECIDE, verb="access.inbox-read")
def read_inbox(*, by, on=None) -> list[AccessRequest]:
    """The requests that wait for this person, oldest first, each with what it names."""
    rows = policy.visible_to(AccessRequest.objects.select_related("asked_by"), by, Permission.ACCESS_DECIDE)
    found = list(rows.filter(state=RequestState.PENDING).order_by("asked_at")[:100])
    event().note(shown=len(found))
    event().each_patient(_Named(row.object_id) for row in found if row.object_type == "patient")
    return found


@dataclass(frozen=True)
class _Named:
    """A patient of whom nothing is known here but the opaque id."""

    public_id: str


@action(Permission.GRANT_SEE, verb="access.listed")
def list_requests(*, by, on=None, limit=50, before=None, of=None) -> list[AccessRequest]:
    """What a person asked for and what they decide about, newest first; `of` keeps those one person made."""
    rows = policy.visible_to(AccessRequest.objects.select_related("asked_by", "decided_by"), by, Permission.GRANT_SEE)
    rows = rows.filter(asked_by=of) if of is not None else rows
    found = list((rows.filter(id__lt=before) if before else rows).order_by("-id")[:limit])
    event().note(shown=len(found))
    return found


@action(Permission.GRANT_SEE, verb="access.opened", on=AccessRequest)
def open_request(*, by, on) -> AccessRequest:
    """One request."""
    return on


def _file(by, kind, found, **facts) -> AccessRequest:
    owner = kind.owner(found) if found is not None else None
    request = AccessRequest.objects.create(
        asked_by=by, object_type=kind.model._meta.model_name, object_id=found.public_id if found else "",
        owner_type=owner._meta.model_name if owner else "", owner_id=owner.public_id if owner else "", **facts,
    )  # fmt: skip
    notices.tell(grants.deciders(request), "request-made", request.public_id)
    event().about(request)
    event().note(what=kind.word, purpose=request.purpose, until=request.until.isoformat())
    return request


def _kind(by, what: str) -> grants.Grantable:
    found = {kind.word: kind for kind in grants.kinds().values() if by.role_names & set(kind.asks)}
    if what not in found:
        raise BadInput(
            {"what": f"Choose what you ask for: {', '.join(sorted(found)) or 'nothing is open to your role'}."}
        )
    return found[what]


def _check(kind: grants.Grantable, named: dict, purpose: str, reason: str, until) -> None:
    errors = {}
    needed = ("mrn", "birth_date") if kind.word == "patient" else ("name",)
    for name in needed:
        if not str(named.get(name, "")).strip():
            errors[name] = _MISSING[name].format(word=kind.word)
    if purpose not in kind.purposes:
        errors["purpose"] = f"Choose a purpose: {', '.join(kind.purposes)}."
    if len(reason.strip()) < LEAST_REASON:
        errors["reason"] = f"Say why in at least {LEAST_REASON} characters; the person who decides reads it."
    latest = clock.now() + timedelta(days=kind.most_days + 1)
    if until is None or not clock.now() < until <= latest:
        errors["until"] = f"Give a last day from today to {kind.most_days} days from now."
    if errors:
        raise BadInput(errors)


_MISSING = {
    "name": "Write the name of the {word} as you know it.",
    "mrn": "Write the record number.",
    "birth_date": "Write the birth date; two identifiers must fit.",
}


def _give(by, request: AccessRequest, until, reason: str) -> Grant:
    kind, person = grants.kinds()[request.object_type], request.asked_by
    if not person.is_active or not person.role_names & set(kind.asks):
        raise Conflict("The person who asked no longer has the role for this. Refuse the request.")
    if not clock.now() < until <= request.until:
        raise BadInput({"until": "The last day is from today to the day that was asked for."})
    on = grants.object_of(request)
    owner = kind.owner(on)
    if owner is None or owner.public_id != request.owner_id:
        raise Conflict("The patient is on another ward now; that ward decides. Refuse this request.")
    return grants.replace(
        kind.right, to=person, on=on, by=by, kind=GrantKind.REQUEST, purpose=request.purpose, until=until, reason=reason
    )


def _pending(request: AccessRequest) -> None:
    if request.state != RequestState.PENDING:
        raise Conflict(f"This request is {request.state} already.")
