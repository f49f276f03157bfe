"""Declared computations on a table: counts by up to two columns, or mean, spread and quarters of a number by one.

A specification is `{"by": [names], "of": name or None, "where": [{"column", "test", "value"}]}`. Only what the auditor
lets through leaves this module.
"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator

from portal.datasets.runtime.profiles import LEAST, quartiles

MOST_WORK = 20_000_000
OTHERS = "(all others)"
TESTS = {
    "is": lambda value, wanted: value == wanted,
    "is-not": lambda value, wanted: value is not None and value != wanted,
    "at-least": lambda value, wanted: value is not None and value >= wanted,
    "below": lambda value, wanted: value is not None and value < wanted,
}


class Withheld(Exception):
    """No part of the answer may be told; `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Question:
    """One specification against the columns of a version: where each row falls."""

    def __init__(self, spec: dict, columns: dict[str, dict]):
        self.spec = spec
        self._where = [_criterion(one, columns) for one in spec["where"]]
        self._by = [(columns[name]["place"], _numbered(columns[name]["categories"])) for name in spec["by"]]
        self._of = columns[spec["of"]]["place"] if spec["of"] else None
        # Without other values anywhere in the table there is no such cell to protect.
        self.sides = [
            [*columns[name]["categories"], *([OTHERS] if columns[name]["others"] else [])] for name in spec["by"]
        ]

    def cell_of(self, row: list) -> tuple[int, ...] | None:
        """The cell of a row, by the places of its categories; None for a row that does not count."""
        if self._of is not None and row[self._of] is None:
            return None
        if not all(test(row[place], wanted) for place, test, wanted in self._where):
            return None
        return tuple(known.get((type(row[place]), row[place]), len(known)) for place, known in self._by)

    def number_of(self, row: list):
        """The number of a row that counts."""
        return None if self._of is None else row[self._of]

    def cells(self) -> list[tuple[int, ...]]:
        """Every cell there could be."""
        found: list[tuple[int, ...]] = [()]
        for side in self.sides:
            found = [(*cell, place) for cell in found for place in range(len(side))]
        return found

    def sets(self) -> list[tuple]:
        """What is counted: all, each line of either side, each cell; a line is (place, None) or (None, place)."""
        if not self.sides:
            return [()]
        lines = []
        if len(self.sides) == 2:
            lines = [(place, None) for place in range(len(self.sides[0]))]
            lines += [(None, place) for place in range(len(self.sides[1]))]
        return [(None,) * len(self.sides), *lines, *self.cells()]


def _criterion(one: dict, columns: dict[str, dict]) -> tuple[int, Callable, object]:
    return columns[one["column"]]["place"], TESTS[one["test"]], one["value"]


def _numbered(categories: list) -> dict[tuple, int]:
    # True is 1 in Python; a category of another kind is another.
    return {(type(value), value): place for place, value in enumerate(categories)}


def within(cell: tuple | None, wanted: tuple) -> bool:
    """Whether a cell belongs to a counted set."""
    return cell is not None and all(want is None or want == have for want, have in zip(wanted, cell, strict=True))


def summarise(rows: Iterator[list], columns: dict[str, dict], spec: dict, history: list[dict]) -> dict:
    """The answer to a specification, given what earlier ones told; raises Withheld."""
    from portal.datasets.runtime.audit import Auditor

    asked = Question(spec, columns)
    before = [Question(one["spec"], columns) for one in history]
    atoms, numbers = _walk(rows, asked, before)
    signatures, wanted = list(atoms), asked.sets()
    if (len(wanted) + sum(len(one["told"]) for one in history) + 1) * len(signatures) > MOST_WORK:
        raise Withheld("too-much-told")
    sizes = {wish: sum(count for sign, count in atoms.items() if within(sign[-1], wish)) for wish in wanted}
    together = Auditor(list(atoms.values()))
    together.known(_members(signatures, lambda _: True))
    for place, one in enumerate(history):
        for told in one["told"]:
            together.known(_members(signatures, lambda sign, place=place, told=told: within(sign[place], tuple(told))))
    # The table by itself once more, with its empty cells: that nobody lies in one is for nobody to know either.
    cells = asked.cells()
    alone = Auditor([sizes[cell] for cell in cells])
    audits = ((together, [sign[-1] for sign in signatures]), (alone, cells))
    return _answer(asked, _tell(audits, wanted, sizes), sizes, numbers)


def _walk(rows, asked: Question, before: list[Question]):
    atoms: Counter = Counter()
    numbers: dict[tuple, array] = {}
    for row in rows:
        cell = asked.cell_of(row)
        atoms[(*(question.cell_of(row) for question in before), cell)] += 1
        if cell is not None and asked.spec["of"]:
            numbers.setdefault(cell, array("d")).append(asked.number_of(row))
    return atoms, numbers


def _members(signatures: list[tuple], test: Callable):
    import numpy

    return numpy.fromiter((test(signature) for signature in signatures), dtype=bool, count=len(signatures))


def _tell(audits, wanted: list[tuple], sizes: dict) -> list[tuple]:
    """The sets that may be told: all together first, then lines, then cells, each by falling size."""
    told: list[tuple] = []
    rank = {wish: (sum(part is not None for part in wish), -sizes[wish]) for wish in wanted}
    for wish in sorted(wanted, key=rank.get):
        if sizes[wish] < LEAST or _leaves_little(wish, told, wanted, sizes):
            continue
        chosen = [(auditor, _members(places, lambda at, wish=wish: within(at, wish))) for auditor, places in audits]
        if all(auditor.allows(members) for auditor, members in chosen):
            for auditor, members in chosen:
                auditor.known(members)
            told.append(wish)
    if wanted[0] not in told:
        raise Withheld("too-few-rows" if sizes[wanted[0]] < LEAST else "too-near")
    return told


def _leaves_little(wish: tuple, told: list[tuple], wanted: list[tuple], sizes: dict) -> bool:
    """Whether a told line, less its told parts and this one, would leave fewer than eleven rows to what is withheld."""
    for place, part in enumerate(wish):
        if part is None:
            continue
        whole = (*wish[:place], None, *wish[place + 1 :])
        if whole not in told:
            continue
        parts = [one for one in wanted if one[place] is not None and within(one, whole) and _same_depth(one, wish)]
        hidden = [one for one in parts if one not in told and one != wish]
        rest = sum(sizes[one] for one in hidden)
        if hidden and rest < LEAST:
            return True
    return False


def _same_depth(one: tuple, other: tuple) -> bool:
    return [part is None for part in one] == [part is None for part in other]


def _answer(asked: Question, told: list[tuple], sizes: dict, numbers: dict[tuple, array]) -> dict:
    counts = [[list(wish), sizes[wish]] for wish in told]
    answer = {"sides": asked.sides, "counts": counts, "told": [list(wish) for wish in told]}
    if asked.spec["of"]:
        answer["figures"] = [[list(wish), _figures(wish, numbers)] for wish in told]
    return answer


def _figures(wish: tuple, numbers: dict[tuple, array]) -> dict:
    values = sorted(value for cell, found in numbers.items() if within(cell, wish) for value in found)
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return {"mean": float(f"{mean:.3g}"), "sd": float(f"{spread:.3g}"), **quartiles(values)}
