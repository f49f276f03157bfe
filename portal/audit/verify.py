"""Proving the ledger: every row against its own hash, every batch against its seal, every seal against the last.

The check walks the seals in their order and reads the events of many seals at once; it can start after a seal
that an earlier check has proved, and hands out such points as it goes on. The rows may be proved by several
processes; the chain of the seals is walked by one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context

from django.db import connection, connections

from portal.audit import anchors, batches, heads, positions, purges, rows, seals, stream
from portal.audit.models import AuditEvent, Seal
from portal.audit.rows import Fault

GROUP = 20000


@dataclass(frozen=True)
class Point:
    """How far a check has come: the last seal that fits, with its digest and the counts up to it."""

    seal: int = 0
    digest: str = seals.GENESIS
    until: int = 0
    last: int = 0
    events: int = 0


@dataclass(frozen=True)
class Verdict:
    """What a check of the ledger found; `fault` names the first bad event in a sentence, or is empty."""

    events: int
    seals: int
    fault: str = ""
    position: int | None = None
    seal: int = field(default=0, compare=False)
    digest: str = field(default="", compare=False)
    unsealed: int = field(default=0, compare=False)
    heads: int = field(default=0, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def ok(self) -> bool:
        return not self.fault


def verify(
    progress: Callable[[int], None] = lambda count: None,
    *,
    start: Point | None = None,
    reached: Callable[[Point], None] = lambda point: None,
    hands: int = 1,
) -> Verdict:
    """Check the ledger; stops at the first row that was changed, removed, added or moved.

    `hands` processes read and prove the rows; more than one only where nothing else runs, as in a command.
    """
    check = _Check(start or Point(), progress, reached)
    try:
        check.run(hands)
    except Fault as fault:
        return check.verdict(fault.sentence, fault.position)
    return check.verdict()


class _Check:
    """One walk along the ledger."""

    def __init__(self, start: Point, progress, reached):
        self.point, self.progress, self.reached = start, progress, reached
        self.started, self.unsealed, self.heads = start, 0, 0
        self.notes: list[str] = []

    def run(self, hands: int) -> None:
        self._take_up()
        purged = purges.read(self.notes)
        spans = list(_spans(self.point.seal))
        with _proofs(spans, purged, hands) as proofs:
            for span, bad in zip(spans, proofs, strict=True):
                for seal in Seal.objects.filter(id__range=span).order_by("id"):
                    self._seal(seal, bad, purged)
                self.reached(self.point)
                self.progress(self.point.events)
        anchors.check(self.point.seal, self.point.last)
        self._tail(purged)
        self.heads = heads.check(self.notes)

    def verdict(self, fault: str = "", position: int | None = None) -> Verdict:
        point = self.point
        return Verdict(
            point.events + self.unsealed, point.seal, fault, position, seal=point.seal, digest=point.digest,
            unsealed=self.unsealed, heads=self.heads, notes=tuple(self.notes),
        )  # fmt: skip

    def _take_up(self) -> None:
        """The seal that an earlier check ended with must still stand as it stood."""
        if not self.started.seal:
            return
        seal = Seal.objects.filter(id=self.started.seal).first()
        if seal is None or seal.digest != self.started.digest or seals.digest_of(seal) != seal.digest:
            raise Fault(
                self.started.last, f"Seal {self.started.seal} is not what an earlier check saw: run the full check."
            )

    def _seal(self, seal: Seal, bad: batches.Bad | None, purged: purges.Purged) -> None:
        here = bad is not None and bad.seal == seal.id
        if not (here and bad.forged):
            _check_chain(seal, self.point)
        if here:
            raise Fault(bad.position, bad.sentence)
        events = 0 if purged.covers(seal) else seal.events
        there = self.point
        self.point = Point(seal.id, seal.digest, seal.until, max(there.last, seal.last), there.events + events)

    def _tail(self, purged: purges.Purged) -> None:
        """Events that are not sealed yet, and those that hide before the first epoch."""
        stray = AuditEvent.objects.filter(epoch__lt=0).values_list(*rows.FIELDS).first()
        if stray:
            rows.check(stray)
            raise Fault(stray[0], f"Event {stray[0]} is inserted: no seal could ever cover it.")
        last = AuditEvent.objects.order_by("-epoch").values_list("epoch", flat=True).first() or 0
        found = stream.between(self.point.until, last + 1)
        faults = list(found.faults.values()) + batches.lost(found, purged)
        place = self.point.last
        for at in sorted(position for position, _, _ in found.events):
            if positions.gapless() and at != place + 1:
                faults.append(Fault(place + 1, f"Event {place + 1} is missing: event {at} stands in its place."))
                break
            place = at
        self.unsealed = len(found.events)
        if faults:
            raise min(faults, key=lambda fault: fault.position)


def _spans(after: int) -> Iterator[tuple[int, int]]:
    """First and last of the seals that are read together: as many as hold some thousands of events."""
    first, last, events = None, None, 0
    for seal, count in Seal.objects.filter(id__gt=after).order_by("id").values_list("id", "events").iterator(2000):
        first, last, events = first or seal, seal, events + count
        if events >= GROUP:
            yield first, last
            first, events = None, 0
    if first:
        yield first, last


@contextmanager
def _proofs(spans: list[tuple[int, int]], purged: purges.Purged, hands: int):
    """What is bad in each span, in order; each process reads through a connection of its own."""
    if hands < 2 or len(spans) < 2 * hands or connection.in_atomic_block or connection.vendor != "postgresql":
        yield (batches.prove(span, purged) for span in spans)
        return
    connections.close_all()
    with get_context("fork").Pool(hands) as pool:
        yield pool.imap(batches.Proof(purged), spans)


def _check_chain(seal: Seal, before: Point) -> None:
    if seal.id != before.seal + 1:
        raise Fault(_first_from(before.until, before), f"Seal {before.seal + 1} is missing: the ledger has been cut.")
    fits = seal.digest == seals.digest_of(seal) and seal.previous == before.digest and seal.since == before.until
    if not fits:
        place = _first_from(seal.since, before)
        raise Fault(place, f"Seal {seal.id} was changed or moved: it does not follow the one before.")


def _first_from(epoch: int, before: Point) -> int:
    row = AuditEvent.objects.filter(epoch__gte=epoch).order_by("epoch", "id").values_list("id").first()
    return row[0] if row else before.last + 1
