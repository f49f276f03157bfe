"""When a notice goes out by e-mail: at once, in the day's digest, and not in quiet hours unless it is urgent."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Way(StrEnum):
    """How a person wants to be told by e-mail of one kind of notice."""

    NOW = "now"
    DIGEST = "digest"
    NOT = "not"


@dataclass(frozen=True)
class Rhythm:
    """A person's hours by the hospital's clock; `quiet` may cross midnight, and is none at all when both ends agree."""

    digest_at: time
    quiet: tuple[time, time] | None
    zone: ZoneInfo


def due(way: Way, *, urgent: bool, told_at: datetime, rhythm: Rhythm) -> datetime | None:
    """The first moment at which a notice may be mailed; None when it never is."""
    if way == Way.NOT:
        return None
    moment = told_at if way == Way.NOW else _next(rhythm.digest_at, told_at, rhythm.zone)
    return held_until(moment, urgent=urgent, rhythm=rhythm)


def held_until(moment: datetime, *, urgent: bool, rhythm: Rhythm) -> datetime:
    """This moment, or the end of the quiet hours it lies in."""
    while not urgent and is_quiet(moment, rhythm):
        moment = _next(rhythm.quiet[1], moment + timedelta(microseconds=1), rhythm.zone)
    return moment


def is_quiet(moment: datetime, rhythm: Rhythm) -> bool:
    """Whether a moment lies in the quiet hours; their first minute does, their last does not."""
    if rhythm.quiet is None or rhythm.quiet[0] == rhythm.quiet[1]:
        return False
    begins, ends = rhythm.quiet
    clock = moment.astimezone(rhythm.zone).time()
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def _next(hour: time, moment: datetime, zone: ZoneInfo) -> datetime:
    """The first time from `moment` on at which the clock on the wall shows `hour`."""
    # On the day on which the clock is put back an hour comes twice; one that is left out comes an hour later.
    first = moment.astimezone(zone).date()
    days = (first + timedelta(days=ahead) for ahead in range(-1, 3))
    found = [
        datetime.combine(day, hour.replace(fold=fold), tzinfo=zone).astimezone(UTC) for day in days for fold in (0, 1)
    ]
    return min(at for at in found if at >= moment)
