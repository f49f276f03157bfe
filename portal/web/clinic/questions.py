"""One field of a model's form as the component draws it."""

from dataclasses import dataclass, field

from django.conf import settings

from portal.predictions.last_time import Typed
from portal.records.units import display_unit
from portal.registry import conditions
from portal.registry.answers import UNKNOWN
from portal.registry.spec import Option

# Before the name of an answer that is posted.
PREFIX = "in."


@dataclass(frozen=True)
class Unit:
    """A unit that may be chosen, with the straight line from it to the model's own."""

    code: str
    label: str
    factor: float | None
    offset: float | None


@dataclass(frozen=True)
class Question:
    """One field as the component draws it."""

    name: str
    label: str
    help: str
    kind: str
    required: bool
    value: str
    unit_name: str
    unit_label: str
    unit: str
    units: list[Unit]
    conversion: str
    options: list[Option]
    source: str
    optional: str
    weight: float
    not_listed: bool
    recorded: str
    changed: bool
    stale: bool
    last: Typed | None
    note: str
    warning: str
    tick_name: str
    tick: str
    ticked: bool
    without: str
    error: str
    was_name: str
    was: str
    minimum: float | None
    maximum: float | None
    possible: str
    range_hint: str
    usual_min: float | None
    usual_max: float | None
    judged: str = ""
    judgement: str = ""
    vouch: str = ""
    lead: str = ""
    proposed: bool = False
    hidden: bool = False
    condition: str = ""
    when: conditions.When | None = None
    when_value: str = ""
    how: str = ""
    # A moment that only a text can say, with its offset; and the two that it may mean where the clock shows it twice.
    worded: bool = False
    twice: list[Option] = field(default_factory=list)

    @property
    def megabytes(self) -> int:
        """How large a file may be."""
        return settings.SIGNAL_MAX_BYTES // 1024 // 1024

    @property
    def when_of(self) -> str:
        """The element id of the field on which it hangs."""
        return f"f-{self.when.input}"

    @property
    def id(self) -> str:
        """The element's id, for labels and links from the error summary."""
        return "f-" + self.name.removeprefix(PREFIX)

    @property
    def changed_how(self) -> str:
        """How an answer came about that is not the record's."""
        if self.value in ("", UNKNOWN):
            return "Not given"
        return "Chosen" if self.options else "Typed"

    @property
    def to_confirm(self) -> bool:
        """Whether its answer may be right and only waits for a tick."""
        return bool(self.warning and not self.ticked)

    @property
    def to_correct(self) -> bool:
        """Whether there is an answer, but one that cannot be used."""
        return self.value not in ("", UNKNOWN) and bool(self.error) and not self.to_confirm

    @property
    def known(self) -> bool:
        """Whether it has an answer that can be used."""
        return self.value not in ("", UNKNOWN) and not self.to_correct

    @property
    def unit_shown(self) -> str:
        """The chosen unit as people write it."""
        return (
            self.unit_label
            if self.unit == (self.units[0].code if self.units else self.unit)
            else display_unit(self.unit)
        )

    @property
    def in_sentence(self) -> str:
        """Its label within a sentence; abbreviations keep their capitals."""
        return self.label[:1].lower() + self.label[1:] if self.label[1:2].islower() else self.label
