"""The portal's idea of today: the wall clock, or the day a demonstration pretends it is."""

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """This moment, for the ledger, leases and sessions: always the wall clock."""
    return timezone.now()


def record_day() -> date:
    """The day on which a record is read: today, unless the demonstration was started with another."""
    return settings.AS_OF or timezone.localdate()
