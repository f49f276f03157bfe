"""Counting how often the outcome came among results, and saying it without giving a few people away. No database here.

A cell is told when it stands for at least 11 people. What is withheld must not come out as the total less the rest: those
that are withheld together hold one of at least 11 people. Tables lie within each other: tenths are told within a band that
is told, and what is said at the threshold only where nothing finer comes out between it and the bands.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from portal.core import shares

SMALLEST, BINS, Z = 11, 10, 1.959964
_AGES = ((45, "under 45"), (65, "45 to 64"), (80, "65 to 79"), (math.inf, "80 and over"))


@dataclass(frozen=True)
class Result:
    """One local result whose time is over: who (a key), the predicted share, whether it came, and the groups."""

    person: int
    share: float
    happened: bool
    sex: str
    age: int | None
    run: str


@dataclass(frozen=True)
class Share:
    """An observed share of `n` with its 95 % interval; all empty when it must not be told."""

    label: str
    n: int | None
    value: float | None
    low: float | None
    high: float | None
    predicted: float | None = None
    start: float = 0.0
    end: float = 1.0

    @property
    def told(self) -> bool:
        """Whether there are enough people to tell it."""
        return self.n is not None

    @property
    def against(self) -> str:
        """Whether it came less or more often than was predicted, as both are shown; empty where it fits or is not told."""
        if self.value is None:
            return ""
        seen = shares.count(self.value)
        if shares.count(self.start) <= seen <= shares.count(self.end):
            return ""
        words = "fewer than predicted" if seen < shares.count(self.start) else "more than predicted"
        chance = self.predicted is not None and self.low <= self.predicted <= self.high
        return f"{words}; with so few it may be chance" if chance else words


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); `n` of at least 1."""
    share, square = hits / n, Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    # Rounding must not put the share outside its own interval.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def count(results: list[Result], bands: list[dict], threshold: float | None) -> dict:
    """The counts of a version's results, as JSON values: whole, by band, by tenth, at the threshold and by group."""
    tenths = [(f"{tenth * 10} to {tenth * 10 + 10} %", tenth / BINS, (tenth + 1) / BINS) for tenth in range(BINS)]
    bins = [_among(results, *edges) for edges in tenths]
    found = [_among(results, *edges) for edges in edges_of(bands)]
    return {
        "whole": _cell("all", results) | {"days": _days(results)},
        "bands": [band | {"rest": _beside(results, band, bins)} for band in found],
        "bins": bins,
        "threshold": threshold,
        "at": None if threshold is None else _at(results, threshold) | {"cut": _cut(results, found, threshold)},
        "groups": [
            {"title": title, "cells": _groups(results, label, threshold)}
            for title, label in (("Sex", lambda item: item.sex), ("Age", _age))
        ],
    }  # fmt: skip


def edges_of(bands: list[dict]) -> list[tuple[str, float, float]]:
    """(label, from, upto) of an overlay's bands."""
    lows = [0.0, *(band["upto"] for band in bands)]
    return [(band["label"], low, band["upto"]) for low, band in zip(lows, bands, strict=False)]


def told(cells: list[dict]) -> list[Share]:
    """Cells as shares that may be shown; small ones, and what would give a small one away, are empty."""
    hidden = withheld([cell["people"] for cell in cells])
    return [share_of(cell, hide=place in hidden) for place, cell in enumerate(cells)]


def told_bins(bins: list[dict], bands: list[dict], threshold: float | None = None) -> list[Share]:
    """Tenths as shares: those inside a band that is told, unless the threshold cuts it; without bands all are inside."""
    shown = set()
    for band in _told_around(bands):
        inside = [place for place, cell in enumerate(bins) if _covers(band, cell)]
        # Of tenths that a band cuts, the part inside comes out as the rest.
        hidden = withheld([*(bins[place]["people"] for place in inside), band["rest"]])
        shown |= set() if _cuts(threshold, band) else {place for at, place in enumerate(inside) if at not in hidden}
    return [share_of(cell, hide=place not in shown) for place, cell in enumerate(bins)]


def told_at(at: dict | None, bands: list[dict]) -> dict[str, Share | None]:
    """What is said at the threshold; nothing where a few people would come out between it and the bands."""
    names = ("alerts", "ppv", "sensitivity")
    if (
        not at
        or _is_small(at.get("called", 1))
        or _is_small(at.get("spared", 1))
        or any(map(_is_small, at.get("cut", (1,))))
    ):
        return dict.fromkeys(names)
    if any(_is_small(cell["people"]) for cell in bands):
        return dict.fromkeys(names)
    return {name: share_of(at[name]) for name in names}


def told_groups(cells: list[dict]) -> list[tuple[Share, Share | None, Share | None]]:
    """Each group with what is said of it at the threshold; groups must not come out as the whole less the others."""
    shares = told(cells)
    sides = [[cell["at"].get(side, 1) if cell["at"] else 1 for cell in cells] for side in ("called", "spared")]
    hidden = {
        place for place, share in enumerate(shares) if not share.told or any(_is_small(side[place]) for side in sides)
    }
    for people in sides:
        hidden = _cover(people, hidden)
    return [
        (share, *((None, None) if place in hidden else (share_of(cell["at"]["ppv"]), share_of(cell["at"]["sensitivity"]))))
        for place, (cell, share) in enumerate(zip(cells, shares, strict=True))
    ]  # fmt: skip


def withheld(people: list[int]) -> set[int]:
    """The places of cells that must not be told beside their total; empty cells give nobody away."""
    return _cover(people, {place for place, number in enumerate(people) if _is_small(number)})


def _cover(people: list[int], hidden: set[int]) -> set[int]:
    # The same few people may stand in several small cells: only a large one hides them.
    if not any(people[place] for place in hidden) or any(people[place] >= SMALLEST for place in hidden):
        return hidden
    others = [(number, place) for place, number in enumerate(people) if number and place not in hidden]
    return hidden | ({min(others)[1]} if others else set())


def _is_small(people: int) -> bool:
    return 0 < people < SMALLEST


def _told_around(bands: list[dict]) -> list[dict]:
    if not bands:
        return [{"from": 0.0, "upto": 1.0, "rest": 0}]
    hidden = withheld([cell["people"] for cell in bands])
    return [cell for place, cell in enumerate(bands) if place not in hidden and "rest" in cell]


def _covers(band: dict, cell: dict) -> bool:
    return band["from"] <= cell["from"] + 1e-9 and cell["upto"] <= band["upto"] + 1e-9


def _cuts(threshold: float | None, band: dict) -> bool:
    return threshold is not None and band["from"] + 1e-9 < threshold < band["upto"] - 1e-9


def share_of(cell: dict, *, hide: bool = False) -> Share:
    """One cell as a share."""
    edges = {"start": cell.get("from", 0.0), "end": cell.get("upto", 1.0)}
    if hide or cell["people"] < SMALLEST:
        return Share(cell["label"], None, None, None, None, **edges)
    hits, n = cell["hits"], cell["n"]
    return Share(cell["label"], n, hits / n, *wilson(hits, n), cell.get("predicted"), **edges)


def _cell(label: str, results: list[Result], happened: Callable[[Result], bool] = lambda item: item.happened) -> dict:
    return {
        "label": label,
        "n": len(results),
        "people": len({item.person for item in results}),
        "hits": sum(map(happened, results)),
        "predicted": sum(item.share for item in results) / len(results) if results else None,
    }


def _among(results: list[Result], label: str, low: float, high: float) -> dict:
    # As the reading has it: a band ends with its upper edge; the lowest begins with 0.
    inside = [item for item in results if _lies(item, low, high)]
    return _cell(label, inside) | {"from": low, "upto": high, "days": _days(inside)}


def _lies(item: Result, low: float, high: float) -> bool:
    return low < item.share <= high or (low == 0 and item.share == 0)


def _beside(results: list[Result], band: dict, bins: list[dict]) -> int:
    """How many people of a band stand in none of the tenths that lie in it whole."""
    inside = [cell for cell in bins if _covers(band, cell)]
    left = [item for item in results if _lies(item, band["from"], band["upto"])]
    return len({item.person for item in left if not any(_lies(item, cell["from"], cell["upto"]) for cell in inside)})


def _cut(results: list[Result], bands: list[dict], threshold: float) -> list[int]:
    """Of the band that the threshold cuts, how many people stand on each side of it."""
    cut = [
        item for band in bands if _cuts(threshold, band) for item in results if _lies(item, band["from"], band["upto"])
    ]
    return [len({item.person for item in cut if (item.share > threshold) is over}) for over in (False, True)]


def _days(results: list[Result]) -> list[str]:
    days = [item.run for item in results]
    return [min(days), max(days)] if days else []


def _at(results: list[Result], threshold: float) -> dict:
    """At the threshold: who is called is `over`; PPV among the called, sensitivity among those whom it happened to."""
    over = [item for item in results if item.share > threshold]
    came = [item for item in results if item.happened]
    called = lambda item: item.share > threshold  # noqa: E731
    return {
        "called": len({item.person for item in over}),
        "spared": len({item.person for item in results if item.share <= threshold}),
        "alerts": _cell("alerts", results, called),
        "ppv": _cell("ppv", over),
        "sensitivity": _cell("sensitivity", came, called),
    }


def _groups(results: list[Result], label: Callable[[Result], str], threshold: float | None) -> list[dict]:
    found: dict[str, list[Result]] = {}
    for item in results:
        found.setdefault(label(item), []).append(item)
    order = [name for _, name in _AGES]
    names = sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [
        _cell(name, found[name]) | {"at": None if threshold is None else _at(found[name], threshold)} for name in names
    ]


def _age(item: Result) -> str:
    return "not recorded" if item.age is None else next(name for below, name in _AGES if item.age < below)
