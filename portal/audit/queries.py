"""Reads of the ledger for people: each event as one sentence."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Sum

from portal.audit.models import AuditEvent, Outcome, Seal
from portal.audit.purposes import TEST
from portal.audit.sentences import SENTENCES


@dataclass(frozen=True)
class EventView:
    """One event as an officer reads it."""

    position: int
    public_id: str
    at: datetime
    actor: str
    roles: str
    verb: str
    sentence: str
    outcome: str
    why: str
    object_type: str
    object_id: str
    patient: str
    purpose: str
    detail: dict
    actor_id: str = ""
    request: str = ""
    address: str = ""


def view_of(event: AuditEvent) -> EventView:
    """An event in words."""
    facts = json.loads(event.payload)
    tried = {"denied": "was denied: ", "failed": "tried and failed: "}.get(event.outcome, "")
    return EventView(
        position=event.id,
        public_id=event.leaf[:20],
        at=event.recorded_at,
        actor=event.actor,
        roles=event.roles,
        verb=event.verb,
        sentence=tried + SENTENCES.get(event.verb, event.verb),
        outcome=event.outcome,
        why=facts["why"],
        object_type=event.object_type,
        object_id=event.object_id,
        patient=event.patient,
        purpose=event.purpose,
        detail=facts["detail"],
        actor_id=event.actor_id,
        request=event.request,
        address=event.address,
    )


def checks(*, limit: int) -> list[EventView]:
    """The newest integrity checks."""
    rows = AuditEvent.objects.filter(verb="audit.verified").exclude(outcome="denied").order_by("-id")[:limit]
    return [view for view in map(view_of, rows) if "ok" in view.detail]


def totals() -> dict:
    """How many events there are, how many are sealed, and when the last seal was set."""
    sealed = Seal.objects.aggregate(events=Sum("events"), last=Max("sealed_at"))
    return {"events": AuditEvent.objects.count(), "sealed": sealed["events"] or 0, "last_seal": sealed["last"]}


def done_by(person, verbs) -> set[tuple[str, bool]]:
    """Which of the verbs this person has done so far, each with whether it was to practise."""
    rows = AuditEvent.objects.filter(actor=person.username, verb__in=verbs, outcome=Outcome.OK)
    return {(verb, purpose == TEST) for verb, purpose in rows.order_by().values_list("verb", "purpose").distinct()}
