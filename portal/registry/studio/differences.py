"""What differs between two states of a form, field by field and in words."""

from dataclasses import dataclass

# How people call the members of a field's entry; one that is not named here is named as it stands in the file.
WORDS = {
    "label": "label", "help": "help", "group": "group", "order": "place", "unit": "unit", "unit_label": "unit shown",
    "units": "units offered", "min": "lowest possible", "max": "highest possible", "usual_min": "usual from",
    "usual_max": "usual to", "options": "answers", "fixed": "fixed value", "default": "proposed answer",
    "required": "must be answered", "unknown": "“not known” offered", "record": "taken from the record",
    "when": "asked only when", "asked": "asked at all", "day_only": "day only", "zone": "time zone",
    "integer": "whole numbers only", "protected": "protected attribute", "direction_note": "note beside its contribution",
    "weight": "share of what the model relies on", "imputed": "what stands in for a gap", "kind": "kind",
    "least": "fewest values", "most": "most values",
}  # fmt: skip
NOTHING = "nothing"
_LONGEST = 160


@dataclass(frozen=True)
class Change:
    """One member that differs; `field` is empty for what is about the whole form."""

    field: str
    label: str
    member: str
    before: str
    after: str

    def plain(self) -> dict:
        """As JSON has it."""
        return dict(vars(self))


def between(before: dict, after: dict) -> list[Change]:
    """What differs, in the order of the fields' names."""
    found = []
    for part in ("inputs", "params"):
        old, new = before.get(part, {}), after.get(part, {})
        for name in sorted({*old, *new}):
            found += _of_field(name, old.get(name) or {}, new.get(name) or {})
    rest = sorted(({*before, *after}) - {"inputs", "params"})
    found += [
        Change("", "The whole form", name.replace("_", " "), said(name, before.get(name)), said(name, after.get(name)))
        for name in rest
        if before.get(name) != after.get(name)
    ]
    return found


def _of_field(name: str, old: dict, new: dict) -> list[Change]:
    label = new.get("label") or old.get("label") or name
    return [
        Change(name, label, WORDS.get(member, member), said(member, old.get(member)), said(member, new.get(member)))
        for member in sorted({*old, *new}, key=_place)
        if old.get(member) != new.get(member)
    ]


def _place(member: str) -> tuple[int, str]:
    names = list(WORDS)
    return (names.index(member) if member in names else len(names), member)


def said(member: str, value) -> str:
    """A value of an entry as people read it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    words = _SAY.get(member, _plain)(value)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _plain(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_plain(inner)}" for name, inner in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _options(options) -> str:
    return (
        ", ".join(str(option.get("label", "")) for option in options) if isinstance(options, list) else _plain(options)
    )


def _record(record) -> str:
    if not isinstance(record, dict):
        return _plain(record)
    codes = ", ".join(record.get("codes", ()))
    kind = {"observation": "measurement", "condition": "problem list", "encounters": "hospital stays"}
    words = f"{kind.get(record.get('kind'), record.get('kind'))} {codes}".strip()
    days = record.get("within_days")
    return f"{words}, of the last {days} days" if days else words


_SAY = {"options": _options, "record": _record}
