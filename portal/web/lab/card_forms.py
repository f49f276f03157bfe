"""Between a card's values and the page on which people write them."""

from dataclasses import dataclass

from portal.registry.cards import attributes
from portal.registry.cards.attributes import (
    CHOICE,
    DEVELOPER,
    DEVICE,
    GMLP,
    LIST,
    MARK,
    OWN,
    RESULTS,
    TICKED,
    TICKS,
)  # fmt: skip
from portal.registry.cards.card import Line
from portal.registry.cards.values import ANSWERS

_MORE_RESULTS = 3


@dataclass(frozen=True)
class Question:
    """One item as the page asks for it."""

    line: Line
    value: dict
    error: str
    choices: tuple[tuple[str, str, bool], ...] = ()
    criteria: tuple[tuple[int, str, dict], ...] = ()
    results: tuple[tuple[int, str, str], ...] = ()

    @property
    def listed(self) -> str:
        """The texts of a list, one on each line."""
        return "\n".join(self.value.get("items", ()))

    @property
    def key(self) -> str:
        """The beginning of its fields' names."""
        return self.line.item.key


def questions(lines: list[Line], typed=None, errors=None) -> list[Question]:
    """What the page shows: what the card says, or what was typed."""
    return [_question(line, typed, (errors or {}).get(line.item.key, "")) for line in lines]


def raw_of(lines: list[Line], typed) -> dict[str, dict]:
    """The values that were typed, as `cards.actions.write` takes them."""
    return {line.item.key: _raw(line, typed) for line in lines}


def _question(line: Line, typed, error: str) -> Question:
    item, value = line.item, line.value if typed is None else _raw(line, typed)
    return Question(line, value, error, _choices(item, value), _criteria(item, value), _results(item, value))


def _raw(line: Line, typed) -> dict:
    item, key = line.item, line.item.key
    value = {"text": typed.get(f"{key}.text", "")}
    if item.kind == DEVICE:
        return _raw_device(key, typed)
    if item.kind == LIST:
        return {"items": typed.get(f"{key}.items", "").split("\n")}
    if item.kind == RESULTS:
        return {"results": _raw_results(key, typed)}
    if item.kind == MARK:
        return {"marked": f"{key}.marked" in typed}
    single = {DEVELOPER: "contact", CHOICE: "choice", GMLP: "answer", OWN: "title"}
    if item.kind in single:
        return value | {single[item.kind]: typed.get(f"{key}.{single[item.kind]}", "")}
    if item.kind == TICKS:
        return value | {"ticks": typed.getlist(f"{key}.ticks"), "none": f"{key}.none" in typed}
    return value | ({"unavailable": True} if f"{key}.unavailable" in typed else {})


def _raw_device(key: str, typed) -> dict:
    criteria = [
        {"met": typed.get(f"{key}.met.{place}", ""), "text": typed.get(f"{key}.reason.{place}", "")}
        for place in range(1, len(attributes.CRITERIA) + 1)
    ]
    return {name: typed.get(f"{key}.{name}", "") for name in ("status", "number", "urgent")} | {"criteria": criteria}


def _raw_results(key: str, typed) -> list[list[str]]:
    names = [name for name in typed if name.startswith(f"{key}.label.")]
    places = sorted(int(place) for name in names if (place := name.rpartition(".")[2]).isdecimal() and len(place) < 4)
    pairs = [[typed.get(f"{key}.label.{place}", ""), typed.get(f"{key}.value.{place}", "")] for place in places]
    return [pair for pair in pairs if any(part.strip() for part in pair)]


def _choices(item, value: dict) -> tuple[tuple[str, str, bool], ...]:
    if item.kind == CHOICE:
        return tuple((name, name.capitalize(), name == value.get("choice")) for name in item.choices)
    if item.kind == TICKS:
        return tuple((name, label.capitalize(), name in value.get("ticks", ())) for name, label in TICKED.items())
    if item.kind == GMLP:
        return tuple((name, label.capitalize(), name == value.get("answer")) for name, label in ANSWERS.items())
    if item.kind == DEVICE:
        states = attributes.DEVICE_STATES.items()
        return tuple((name, label.capitalize(), name == value.get("status")) for name, label in states)
    return ()


def _criteria(item, value: dict) -> tuple[tuple[int, str, dict], ...]:
    if item.kind != DEVICE:
        return ()
    given = [*value.get("criteria", ()), *({} for _ in attributes.CRITERIA)]
    return tuple((place, words, given[place - 1]) for place, words in enumerate(attributes.CRITERIA, 1))


def _results(item, value: dict) -> tuple[tuple[int, str, str], ...]:
    if item.kind != RESULTS:
        return ()
    given = [*value.get("results", ()), *(["", ""] for _ in range(_MORE_RESULTS))]
    return tuple((place, label, told) for place, (label, told) in enumerate(given, 1))
