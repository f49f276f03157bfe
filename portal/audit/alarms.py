"""What an officer must be told about the ledger: a failed check that nobody has acknowledged, seals that lag."""

import json
from dataclasses import dataclass
from datetime import datetime

from portal.audit.anchors import VERB
from portal.audit.models import AuditEvent, Seal
from portal.core import clock

ACKNOWLEDGED = "audit.fault-acknowledged"
LAG_LIMIT = 60.0


@dataclass(frozen=True)
class Failed:
    """A check that found a fault."""

    position: int
    at: datetime
    by: str
    sentence: str


def fault() -> Failed | None:
    """The newest failed check, unless it was acknowledged."""
    rows = AuditEvent.objects.filter(verb=VERB, outcome="failed").order_by("-id")
    row = next((row for row in rows[:10] if "ok" in json.loads(row.payload)["detail"]), None)
    if row is None or AuditEvent.objects.filter(verb=ACKNOWLEDGED, outcome="ok", id__gt=row.id).exists():
        return None
    return Failed(row.id, row.recorded_at, row.actor, json.loads(row.payload)["detail"].get("fault", ""))


def lag() -> float:
    """For how many seconds the oldest event has waited for its seal; 0 when all are sealed."""
    last = Seal.objects.order_by("-id").values_list("until", flat=True).first() or 0
    first = AuditEvent.objects.filter(epoch__gte=last).order_by("epoch").values_list("recorded_at", flat=True).first()
    return max((clock.now() - first).total_seconds(), 0.0) if first else 0.0
