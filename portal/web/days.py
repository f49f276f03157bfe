"""Days that people type: the last day of an access ends at midnight after it, by the hospital's clock."""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date


def end_of(text: str):
    """The moment at which a day that was typed is over; None when it is no day."""
    try:
        day = parse_date(text.strip())
    except ValueError:
        return None
    return day and timezone.make_aware(datetime.combine(day, time()) + timedelta(days=1))


def in_days(count: int) -> str:
    """The day in so many days, as a date field takes it."""
    return (timezone.localdate() + timedelta(days=count)).isoformat()
