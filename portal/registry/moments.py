"""Reading a moment: as the hospital's clock shows it, or with its offset; the model gets it by its own clock."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

# What a moment of nanoseconds can hold.
YEARS = (1678, 2261)
LOCAL = "local"
# What a browser's field for a moment can hold: it has no place for an offset.
_PICKED = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$")


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


def with_offset(kept: str, zone: str) -> str:
    """A moment that was kept by a model's clock, as anybody can read it again; by the hospital's own clock as it is."""
    if zone_of(zone) is timezone.get_default_timezone():
        return kept
    return _offset(datetime.fromisoformat(kept).replace(tzinfo=zone_of(zone)))


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


def twice(entered, zone: str) -> list[tuple[str, str]]:
    """The two moments that a time by the hospital's clock may mean on the night it is put back, each with its words."""
    ours = timezone.get_default_timezone()
    try:
        found = _within(_parsed(str(entered)))
    except Unreadable:
        return []
    if found.tzinfo is not None or zone_of(zone) is ours:
        return []
    first, second = _both(found, ours)
    if first.utcoffset() <= second.utcoffset():
        return []
    return [(_offset(first), f"the first ({first.tzname()})"), (_offset(second), f"the second ({second.tzname()})")]


def is_picked(entered: str) -> bool:
    """Whether a browser's field for a moment can hold what was entered."""
    return not entered or bool(_PICKED.match(entered))


def _placed(found: datetime, ours) -> datetime:
    first, second = _both(found, ours)
    if first.utcoffset() > second.utcoffset():
        ways = (
            f"{_offset(first)} for the first ({first.tzname()}), {_offset(second)} for the second ({second.tzname()})"
        )
        raise Unreadable(f"at that time the clocks were put back, so it came twice. Write {ways}.")
    if first.utcoffset() < second.utcoffset():
        raise Unreadable("at that time the clocks were put forward, so it never came. Write what they showed then.")
    return first


def _both(found: datetime, ours) -> tuple[datetime, datetime]:
    return found.replace(tzinfo=ours, fold=0), found.replace(tzinfo=ours, fold=1)


def _offset(found: datetime) -> str:
    return found.isoformat(timespec="seconds" if found.second else "minutes")


def _within(found: datetime) -> datetime:
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise Unreadable(f"the year {found.year} is not possible. Allowed: {YEARS[0]} to {YEARS[1]}.")
    return found


def _kept(found: datetime) -> str:
    return _within(found).isoformat()
