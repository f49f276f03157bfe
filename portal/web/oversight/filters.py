"""Filters of the log as they stand in an address, and the chips that change one of them."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.dateparse import parse_date

from portal.access import reports
from portal.audit import purposes
from portal.audit.sentences import SENTENCES

TEXTS = ("patient", "actor", "verb", "outcome", "role", "purpose")
TITLES = {"outcome": "Outcome", "verb": "What", "actor": "Person", "role": "Role", "purpose": "Purpose"}


def read(given) -> tuple[dict, dict]:
    """The filters and what is wrong with them."""
    filters = {name: given.get(name, "").strip()[:80] for name in TEXTS}
    errors = {}
    for name, shift in (("since", 0), ("until", 1)):
        text = given.get(name, "").strip()
        if text:
            moment = _day(text, shift)
            if moment is None:
                errors[name] = f"“{text[:20]}” is not a date. Write it as 2026-11-08."
            else:
                filters[name] = moment
    return filters, errors


def query(given, **changes) -> str:
    """The same filters as an address, with some changed; the page is left out."""
    kept = {name: given.get(name, "") for name in (*TEXTS, "since", "until")} | changes
    return urlencode({name: value for name, value in kept.items() if value})


def chips(given, filters: dict) -> list[dict]:
    """A row of chips for each facet, with counts that stop at a thousand."""
    found, capped = reports.facets(filters)
    return [
        {"title": TITLES[name], "chips": [_chip(given, name, value, count, capped) for value, count in found[name]]}
        for name in TITLES
    ]


def _chip(given, name: str, value: str, count: int, capped: bool) -> dict:
    on = given.get(name) == value
    return {
        "label": _words(name, value),
        "count": f"{count:,}+" if capped else f"{count:,}",
        "on": on,
        "query": query(given, **{name: "" if on else value}),
    }


def _words(name: str, value: str) -> str:
    if name == "purpose":
        return purposes.WORDS.get(value, value)
    return SENTENCES.get(value, value) if name == "verb" else value


def _day(text: str, shift: int):
    try:
        day = parse_date(text)
        return day and timezone.make_aware(datetime.combine(day, time()) + timedelta(days=shift))
    except (ValueError, OverflowError):
        return None
