"""The only writer of the ledger: turns drafts into rows with their keyed leaf hashes."""

import json
from dataclasses import dataclass, field

from portal.audit import context, positions, purposes, threads
from portal.audit.keyed import keyed
from portal.audit.models import AuditEvent
from portal.core import clock

COLUMNS = (
    "epoch", "recorded_at", "verb", "outcome", "actor", "actor_id", "roles", "object_type", "object_id",
    "patient", "study", "purpose", "request", "session", "address",
)  # fmt: skip


@dataclass
class Draft:
    """An event before it has its place; `detail` must hold no health data, only ids, counts and codes."""

    verb: str
    outcome: str = "ok"
    actor: str = "system"
    actor_id: str = ""
    roles: str = ""
    object_type: str = ""
    object_id: str = ""
    patient: str = ""
    study: str = ""
    purpose: str = ""
    detail: dict = field(default_factory=dict)
    why: str = ""


def write(drafts: list[Draft]) -> None:
    """Append events in the current transaction; shares no row with other writers on PostgreSQL."""
    if not drafts:
        return
    places, epoch = positions.take(len(drafts))
    naming, rows = threads.named(), []
    after = ",".join(sorted(naming))
    for draft, place in zip(drafts, places, strict=True):
        rows.append(_row(draft, place, epoch or place, after))
        after = threads.mark_of(place, rows[-1]["leaf"])
    positions.append(AuditEvent._meta.db_table, rows)
    threads.wrote(after, naming)


def leaf_of(position: int, payload: str) -> str:
    """The keyed hash of one row: HMAC-SHA-256 over its position and canonical payload."""
    return keyed(f"{position}\x1f{payload}")


def _row(draft: Draft, place: int, epoch: int, after: str = "") -> dict:
    here, now = context.current(), clock.now()
    facts = vars(draft) | {
        "epoch": epoch,
        "recorded_at": now.isoformat(),
        "request": here.request,
        "session": here.session,
        "address": here.address,
        "purpose": draft.purpose or here.purpose or purposes.of_verb(draft.verb),
        "written_after": after,
    }
    payload = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    columns = {name: facts[name] for name in COLUMNS} | {"recorded_at": now}
    return {"id": place, "payload": payload, "leaf": leaf_of(place, payload)} | columns
