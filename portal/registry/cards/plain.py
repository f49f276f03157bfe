"""A card in the order in which people ask: what it is for, when not to use it, how good it is, who stands behind it."""

from dataclasses import dataclass

from portal.registry.cards import attributes
from portal.registry.cards.actions import Opened
from portal.registry.cards.card import Line


@dataclass(frozen=True)
class Part:
    """One question with what the card says to it; `live` is what the portal itself adds today."""

    title: str
    lines: tuple[Line, ...]
    live: tuple[str, ...] = ()


_PARTS = (
    ("What it is for", (5, 6, 7)), ("What it answers", (3, 4, 8)), ("Do not use it for", (9,)), ("Known risks and limits", (10,)),
    ("How good it is", (21, 22, 23, 24, 25)), ("On our own patients", (27, 29)), ("What it was made from", (11, 13, 14)),
    ("Protected and social inputs", (12,)), ("Fairness", (15, 16)), ("Tests elsewhere", (17, 18, 19, 20)),
    ("How it is watched and kept up", (26, 28, 30, 31)), ("Who made it, and who paid", (1, 2)),
)  # fmt: skip
# What a tired reader must know before the first run.
THREE = ((5, 6), (9,), (10,))
THREE_TITLES = ("What it is for", "Do not use it for", "What can go wrong")


def parts(opened: Opened) -> list[Part]:
    """Everything the rule asks for, by question."""
    return [Part(title, _lines(opened, numbers), _live(opened, numbers)) for title, numbers in _PARTS]


def three_things(opened: Opened) -> list[Part]:
    """The three things to know before the first run."""
    return [Part(title, _lines(opened, numbers)) for title, numbers in zip(THREE_TITLES, THREE, strict=True)]


def device(opened: Opened) -> str:
    """The device determination in a word or two; empty when none is made."""
    return attributes.DEVICE_STATES.get(opened.card.value("device").get("status", ""), "")


def _lines(opened: Opened, numbers: tuple[int, ...]) -> tuple[Line, ...]:
    return tuple(opened.card.line(attributes.BY_NUMBER[number]) for number in numbers)


def _live(opened: Opened, numbers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(sentence for number in numbers for sentence in opened.local.of(number))
