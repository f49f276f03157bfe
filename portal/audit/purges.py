"""Purging what is older than its retention: whole sealed batches go, their seals stay, a signed tombstone says so."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max

from portal.audit import heads, log, seals
from portal.audit.models import LEAST_YEARS, AuditEvent, RetentionPolicy, Seal, Tombstone
from portal.audit.rows import Fault
from portal.core import clock


@dataclass(frozen=True)
class Purged:
    """Which seals have no events any more, by signed tombstones."""

    spans: tuple[tuple[int, int], ...] = ()

    def covers(self, seal: Seal) -> bool:
        """Whether a seal's events were purged."""
        return any(first <= seal.id <= last for first, last in self.spans)

    def took(self, place: int) -> bool:
        """Whether the event at a position was purged."""
        found = (
            Seal.objects.filter(id__range=span, last__gte=place)
            .order_by("id")
            .values_list("places", flat=True)
            .iterator()
            for span in self.spans
        )
        return any(place in seals.read_ranges(places) for rows in found for places in rows)


def policy() -> RetentionPolicy | None:
    """The retention policy in force for events."""
    return RetentionPolicy.objects.filter(what="events", since__lte=clock.today()).order_by("-id").first()


def latest_day(years: int) -> date:
    """The day before which events may go: so many years ago, never fewer than six."""
    today = clock.today()
    year = today.year - max(years, LEAST_YEARS)
    return today.replace(year=year, day=28) if (today.month, today.day) == (2, 29) else today.replace(year=year)


def batches_before(moment) -> list[Seal]:
    """The oldest seals, not purged yet, all of whose events are older than a moment."""
    after = Tombstone.objects.aggregate(last=Max("last_seal"))["last"] or 0
    found = []
    for seal in Seal.objects.filter(id__gt=after).order_by("id").iterator(chunk_size=500):
        newest = AuditEvent.objects.filter(epoch__gte=seal.since, epoch__lt=seal.until).aggregate(at=Max("recorded_at"))
        if newest["at"] is None or newest["at"] >= moment:
            break
        found.append(seal)
    return found


def purge(batches: list[Seal], *, before: date, under: RetentionPolicy, by: str) -> Tombstone:
    """Put up the tombstone, then remove the events; the triggers let nothing else go."""
    first, last = batches[0], batches[-1]
    stone = Tombstone(
        first_seal=first.id, last_seal=last.id, since=first.since, until=last.until, before=before,
        events=sum(seal.events for seal in batches), policy=under.public_id, purged_by=by,
    )  # fmt: skip
    stone.digest = log.keyed(_text(stone))
    stone.signature = heads.sign(_text(stone).encode()).hex()
    stone.save(force_insert=True)
    AuditEvent.objects.filter(epoch__gte=first.since, epoch__lt=last.until)._raw_delete(using="default")
    return stone


def read(notes: list[str]) -> Purged:
    """Every tombstone, proved; each leaves a note that says what was purged and by whom."""
    spans = []
    for stone in Tombstone.objects.order_by("first_seal"):
        text = _text(stone)
        if stone.digest != log.keyed(text) or not heads.signed(text.encode(), stone.signature):
            raise Fault(None, f"The tombstone of seals {stone.first_seal} to {stone.last_seal} is not ours.")
        spans.append((stone.first_seal, stone.last_seal))
        notes.append(
            f"{stone.events} events before {stone.before:%-d %b %Y} were purged by {stone.purged_by} on "
            f"{stone.purged_at:%-d %b %Y} (seals {stone.first_seal} to {stone.last_seal})."
        )
    return Purged(tuple(spans))


def _text(stone: Tombstone) -> str:
    facts = (
        stone.first_seal, stone.last_seal, stone.since, stone.until, stone.events, stone.before.isoformat(),
        stone.policy, stone.purged_by, stone.purged_at.isoformat(),
    )  # fmt: skip
    return "tombstone\x1f" + "\x1f".join(str(fact) for fact in facts)
