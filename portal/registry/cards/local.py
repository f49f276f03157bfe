"""What an upper app knows of a version on this hospital's own patients, for attributes 27 and 29; asked for at each reading."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.registry.models import ModelVersion


@dataclass(frozen=True)
class Local:
    """Sentences about validity and fairness here; empty where nothing may be told."""

    validity: tuple[str, ...] = ()
    fairness: tuple[str, ...] = ()

    def of(self, number: int) -> tuple[str, ...]:
        """What belongs beside an attribute."""
        return {27: self.validity, 29: self.fairness}.get(number, ())


_provider: list[Callable[[ModelVersion], Local]] = []


def register(provide: Callable[[ModelVersion], Local]) -> None:
    """Let an app tell what is known here; it is asked inside an action."""
    _provider[:] = [provide]


def known(version: ModelVersion) -> Local:
    """What is known now."""
    return _provider[0](version) if _provider else Local()
