"""A birth date as people type it, for finding a patient by it."""

import re
from datetime import date

_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTHS = {name: at for at, full in enumerate(_NAMES, 1) for name in (full, full[:3])} | {"sept": 9}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_POINTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_WORDS = re.compile(r"(\d{1,2})\.?\s?([a-z]{3,9})\.?,?\s?(\d{4})", re.ASCII)


def read(text: str) -> str:
    """The ISO day of “8 Nov 1950”, “1950-11-08” or “08.11.1950”; empty when it is no whole date.

    Dates with strokes are not read: who types 8/11/1950 may mean November or August.
    """
    typed = " ".join(text.casefold().split())
    if found := _ISO.fullmatch(typed):
        year, month, day = map(int, found.groups())
    elif found := _POINTS.fullmatch(typed):
        day, month, year = map(int, found.groups())
    elif found := _WORDS.fullmatch(typed):
        day, month, year = int(found[1]), _MONTHS.get(found[2], 0), int(found[3])
    else:
        return ""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
