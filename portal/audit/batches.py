"""The rows of some seals against those seals: the part of a check that several processes can share."""

from bisect import bisect_left
from dataclasses import dataclass

from portal.audit import purges, rows, seals, stream
from portal.audit.models import AuditEvent, Seal
from portal.audit.rows import Fault


@dataclass(frozen=True)
class Bad:
    """The first thing that does not fit in a span of seals, and at which of them it shows.

    A `forged` event fails by its own hash, whatever its seal says.
    """

    seal: int
    position: int
    sentence: str
    forged: bool


@dataclass(frozen=True)
class Proof:
    """`prove` with the purged spans given, as another process takes it."""

    purged: purges.Purged

    def __call__(self, span: tuple[int, int]) -> Bad | None:
        return prove(span, self.purged)


def prove(span: tuple[int, int], purged: purges.Purged) -> Bad | None:
    """Hold the events of the seals from one to another to those seals."""
    group = list(Seal.objects.filter(id__range=span).order_by("id"))
    found = stream.between(group[0].since, group[-1].until)
    missed = _missed(found, purged)
    events = sorted(found.events, key=_epoch_of)
    for seal in group:
        low, high = (bisect_left(events, epoch, key=_epoch_of) for epoch in (seal.since, seal.until))
        batch = sorted(events[low:high])
        faults = [found.faults[place] for place, _, _ in batch if place in found.faults] if found.faults else []
        faults += _against_seal(seal, batch, purged, rewritten=not faults)
        if missed:
            there = {place for place, _, _ in batch}
            faults += [fault for by, fault in missed if by in there]
        if faults:
            first = min(faults, key=lambda fault: fault.position)
            return Bad(seal.id, first.position, first.sentence, forged=first.position in found.faults)
    return None


def lost(found: stream.Found, purged: purges.Purged) -> list[Fault]:
    """What events say was written before them and is nowhere, though no purge took it."""
    return [fault for _, fault in _missed(found, purged)]


def _missed(found: stream.Found, purged: purges.Purged) -> list[tuple[int, Fault]]:
    return [
        (by, Fault(place, f"Event {place} is missing: event {by} names it as the one before, and no seal saw it."))
        for place, by in stream.lost(found).items()
        if not purged.took(place)
    ]


def _against_seal(seal: Seal, batch: list[tuple], purged: purges.Purged, *, rewritten: bool) -> list[Fault]:
    if purged.covers(seal):
        return [Fault(batch[0][0], f"Event {batch[0][0]} is inserted: its batch was purged.")] if batch else []
    there, sealed = [row[0] for row in batch], seals.read_ranges(seal.places)
    if there != sealed:
        astray = min(set(there) ^ set(sealed))
        return [_of_place(seal, astray, astray in sealed)]
    if rewritten and seals.root_of(leaf for _, _, leaf in batch) != seal.root:
        return [Fault(there[0], f"An event between {there[0]} and {there[-1]} was rewritten after seal {seal.id}.")]
    return []


def _of_place(seal: Seal, place: int, sealed: bool) -> Fault:
    elsewhere = AuditEvent.objects.filter(id=place).values_list(*rows.FIELDS).first() if sealed else None
    if elsewhere:
        try:
            rows.check(elsewhere)
        except Fault as fault:
            return fault
    return Fault(place, f"Event {place} is {'missing' if sealed else 'inserted'}: seal {seal.id} does not cover it so.")


def _epoch_of(row: tuple) -> int:
    return row[1]
