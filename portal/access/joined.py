"""Records that are one patient's: what was merged into a record, as the app knows that keeps the records."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Joined:
    """The records merged into one, and the record that goes on for it when it was merged itself; all by public id."""

    earlier: tuple[str, ...] = ()
    survivor: str = ""


Finder = Callable[[str], Joined]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Teach how records are joined."""
    _finders[:] = [finder]


def of(patient: str) -> Joined:
    """How the record of a public id is joined with others. Call it inside actions."""
    return _finders[0](patient) if _finders and patient else Joined()
