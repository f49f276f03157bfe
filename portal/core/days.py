"""Days and moments as people read them."""

from datetime import date, datetime

from django.utils.timezone import is_aware, localtime


def said(text) -> str:
    """An ISO day or moment as “8 Nov 2026”, a month as “Nov 2026”; a year, and what is no day, as it is."""
    text = str(text or "")
    try:
        if len(text) == 7:
            return f"{date.fromisoformat(f'{text}-01'):%b %Y}"
        return f"{date.fromisoformat(text[:10]):%-d %b %Y}" if text else ""
    except ValueError:
        return text


def moment(at: datetime) -> str:
    """A moment as “8 Nov 2026, 14:02” by the hospital's clock."""
    return f"{localtime(at) if is_aware(at) else at:%-d %b %Y, %H:%M}"
