"""The portal's idea of today: the wall clock, or the day a demonstration pretends it is."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime

from django.conf import settings
from django.utils import timezone

# Stands for “now” in a queryset that is compiled once and run later (see core.prepared).
MARK = datetime(4321, 7, 1, tzinfo=UTC)
_marked: ContextVar[bool] = ContextVar("marked", default=False)


def now() -> datetime:
    """This moment, for the ledger, leases and sessions: always the wall clock."""
    return MARK if _marked.get() else timezone.now()


@contextmanager
def marked():
    """Let `now` give the mark."""
    token = _marked.set(True)
    try:
        yield
    finally:
        _marked.reset(token)


def today() -> date:
    """The day that it is in the hospital, for whatever ends with a day: approvals, deputies, due days."""
    return day_of(now())


def day_of(moment: datetime) -> date:
    """The day of a moment by the hospital's clock."""
    return timezone.localdate(moment)


def record_day() -> date:
    """The day on which a record is read: today, unless the demonstration was started with another."""
    return settings.AS_OF or timezone.localdate()
