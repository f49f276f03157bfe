"""Checking what an overlay says of one field against the signature; each finding is (member, sentence)."""

import re
from collections.abc import Iterator
from dataclasses import replace

from portal.records import units
from portal.registry import answers, conditions, moments, ranges
from portal.registry.spec import Field, FormSpec

LIMITS = {"label": 120, "help": 400, "group": 60, "unit": 40, "unit_label": 40}
_LOINC = re.compile(r"^\d{1,7}-\d$")
# From which kinds of facts of the record a kind of field can be filled.
FITS = {
    "age": {"number", "integer"}, "encounters": {"number", "integer"},
    "observation": {"number", "integer", "text", "choice", "date", "moment"}, "sex": {"choice", "text", "number", "integer"},
    "condition": {"boolean", "choice", "text", "number", "integer"},
}  # fmt: skip
_NUMBERS = ("number", "integer")
_COUNTED = ("double", "float", "long", "integer")
# The members that say something of some questions alone: of which, and what is said of all others.
BELONGS = {
    **dict.fromkeys(("unit", "unit_label"), (lambda field: field.word in _COUNTED, "only numbers have a unit.")),
    "integer": (lambda field: field.type in _COUNTED, "only a single number is narrowed to whole ones."),
    "day_only": (lambda field: field.word == "datetime", "only a moment can be asked for its day alone."),
    "zone": (lambda field: field.word == "datetime" and field.zone != "", "only a moment with its time goes by a clock."),
    "asked": (lambda field: field.setting, "only a setting of the model is offered or left."),
}  # fmt: skip


def faults(form: FormSpec, entries: dict) -> dict[str, str]:
    """What does not fit, as sentences under `<field>.<member>`; `form` is made from the same entries."""
    found: dict[str, str] = {}
    for field in form.fields:
        entry = entries.get(field.name) or {}
        for member, sentence in _of_field(form, field, entry):
            found.setdefault(f"{field.name}.{member}", f"{field.label[:40]}: {sentence}")
    return found


def _of_field(form: FormSpec, field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    yield from _texts(entry)
    yield from _strays(field, entry)
    yield from _units(field, entry)
    yield from _bounds(field, entry)
    yield from _options(field, entry)
    yield from _values(field, entry)
    yield from _missing(field)
    yield from _record(field, entry)
    yield from _when(form, field, entry)


def _texts(entry: dict) -> Iterator[tuple[str, str]]:
    for member, most in LIMITS.items():
        value = entry.get(member, "")
        if not isinstance(value, str) or len(value) > most:
            yield member, f"write at most {most} characters."


def _strays(field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    for member, (belongs, sentence) in BELONGS.items():
        if entry.get(member) and not belongs(field):
            yield member, sentence


def _units(field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    if field.kind not in _NUMBERS and entry.get("units"):
        yield "units", "only a single number can be asked in several units."
        return
    for member, unit in [("unit", field.unit), *(("units", unit) for unit in field.units)]:
        try:
            if unit:
                units.check(unit)
            if member == "units" and not field.unit:
                yield "units", "name the model's own unit first; the others are converted into it."
            elif member == "units":
                units.convert(1.0, unit, field.unit, analyte=field.analyte or None)
        except (units.UnitUnknown, units.UnitMismatch) as problem:
            yield member, str(problem)


def _bounds(field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    numeric = field.item.kind in _NUMBERS if field.holds_many else field.kind in _NUMBERS
    for member in ("min", "max", "usual_min", "usual_max"):
        value = entry.get(member)
        if value is None or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if not numeric:
            yield member, "only numbers have a range."
        elif beyond := ranges.fault(field.item.type if field.holds_many else field.type, value, whole=False):
            yield member, f"{answers.number_text(value)} {beyond}"
    if field.holds_many and any(entry.get(member) is not None for member in ("usual_min", "usual_max")):
        yield "usual_min", "for a list no usual range can be set."
    yield from _sides(entry)
    low, high = entry.get("usual_min"), entry.get("usual_max")
    if _is_number(low) and _is_number(entry.get("min")) and low < entry["min"]:
        yield "usual_min", "what is usual cannot begin below what is possible."
    if _is_number(high) and _is_number(entry.get("max")) and high > entry["max"]:
        yield "usual_max", "what is usual cannot end above what is possible."


# A lower end, its upper end, and how people call both.
_SIDES = (
    ("min", "max", "the lowest possible", "the highest possible"),
    ("usual_min", "usual_max", "the end that the usual begins from", "the end that the usual goes to"),
)


def _sides(entry: dict) -> Iterator[tuple[str, str]]:
    for lower, upper, begin, end in _SIDES:
        low, high = entry.get(lower), entry.get(upper)
        if _is_number(low) and _is_number(high) and low > high:
            yield lower, f"{begin}, {answers.number_text(low)}, is above {end}, {answers.number_text(high)}."


def _options(field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    given = entry.get("options")
    if not given:
        return
    if field.kind != "choice":
        yield "options", "a list, a file or a moment has no fixed answers."
        return
    if not isinstance(given, list) or not all(
        isinstance(one, dict) and set(one) == {"value", "label"} for one in given
    ):
        yield "options", "name a value and a label for each answer."
        return
    plain = replace(field, kind=_plain_kind(field.type), minimum=None, maximum=None, options=())
    for one in given:
        if not isinstance(one["label"], str) or not one["label"].strip():
            yield "options", "each answer needs words."
        elif not _takes(plain, one["value"]):
            yield "options", f"“{str(one['value'])[:40]}” is no value of the type {field.type}, which the model takes."
    for part in ("value", "label"):
        if len({str(one[part]).casefold() for one in given}) != len(given):
            yield "options", f"two answers have the same {'words' if part == 'label' else part}."


def _plain_kind(declared: str) -> str:
    return {"string": "text", "boolean": "boolean"}.get(
        declared, "number" if declared in ("double", "float") else "integer"
    )


def _takes(field: Field, value) -> bool:
    if field.type == "boolean":
        return isinstance(value, bool)
    try:
        found = answers.value_of(field, value)
    except (answers.Refusal, TypeError, ValueError):
        return False
    return isinstance(value, str) == isinstance(found, str) and found == value


def _values(field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    if entry.get("fixed") is not None and entry.get("default") is not None and not field.setting:
        yield "default", "a fixed field is not asked, so nothing can be proposed."
    for member in ("fixed", "default"):
        value = entry.get(member)
        if value is None:
            continue
        if field.is_file:
            yield member, "a file cannot be set for everybody."
            continue
        try:
            # A fixed moment goes to the model as it stands, by the model's own clock.
            found = answers.value_of(replace(field, zone=moments.LOCAL) if member == "fixed" else field, value)
        except answers.Refusal as problem:
            yield member, str(problem)
            continue
        if found != value or isinstance(found, bool) != isinstance(value, bool):
            yield member, f"write it as the model takes it: {str(found)[:80]}."
    if field.zone not in ("", moments.LOCAL) and field.word == "datetime":
        try:
            moments.zone_of(field.zone)
        except KeyError:
            yield "zone", f"there is no time zone “{field.zone[:40]}”. Write it as UTC or Europe/Berlin."


def _missing(field: Field) -> Iterator[tuple[str, str]]:
    if field.nullable or not field.asked:
        return
    if not field.required:
        yield (
            "required",
            f"the signature says that the model needs it, and a {field.type} has no value for “not known”.",
        )
    if field.when is not None:
        yield "when", f"the signature says that the model needs it, and a {field.type} has no value for “not asked”."


def _record(field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    record = entry.get("record")
    if not isinstance(record, dict) or record.get("kind") not in FITS:
        return
    if field.kind not in FITS[record["kind"]]:
        yield "record", "the record holds nothing of this type that could fill it."
    for code in record.get("codes", ()) if record["kind"] == "observation" else ():
        if not is_loinc(str(code)):
            yield "record", f"“{str(code)[:20]}” is no LOINC code: its last digit does not fit, or it is misspelt."


def is_loinc(code: str) -> bool:
    """Whether a text is a well-formed LOINC code: its last digit checks the others (mod 10)."""
    if not _LOINC.match(code):
        return False
    digits, check = code.split("-")
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    total = sum(number - 9 if number > 9 else number for number in doubled)
    return (10 - total % 10) % 10 == int(check)


def _when(form: FormSpec, field: Field, entry: dict) -> Iterator[tuple[str, str]]:
    given = entry.get("when")
    if given is None:
        return
    if (
        not isinstance(given, dict)
        or len({*given} & {*conditions.TESTS}) != 1
        or {*given} - {"input", *conditions.TESTS}
    ):
        yield "when", f"name a field and one of {', '.join(conditions.TESTS)}."
        return
    others = {one.name: one for one in form.fields}
    other = others.get(field.when.input)
    if other is None or other is field:
        yield "when", "choose another field of this form."
    elif field.setting or not field.asked:
        yield "when", "it is not asked, so it needs no condition."
    elif other.holds_many or other.is_file or other.kind in ("moment", "date", "text"):
        yield "when", f"{other.label} is no number and has no fixed answers, so nothing can hang on it."
    elif field.name in _above(others, other):
        yield "when", "the two fields would wait for each other."
    else:
        yield from _test(field.when, other)


def _above(others: dict, other: Field) -> set[str]:
    found: set[str] = set()
    while other is not None and other.when is not None and other.name not in found:
        found.add(other.name)
        other = others.get(other.when.input)
    return found | ({other.name} if other is not None else set())


def _test(when: conditions.When, other: Field) -> Iterator[tuple[str, str]]:
    if when.test in ("above", "below"):
        if other.kind not in _NUMBERS or not _is_number(when.value):
            yield "when", f"above and below need a number, and {other.label} to be one."
        return
    values = when.value if when.test == "in" else (when.value,)
    known = [option.value for option in other.options]
    if not values or (known and any(not any(conditions.same(value, one) for one in known) for value in values)):
        offered = ", ".join(option.label for option in other.options)
        yield "when", f"that is not one of the answers to {other.label}: {offered}."
    elif not known and not all(map(_is_number, values)):
        yield "when", f"{other.label} is a number; write a number."


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
