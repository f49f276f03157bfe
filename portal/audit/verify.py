"""Proving the ledger: every row against its own hash, every batch against its seal, every seal against the last."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portal.audit import log, seals
from portal.audit.models import AuditEvent, Seal


@dataclass(frozen=True)
class Verdict:
    """What a check of the ledger found; `fault` names the first bad event in a sentence, or is empty."""

    events: int
    seals: int
    fault: str = ""
    position: int | None = None

    @property
    def ok(self) -> bool:
        return not self.fault


class _Fault(Exception):
    def __init__(self, position: int | None, sentence: str):
        super().__init__(sentence)
        self.position, self.sentence = position, sentence


def verify(progress: Callable[[int], None] = lambda count: None) -> Verdict:
    """Check the whole ledger; stops at the first row that was changed, removed, added or moved."""
    counts = {"events": 0, "seals": 0}
    try:
        _rows(counts, progress)
        _seals(counts)
    except _Fault as fault:
        return Verdict(counts["events"], counts["seals"], fault.sentence, fault.position)
    return Verdict(counts["events"], counts["seals"])


def _rows(counts: dict, progress: Callable[[int], None]) -> None:
    for row in _every_event():
        _check_row(row)
        counts["events"] += 1
        if counts["events"] % 5000 == 0:
            progress(counts["events"])


def _every_event() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("id").iterator(chunk_size=5000)


def _check_row(row: AuditEvent) -> None:
    if log.leaf_of(row.id, row.payload) != row.leaf:
        raise _Fault(row.id, f"Event {row.id} ({row.verb}) was changed, moved or inserted: its hash does not fit.")
    facts = json.loads(row.payload)
    for name in log.COLUMNS:
        stored = getattr(row, name)
        shown = stored.isoformat() if name == "recorded_at" else stored
        if shown != facts[name]:
            raise _Fault(row.id, f"Event {row.id} ({row.verb}) was changed: its {name} is not what was recorded.")


def _seals(counts: dict) -> None:
    previous, until = seals.GENESIS, 0
    for number, seal in enumerate(Seal.objects.order_by("id").iterator(), start=1):
        _check_chain(seal, number, previous, until)
        _check_batch(seal)
        previous, until = seal.digest, seal.until
        counts["seals"] += 1


def _check_chain(seal: Seal, number: int, previous: str, until: int) -> None:
    if seal.id != number:
        raise _Fault(None, f"Seal {number} is missing: the ledger has been cut.")
    if seal.digest != seals.digest_of(seal) or seal.previous != previous or seal.since != until:
        raise _Fault(None, f"Seal {seal.id} was changed or moved: it does not follow the one before.")


def _check_batch(seal: Seal) -> None:
    rows = list(seals.batch(seal.since, seal.until))
    there, sealed = [place for place, _ in rows], seals.read_ranges(seal.places)
    if there != sealed:
        place = min(set(there) ^ set(sealed))
        word = "missing" if place in sealed else "inserted"
        raise _Fault(place, f"Event {place} is {word}: seal {seal.id} does not cover it so.")
    if seals.root_of(leaf for _, leaf in rows) != seal.root:
        raise _Fault(there[0], f"An event between {there[0]} and {there[-1]} was rewritten after seal {seal.id}.")
