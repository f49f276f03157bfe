"""What a table is like, in two tellings: everything for those who read its rows, and one without small cells for the others.

The open telling holds no single value: no least, greatest or rare one; counts are rounded to tens, so that they cannot be
set off against the exact ones of a summary (docs/explanation/computing-without-seeing.md).
"""

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field

from portal.datasets.runtime import identifiers

LEAST = 11  # a count below is a small cell (CMS cell size suppression policy)
_MOST_VALUES, _SHOWN, _SAMPLE, _STEP = 1_000, 20, 500, 10
_QUARTERS = (("quarter", 0.25), ("half", 0.5), ("three_quarters", 0.75))


@dataclass
class Column:
    """What is gathered of one column while the rows go by."""

    name: str
    kind: str
    missing: int = 0
    seen: int = 0
    values: Counter | None = field(default_factory=Counter)
    numbers: array = field(default_factory=lambda: array("d"))
    sample: list = field(default_factory=list)

    def take(self, value) -> None:
        """One value."""
        if value is None:
            self.missing += 1
            return
        self.seen += 1
        if len(self.sample) < _SAMPLE:
            self.sample.append(value)
        if self.kind in ("integer", "number"):
            self.numbers.append(value)
        if self.values is not None:
            self.values[value] += 1
            if len(self.values) > _MOST_VALUES:
                self.values = None

    @property
    def distinct_share(self) -> float:
        """How many of the first values are different ones."""
        return len(set(self.sample)) / len(self.sample) if self.sample else 0.0


def profile(columns: list[Column], rows: int) -> list[dict]:
    """For each column its name, kind, a guess which identifier it holds, and the two tellings."""
    return [_one(column, rows) for column in columns]


def _one(column: Column, rows: int) -> dict:
    numbers = sorted(column.numbers)
    common = categories(column.values)
    return {
        "name": column.name,
        "kind": column.kind,
        "guess": identifiers.guess(column.name, column.kind, column.sample, column.distinct_share),
        "categories": common,
        "others": column.values is None or sum(column.values[value] for value in common) < rows,
        "full": _full(column, numbers),
        "open": _open(column, numbers, rows),
    }


def categories(values: Counter | None) -> list:
    """The values that rows may be grouped by: those that at least eleven rows share, the most frequent first."""
    common = [value for value, count in (values or Counter()).most_common() if count >= LEAST]
    return common[:_SHOWN]


def _full(column: Column, numbers: list[float]) -> dict:
    told = {"missing": column.missing, "distinct": len(column.values) if column.values is not None else None}
    if numbers:
        told |= {"least": numbers[0], "greatest": numbers[-1], "mean": _short(sum(numbers) / len(numbers))}
        told |= {name: _at(numbers, share) for name, share in _QUARTERS}
    elif column.values is not None:
        told["top"] = [[value, count] for value, count in column.values.most_common(_SHOWN)]
    elif column.kind in ("date", "moment") and column.sample:
        told["top"] = []
    return told


def _open(column: Column, numbers: list[float], rows: int) -> dict:
    told = {"missing": _hidden_or_round(column.missing, rows)}
    if len(numbers) >= LEAST and column.kind in ("integer", "number"):
        # No mean: set off against that of a summary, it would tell of the few who are in one and not in the other.
        told |= quartiles(numbers)
    if column.kind in ("text", "boolean") and column.values is not None:
        told["top"], told["rest"] = _common(column.values)
    return told


def quartiles(numbers: list[float]) -> dict:
    """Those quarters of sorted numbers that at least eleven rows lie below and eleven above, to three digits."""
    found = {}
    for name, share in _QUARTERS:
        place = math.ceil(share * len(numbers)) - 1
        if min(place, len(numbers) - 1 - place) >= LEAST:
            found[name] = _short(_at(numbers, share))
    return found


def _common(values: Counter) -> tuple[list, bool]:
    shown = [(value, count) for value, count in values.most_common(_SHOWN) if count >= LEAST]
    rest = sum(values.values()) - sum(count for _, count in shown)
    # What is left over must itself be no small cell, or the total would give it away: the least one shown goes too.
    while shown and 0 < rest < LEAST:
        rest += shown.pop()[1]
    return [[value, tens(count)] for value, count in shown], rest > 0


def _hidden_or_round(count: int, rows: int) -> int | None:
    if count == 0:
        return 0 if rows >= LEAST else None
    return None if min(count, rows - count) < LEAST and count != rows else tens(count)


def tens(count: int) -> int:
    """A count rounded to tens."""
    return round(count / _STEP) * _STEP


def _at(numbers: list[float], share: float) -> float:
    return numbers[max(0, math.ceil(share * len(numbers)) - 1)]


def _short(number: float) -> float:
    return float(f"{number:.3g}")
