"""Declared computations on a table: counts by up to two columns, or mean, spread and quarters of a number by one.

A specification is `{"by": [names], "of": name or None, "where": [{"column", "test", "value"}]}`. Only what the auditor
lets through leaves this module.
"""

import json
import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import zip_longest

from portal.datasets.runtime.profiles import LEAST, quartiles

MOST_WORK, DOMINANCE = 20_000_000, 0.15
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


@dataclass(frozen=True)
class Source:
    """A version whose answers count: its rows, the places of the columns that link them, and what was told of it."""

    rows: Iterator[list]
    columns: dict[str, dict]
    history: list[dict]
    links: list[int] = field(default_factory=list)


def summarise(now: Source, spec: dict, earlier: list[Source] = ()) -> dict:
    """The answer to a specification, given what was told of this version and of `earlier` ones; raises Withheld."""
    from portal.datasets.runtime.audit import Auditor

    asked, sources, numbers = Question(spec, now.columns), [now, *earlier], {}
    atoms = _atoms(sources, asked, numbers)
    signatures, wanted = list(atoms), asked.sets()
    if (len(wanted) + sum(len(one["told"]) for source in sources for one in source.history) + 1) * len(
        atoms
    ) > MOST_WORK:
        raise Withheld("too-much-told")
    asked_at = [sign[0][-1] if sign[0] else None for sign in signatures]
    sizes = {
        wish: sum(atoms[sign] for sign, cell in zip(signatures, asked_at, strict=True) if within(cell, wish))
        for wish in wanted
    }
    together = Auditor(list(atoms.values()))
    for members in _told_before(sources, signatures):
        together.known(members)
    # The table by itself once more, with its empty cells: that nobody lies in one is for nobody to know either.
    cells = asked.cells()
    alone = Auditor([sizes[cell] for cell in cells])
    return _answer(asked, _tell(((together, asked_at), (alone, cells)), wanted, sizes), sizes, numbers)


def _told_before(sources: list[Source], signatures: list[tuple]) -> Iterator:
    """Each set that was told: all rows of a version, and what its summaries told."""
    for place, source in enumerate(sources):
        yield _members(signatures, lambda sign, place=place: sign[place] is not None)
        for number, one in enumerate(source.history):
            at = [sign[place][number] if sign[place] else None for sign in signatures]
            for told in one["told"]:
                yield _members(at, lambda cell, told=told: within(cell, tuple(told)))


def _atoms(sources: list[Source], asked: Question, numbers: dict[tuple, array]) -> Counter:
    """How many rows lie in the same sets: for each version the cells of its questions, None where a row is not in it."""
    walked = [_walk(source, [asked] if place == 0 else [], numbers) for place, source in enumerate(sources)]
    if len(walked) == 1:
        return Counter((cells,) for _, cells in walked[0])
    linked: dict[object, list[list[tuple]]] = {}
    for place, walk in enumerate(walked):
        for link, cells in walk:
            linked.setdefault(link if link is not None else object(), [[] for _ in walked])[place].append(cells)
    return Counter(sign for group in linked.values() for sign in zip_longest(*group))


def _walk(source: Source, more: list[Question], numbers: dict[tuple, array]) -> Iterator[tuple]:
    questions = [*(Question(one["spec"], source.columns) for one in source.history), *more]
    for row in source.rows:
        cells = tuple(question.cell_of(row) for question in questions)
        if more and cells[-1] is not None and more[0].spec["of"]:
            numbers.setdefault(cells[-1], array("d")).append(more[0].number_of(row))
        yield (_link(row, source.links) if source.links else None), cells


def _link(row: list, links: list[int]) -> bytes:
    """What tells whether a row of another version is the same one: its values in the columns that both have."""
    values = [_same(row[place]) for place in links]
    return blake2b(json.dumps(values).encode(), digest_size=16).digest()


def _same(value):
    # A column of whole numbers may have become one of fractions: 5 is still 5.0.
    return float(value) if type(value) is int else value


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


def _outweighed(values: list[float]) -> bool:
    """Whether the rest is too little beside the largest row to hide it from the second largest: the p % rule."""
    sizes = sorted((abs(value) for value in values), reverse=True)
    return math.fsum(sizes[2:]) < DOMINANCE * sizes[0]


def _figures(wish: tuple, numbers: dict[tuple, array]) -> dict:
    values = sorted(value for cell, found in numbers.items() if within(cell, wish) for value in found)
    if _outweighed(values):
        return quartiles(values)
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return {"mean": float(f"{mean:.3g}"), "sd": float(f"{spread:.3g}"), **quartiles(values)}
