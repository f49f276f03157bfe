"""Between a version's overlay and the page on which reviewers change it."""

import copy
from dataclasses import dataclass

from portal.core.problems import BadInput
from portal.registry import spec

TEXTS = (
    ("label", "Label"),
    ("help", "Help"),
    ("group", "Group"),
    ("unit", "Unit (UCUM)"),
    ("unit_label", "Unit shown"),
)
NUMBERS = (
    ("order", "Order"),
    ("min", "Least possible"),
    ("max", "Most possible"),
    ("usual_min", "Usual from"),
    ("usual_max", "Usual to"),
)
MEMBERS = (*TEXTS, *NUMBERS, ("fixed", "Fixed to"))


@dataclass(frozen=True)
class Cell:
    """One member of one input's overlay as the page shows it."""

    name: str
    label: str
    value: str


@dataclass(frozen=True)
class Row:
    """One input of the form."""

    name: str
    title: str
    required: bool
    cells: list[Cell]


def rows_of(version, typed=None) -> list[Row]:
    """What the page shows: the overlay, or what was typed."""
    return [
        _row(field, version.overlay.get("inputs", {}).get(field.name, {}), typed)
        for field in spec.form_of(version).fields
    ]


def overlay_of(version, typed) -> dict:
    """The overlay that was typed; raises BadInput naming each number that is none."""
    overlay = copy.deepcopy(version.overlay)
    entries = overlay.setdefault("inputs", {})
    errors: dict[str, str] = {}
    for field in spec.form_of(version).fields:
        entry = entries.setdefault(field.name, {})
        for member, label in MEMBERS:
            text = typed.get(f"{field.name}.{member}", "").strip()
            _put(entry, member, text, field, f"{field.label}, {label.lower()}", errors)
        entry["required"] = f"{field.name}.required" in typed
    if errors:
        raise BadInput(errors)
    return overlay


def _put(entry: dict, member: str, text: str, field: spec.Field, words: str, errors: dict) -> None:
    if not text:
        entry.pop(member, None)
        return
    if member == "fixed" and field.options:
        _fix(entry, text, field, words, errors)
        return
    if member in dict(TEXTS) or (member == "fixed" and field.kind in ("text", "date")):
        entry[member] = text
        return
    try:
        number = float(text)
        entry[member] = int(number) if member == "order" or field.kind == "integer" else number
    except (ValueError, OverflowError):
        errors[f"{field.name}.{member}"] = f"{words}: “{text[:40]}” is not a number."


def _fix(entry: dict, text: str, field: spec.Field, words: str, errors: dict) -> None:
    known = {str(option.value): option.value for option in field.options}
    if text in known:
        entry["fixed"] = known[text]
    else:
        errors[f"{field.name}.fixed"] = (
            f"{words}: “{text[:40]}” is not one of the answers. Allowed: {', '.join(known)}."
        )


def _row(field: spec.Field, entry: dict, typed) -> Row:
    cells = [_cell(field, member, label, entry, typed) for member, label in MEMBERS]
    required = field.required if typed is None else f"{field.name}.required" in typed
    return Row(field.name, field.label, required, cells)


def _cell(field: spec.Field, member: str, label: str, entry: dict, typed) -> Cell:
    name = f"{field.name}.{member}"
    value = entry.get(member, "") if typed is None else typed.get(name, "")
    return Cell(name, label, str(value))
