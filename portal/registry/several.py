"""Reading an answer of several values: a list, rows of them, or values under names.

Typed, each stands on a line of its own, or numbers in one line with a semicolon, or a comma and a space, between them:
a comma without a space may be meant as a decimal point, so it is refused.
"""

import re
from collections.abc import Callable

MOST = 20_000
_BETWEEN = re.compile(r"\s*;\s*|,\s+|\t+")
_NAMED = re.compile(r"^\s*([^:=]{1,80}?)\s*[:=]\s*(.+?)\s*$")


class Unreadable(ValueError):
    """Several values that cannot be read as they should; the sentence says what to write."""


def read(kind: str, entered, one: Callable[[object], object], sizes: tuple[int, ...], *, words: bool):
    """The values of an answer, each read by `one`; `words` keeps a line together. Raises Unreadable."""
    if kind == "pairs":
        return _pairs(entered, one)
    if kind == "rows":
        found = [_values(row, one, f"row {place}, ", words) for place, row in enumerate(_rows(entered), 1)]
        _fit(len(found), sizes[:1], "rows")
        for place, row in enumerate(found, 1):
            _fit(len(row), sizes[1:], f"values in row {place}")
        if sizes and len({len(row) for row in found}) > 1:
            raise Unreadable("every row needs as many values as the first.")
        return found
    found = _values(entered, one, "", words)
    _fit(len(found), sizes, "values")
    return found


def _rows(entered) -> list:
    if isinstance(entered, list):
        return entered
    if not isinstance(entered, str):
        raise Unreadable("write one row on each line, with semicolons between its values.")
    return [line for line in entered.splitlines() if line.strip()]


def _values(entered, one: Callable, where: str, words: bool) -> list:
    if isinstance(entered, str):
        lines = [line.strip() for line in entered.splitlines() if line.strip()]
        entered = lines if words and not where else [part for line in lines for part in _BETWEEN.split(line) if part]
    if not isinstance(entered, list):
        raise Unreadable("write one value on each line.")
    if not 0 < len(entered) <= MOST:
        raise Unreadable(f"give 1 to {MOST} values.")
    return [_read(value, one, f"{where}value {place}") for place, value in enumerate(entered, 1)]


def _read(value, one: Callable, where: str):
    try:
        if value is None or value == "":
            raise ValueError("is empty.")
        return one(value)
    except ValueError as problem:
        raise Unreadable(f"{where}: {problem}") from None


def _pairs(entered, one: Callable) -> dict:
    if isinstance(entered, str):
        lines = [line for line in entered.splitlines() if line.strip()]
        found = [(match.group(1), match.group(2)) for line in lines if (match := _NAMED.match(line))]
        if len(found) != len(lines):
            raise Unreadable("write a name, a colon and the value on each line, as “pulse: 72”.")
    elif isinstance(entered, dict):
        found = list(entered.items())
    else:
        raise Unreadable("write a name, a colon and the value on each line, as “pulse: 72”.")
    if not 0 < len(found) <= MOST or len({name for name, _ in found}) != len(found):
        raise Unreadable("give each name once, and at least one.")
    return {str(name): _read(value, one, str(name)[:80]) for name, value in found}


def _fit(count: int, sizes: tuple[int, ...], what: str) -> None:
    if sizes and sizes[0] not in (-1, count):
        raise Unreadable(f"give {sizes[0]} {what}; there are {count}.")
