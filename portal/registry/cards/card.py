"""A version's card: the newest value of each item, who wrote it and when, and what it said before."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.registry import reading
from portal.registry.cards import attributes, elements, values
from portal.registry.cards.attributes import OWN, Group, Item
from portal.registry.models import CardEntry, ModelVersion

OWN_PREFIX, MOST_OWN = "own.", 40
OWN_GROUP = Group(
    "own", "Our own", (), "What this hospital wants to know besides. To take one away, empty its name and its text."
)


@dataclass(frozen=True)
class Said:
    """One value as one person wrote it; `since` is the number of the version for which they did."""

    value: dict
    text: str
    by: str
    at: datetime
    since: int


@dataclass(frozen=True)
class Line:
    """One item with its newest value and its history, newest first."""

    item: Item
    said: Said | None
    before: tuple[Said, ...] = ()

    @property
    def value(self) -> dict:
        """What is said now; {} when nothing is."""
        return self.said.value if self.said else {}

    @property
    def text(self) -> str:
        """The same in plain words."""
        return self.said.text if self.said else ""

    @property
    def label(self) -> str:
        """What it is called; the hospital's own have the name that they were given."""
        return self.value.get("title", "") if self.item.kind == OWN else self.item.label

    @property
    def blank(self) -> bool:
        """Whether the rule finds nothing said."""
        return values.is_blank(self.item, self.value)


@dataclass(frozen=True)
class Card:
    """All of a version's card."""

    version: ModelVersion
    lines: dict[str, Line] = field(default_factory=dict)

    def line(self, item: Item) -> Line:
        """One item; blank where nobody said anything."""
        return self.lines.get(item.key) or Line(item, None)

    def value(self, key: str) -> dict:
        """What is said under a key now; {} when nothing is."""
        return self.lines[key].value if key in self.lines else {}

    def text(self, number: int) -> str:
        """One of the 31 in plain words."""
        return self.line(attributes.BY_NUMBER[number]).text

    def values(self) -> dict[str, dict]:
        """What is said now, by key, without what is blank."""
        return {key: line.value for key, line in sorted(self.lines.items()) if line.value}

    def own(self) -> list[Line]:
        """The hospital's own attributes, oldest first."""
        found = [line for line in self.lines.values() if line.item.kind == OWN and line.value]
        return sorted(found, key=lambda line: line.item.number)

    def group(self, slug: str) -> tuple[Group, list[Line]] | None:
        """One group by its slug, the hospital's own with a place for one more; None when there is no such group."""
        if slug == OWN_GROUP.slug:
            return OWN_GROUP, [*self.own(), *self._next_own()]
        found = next((group for group in (*attributes.GROUPS, *elements.GROUPS) if group.slug == slug), None)
        return found and (found, [self.line(item) for item in found.items])

    def more(self) -> list[tuple[Group, list[Line]]]:
        """What the exchange file has a place for besides, where anything is said."""
        found = [(group, [self.line(item) for item in group.items]) for group in elements.GROUPS]
        return [(group, [line for line in lines if line.text]) for group, lines in found]

    def _next_own(self) -> list[Line]:
        numbers = [line.item.number for line in self.lines.values() if line.item.kind == OWN]
        item = item_of(f"{OWN_PREFIX}{max(numbers, default=0) + 1}")
        return [Line(item, None)] if item else []

    def groups(self) -> list[tuple[Group, list[Line]]]:
        """What the rule, GMLP and the device question ask for, group by group."""
        return [(group, [self.line(item) for item in group.items]) for group in attributes.GROUPS]


def read(version: ModelVersion) -> Card:
    """The card of a version as it stands."""
    found: dict[str, list[Said]] = {}
    for row in version.card_entries.select_related("author"):
        if (item := item_of(row.key)) is not None:
            said = Said(row.value, values.text_of(item, row.value), row.author.label, row.at, row.since)
            found.setdefault(row.key, []).append(said)
    lines = {key: Line(item_of(key), said[-1], tuple(said[-2::-1])) for key, said in found.items()}
    return Card(version, lines)


@reading.once
def values_of(version: ModelVersion) -> dict[str, dict]:
    """What is said now, by key, without who said it; what is blank is left out."""
    rows = CardEntry.objects.filter(version=version).order_by("id").values_list("key", "value")
    return {key: value for key, value in sorted(dict(rows).items()) if value and item_of(key)}


def item_of(key: str) -> Item | None:
    """What stands under a key; None when no card has such a key."""
    if key.startswith(OWN_PREFIX):
        number = key.removeprefix(OWN_PREFIX)
        if not number.isascii() or not number.isdecimal() or number.startswith("0") or int(number) > MOST_OWN:
            return None
        return Item(key, "Our own", kind=OWN, number=int(number), required=False)
    return _ITEMS.get(key)


_ITEMS = {item.key: item for group in (*attributes.GROUPS, *elements.GROUPS) for item in group.items}
