"""What a signature covers beyond a version's own row, and what still stands in the way of an approval.

Every part of the evidence names what of it is signed, and says in sentences what is missing; nothing else decides
whether a version is ready.
"""

from collections.abc import Callable
from dataclasses import dataclass

from portal.registry import reading
from portal.registry.models import ModelVersion


@dataclass(frozen=True)
class Missing:
    """Something that an approval waits for; `part` names the page where it is put right, `place` a section of that page."""

    sentence: str
    part: str
    place: str = ""


_COVERED: dict[str, Callable[[ModelVersion], object]] = {}
_GATES: dict[str, Callable[[ModelVersion], list]] = {}


def cover(part: str, value: Callable[[ModelVersion], object]) -> None:
    """Put a part under the signatures; `value` gives what is signed as plain JSON values."""
    _COVERED[part] = value


def gate(part: str, find: Callable[[ModelVersion], list]) -> None:
    """Let a part hold an approval back; `find` gives a sentence for each thing that is missing, or that and its section."""
    _GATES[part] = find


@reading.once
def covered(version: ModelVersion) -> dict[str, object]:
    """What the signatures cover of every part."""
    return {part: value(version) for part, value in _COVERED.items()}


@reading.once
def missing(version: ModelVersion) -> list[Missing]:
    """What an approval still waits for; empty when a reviewer may sign."""
    return [_missing(part, found) for part, find in _GATES.items() for found in find(version)]


def _missing(part: str, found: str | tuple[str, str]) -> Missing:
    sentence, place = (found, "") if isinstance(found, str) else found
    return Missing(sentence, part, place)
