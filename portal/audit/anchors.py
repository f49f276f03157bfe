"""What earlier checks saw: each check writes its last seal into the ledger, and later ones hold the ledger to it."""

import json

from portal.audit import rows
from portal.audit.models import AuditEvent, Seal
from portal.audit.rows import Fault

VERB = "audit.verified"


def newest() -> dict | None:
    """The facts of the newest check that found everything in order; its own row is proved first."""
    found = AuditEvent.objects.filter(verb=VERB, outcome="ok").order_by("-id").values_list(*rows.FIELDS)
    for row in found[:20]:
        rows.check(row)
        facts = json.loads(row[1])["detail"]
        if facts.get("seal"):
            return facts | {"at": row[0]}
    return None


def check(seal: int, last: int) -> None:
    """Raise Fault when an earlier check saw a seal that is gone or stands otherwise."""
    facts = newest()
    if not facts:
        return
    if facts["seal"] > seal:
        raise Fault(
            last + 1, f"Seal {facts['seal']}, which event {facts['at']} attests, is missing: the newest seals were cut."
        )
    if not Seal.objects.filter(id=facts["seal"], digest=facts["digest"]).exists():
        raise Fault(last, f"Seal {facts['seal']} is not the one that event {facts['at']} attests.")
