"""Reading a moment: as the hospital's clock shows it, or with its offset; the model gets it by its own clock."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

# What a moment of nanoseconds can hold.
YEARS = (1678, 2261)
LOCAL = "local"


class Unreadable(ValueError):
    """A text that is no moment; the sentence says what to write."""


def zone_of(name: str):
    """The zone of a model's clock; raises KeyError for one that does not exist."""
    if name in ("", LOCAL):
        return timezone.get_default_timezone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise KeyError(name) from None


def read(entered, zone: str) -> tuple[str, str]:
    """The moment by the model's clock, without an offset, and the words for how it came about where the clocks differ."""
    found = _within(_parsed(str(entered)))
    theirs, ours = zone_of(zone), timezone.get_default_timezone()
    if found.tzinfo is None and theirs is not ours:
        found = _placed(found, ours)
    if found.tzinfo is None:
        return _kept(found), ""
    moved = found.astimezone(theirs)
    words = f"{found:%-d %b %Y, %H:%M} ({found.tzname()}) = {moved:%-d %b %Y, %H:%M} ({moved.tzname()})"
    same = found.utcoffset() == moved.utcoffset()
    return _kept(moved.replace(tzinfo=None)), "" if same else words


def day(entered) -> str:
    """A day, as its first moment."""
    try:
        found = date.fromisoformat(str(entered)[:10]) if _midnight(str(entered)) else None
    except ValueError:
        found = None
    if found is None:
        raise Unreadable(f"“{str(entered)[:40]}” is not a date. Write it as 2026-11-08.")
    return _kept(datetime.combine(found, time()))


def _midnight(text: str) -> bool:
    return len(text) == 10 or text[10:] in ("T00:00", "T00:00:00")


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(
            f"“{text[:40]}” is not a date with a time. Write it as 2026-11-08 14:02, or 2026-11-08T14:02+01:00."
        ) from None


def _placed(found: datetime, ours) -> datetime:
    first, second = (found.replace(tzinfo=ours, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise Unreadable("at that time the clocks were changed. Write it with its offset, as 2026-10-25T02:30+01:00.")
    return first


def _within(found: datetime) -> datetime:
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise Unreadable(f"the year {found.year} is not possible. Allowed: {YEARS[0]} to {YEARS[1]}.")
    return found


def _kept(found: datetime) -> str:
    return _within(found).isoformat()
