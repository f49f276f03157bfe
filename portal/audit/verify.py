"""Proving the ledger: every row against its own hash, every batch against its seal, every seal against the last.

The check walks the seals in their order and reads the events of many seals at once; it can start after a seal
that an earlier check has proved, and hands out such points as it goes on.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.conf import settings

from portal.audit import anchors, heads, positions, purges, rows, seals
from portal.audit.models import AuditEvent, Seal
from portal.audit.rows import Fault

GROUP = 5000
_EPOCH, _LEAF = rows.FIELDS.index("epoch"), rows.FIELDS.index("leaf")


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
) -> Verdict:
    """Check the ledger; stops at the first row that was changed, removed, added or moved."""
    check = _Check(start or Point(), progress, reached)
    try:
        check.run()
    except Fault as fault:
        return check.verdict(fault.sentence, fault.position)
    return check.verdict()


class _Check:
    """One walk along the ledger."""

    def __init__(self, start: Point, progress, reached):
        self.point, self.progress, self.reached = start, progress, reached
        self.started, self.seals, self.unsealed, self.heads = start, 0, 0, 0
        self.key = settings.LEDGER_KEY.encode()
        self.notes: list[str] = []

    def run(self) -> None:
        self._take_up()
        purged = purges.read(self.notes)
        for group in _groups(self.point.seal):
            found = _events(group[0].since, group[-1].until)
            for seal in group:
                self._seal(seal, found, purged)
            self.reached(self.point)
            self.progress(self.point.events)
        anchors.check(self.point.seal, self.point.last)
        self._tail()
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

    def _seal(self, seal: Seal, found: list[tuple], purged: purges.Purged) -> None:
        low, high = (bisect_left(found, epoch, key=_epoch_of) for epoch in (seal.since, seal.until))
        batch = sorted(found[low:high])
        _check_chain(seal, self.point, batch)
        if not purged.covers(seal):
            _check_batch(seal, batch, self.key)
        elif batch:
            raise Fault(batch[0][0], f"Event {batch[0][0]} is inserted: its batch was purged.")
        there = self.point
        self.point = Point(seal.id, seal.digest, seal.until, max(there.last, seal.last), there.events + len(batch))

    def _tail(self) -> None:
        """Events that are not sealed yet, and those that hide before the first epoch."""
        stray = _rows(AuditEvent.objects.filter(epoch__lt=0)).first()
        if stray:
            rows.check(stray, self.key)
            raise Fault(stray[0], f"Event {stray[0]} is inserted: no seal could ever cover it.")
        place = self.point.last
        tail = _rows(AuditEvent.objects.filter(epoch__gte=self.point.until)).order_by("id")
        for row in tail.iterator(chunk_size=GROUP):
            rows.check(row, self.key)
            if positions.gapless() and row[0] != place + 1:
                raise Fault(place + 1, f"Event {place + 1} is missing: event {row[0]} stands in its place.")
            place = row[0]
            self.unsealed += 1
            if self.unsealed % GROUP == 0:
                self.progress(self.point.events + self.unsealed)


def _epoch_of(row: tuple) -> int:
    return row[_EPOCH]


def _rows(queryset):
    return queryset.values_list(*rows.FIELDS)


def _events(since: int, until: int) -> list[tuple]:
    return list(_rows(AuditEvent.objects.filter(epoch__gte=since, epoch__lt=until)).order_by("epoch").iterator(GROUP))


def _groups(after: int) -> Iterator[list[Seal]]:
    """Seals in order, as many together as hold some thousands of events."""
    group, events = [], 0
    for seal in Seal.objects.filter(id__gt=after).order_by("id").iterator(chunk_size=1000):
        group.append(seal)
        events += seal.events
        if events >= GROUP:
            yield group
            group, events = [], 0
    if group:
        yield group


def _check_chain(seal: Seal, before: Point, batch: Iterable[tuple]) -> None:
    place = min((row[0] for row in batch), default=before.last + 1)
    if seal.id != before.seal + 1:
        raise Fault(_first_after(before), f"Seal {before.seal + 1} is missing: the ledger has been cut.")
    fits = seal.digest == seals.digest_of(seal) and seal.previous == before.digest and seal.since == before.until
    if not fits:
        raise Fault(place, f"Seal {seal.id} was changed or moved: it does not follow the one before.")


def _first_after(before: Point) -> int | None:
    row = AuditEvent.objects.filter(epoch__gte=before.until).order_by("epoch", "id").values_list("id").first()
    return row[0] if row else before.last + 1


def _check_batch(seal: Seal, batch: list[tuple], key: bytes) -> None:
    bad = None
    try:
        for row in batch:
            rows.check(row, key)
    except Fault as fault:
        bad = fault
    there, sealed = [row[0] for row in batch], seals.read_ranges(seal.places)
    astray = min(set(there) ^ set(sealed), default=None)
    if bad and (astray is None or bad.position <= astray):
        raise bad
    if astray is not None:
        _name_place(seal, astray, set(sealed))
    if seals.root_of(row[_LEAF] for row in batch) != seal.root:
        raise Fault(there[0], f"An event between {there[0]} and {there[-1]} was rewritten after seal {seal.id}.")


def _name_place(seal: Seal, place: int, sealed: set[int]) -> None:
    elsewhere = _rows(AuditEvent.objects.filter(id=place)).first()
    if place in sealed and elsewhere:
        rows.check(elsewhere)
    word = "missing" if place in sealed else "inserted"
    raise Fault(place, f"Event {place} is {word}: seal {seal.id} does not cover it so.")
