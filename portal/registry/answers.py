"""Checking the answers to a form: each is read, converted and ranged, or refused with a sentence beside the field."""

import base64
import binascii
import math
import re
from dataclasses import dataclass, field

from portal.datasets.signals import Signal, Unreadable
from portal.records import units
from portal.registry import conditions, moments, ranges, several
from portal.registry.spec import Field, FormSpec, number_text

UNKNOWN = "unknown"
# What the sentence of a value beyond all bounds says, in contrast to one that cannot be read.
NOT_POSSIBLE = "is not possible"
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$")
_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_WHOLE = re.compile(r"^[+-]?\d{1,40}$")
_TEXT_LIMIT = 200
# A file inside an answer is kept with it, encrypted; larger ones are for datasets.
FILE_LIMIT = 1_000_000


class Refusal(ValueError):
    """An answer that is not acceptable, as a sentence without the field's name."""


@dataclass(frozen=True)
class Answer:
    """One checked answer: the model's value, what was entered, and how the one became the other."""

    name: str
    value: object
    entered: object
    unit: str = ""
    conversion: str = ""
    warning: str = ""


@dataclass
class Answers:
    """All answers of a form; usable when `errors` is empty."""

    given: dict[str, Answer] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    # What was not asked, because another answer is as it is.
    hidden: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> dict[str, str]:
        """The soft warnings by field."""
        return {name: answer.warning for name, answer in self.given.items() if answer.warning}


def check(spec: FormSpec, raw: dict, chosen_units: dict | None = None) -> Answers:
    """Read raw answers (form texts or JSON values) against a form; nothing raises, all errors are collected."""
    found = Answers()
    for name in raw:
        if name not in spec.names:
            found.errors[str(name)[:80]] = _unasked(spec, str(name)[:80])
    for asked in spec.fields:
        _check_one(asked, raw, (chosen_units or {}).get(asked.name, ""), found)
    _leave_out(spec, found)
    _check_groups(spec, found)
    return found


def _leave_out(spec: FormSpec, found: Answers) -> None:
    """What is not asked is not sent: not its last value, and not for want of one."""
    for name in sorted(conditions.hidden(spec, {name: answer.value for name, answer in found.given.items()})):
        found.given.pop(name, None)
        found.errors.pop(name, None)
        found.hidden.append(name)
    found.missing = [name for name in found.missing if name not in found.hidden]


def _check_groups(spec: FormSpec, found: Answers) -> None:
    """A group that may be left out is left out whole, or has all that it needs."""
    for asked in spec.fields:
        if not asked.within or asked.name in {*found.given, *found.hidden, *found.errors}:
            continue
        group = f"{asked.within}."
        if any(name.startswith(group) for name in found.given):
            found.errors[asked.name] = f"{asked.label} is needed, because others of its group are given."


def _unasked(spec: FormSpec, name: str) -> str:
    return f"The model does not ask for “{name}”. It asks for: {', '.join(sorted(spec.names))}."


def _check_one(asked: Field, raw: dict, unit: str, found: Answers) -> None:
    if asked.left:
        return  # the model's own default holds
    if not asked.asked:
        found.given[asked.name] = Answer(asked.name, asked.fixed, asked.fixed)
        return
    entered = raw.get(asked.name)
    entered = entered.strip() if isinstance(entered, str) else entered
    if entered in (None, "") or (entered == UNKNOWN and (asked.unknown or not asked.required)):
        _check_missing(asked, found)
        return
    try:
        found.given[asked.name] = _answer(asked, entered, unit)
    except Refusal as refusal:
        found.errors[asked.name] = f"{asked.label}: {refusal}"


def _check_missing(asked: Field, found: Answers) -> None:
    if asked.required:
        found.errors[asked.name] = f"{asked.label} is needed: the model gives no answer without it."
    else:
        found.missing.append(asked.name)


def _answer(asked: Field, entered, unit: str) -> Answer:
    if asked.kind in ("choice", "boolean"):
        return Answer(asked.name, _choice(asked, entered), entered)
    if asked.kind in ("number", "integer"):
        return _number_answer(asked, entered, unit)
    if asked.is_tracing:
        return Answer(asked.name, _tracing(entered).samples, entered)
    if asked.holds_many:
        return Answer(asked.name, _several(asked, entered), entered)
    if asked.kind == "moment":
        value, words = _moment(asked, entered)
        return Answer(asked.name, value, entered, conversion=words)
    return Answer(asked.name, _READERS[asked.kind](entered), entered)


def value_of(asked: Field, entered) -> object:
    """What the model is given for an answer; raises Refusal."""
    return _answer(asked, entered.strip() if isinstance(entered, str) else entered, "").value


def number(entered) -> float:
    """A number as people write it; raises Refusal."""
    return _number(entered)


def _several(asked: Field, entered):
    item = asked.item
    try:
        return several.read(
            asked.kind, entered, lambda one: value_of(item, one), asked.sizes, words=item.kind in ("text", "moment")
        )
    except several.Unreadable as problem:
        raise Refusal(str(problem)) from None


def _moment(asked: Field, entered) -> tuple[str, str]:
    try:
        return moments.read(entered, asked.zone)
    except moments.Unreadable as problem:
        raise Refusal(str(problem)) from None


def _tracing(entered) -> Signal:
    if isinstance(entered, Unreadable):
        raise Refusal(entered.sentence)
    if not isinstance(entered, Signal):
        raise Refusal("send the ECG as a DICOM file.")
    return entered


def _number_answer(asked: Field, entered, unit: str) -> Answer:
    number = _number(entered)
    conversion = ""
    if unit and unit != asked.unit:
        number, conversion = _convert(asked, number, unit)
    if asked.kind == "integer" and number != int(number):
        raise Refusal(f"{number_text(number)} is not a whole number.")
    _check_possible(asked, number)
    beyond = ranges.fault(asked.type, number, whole=asked.kind == "integer")
    if beyond:
        raise Refusal(f"{number_text(number) if isinstance(number, float) else number} {beyond}")
    value = int(number) if asked.type in ("long", "integer") else float(number)
    return Answer(asked.name, value, entered, unit or asked.unit, conversion, unusual(asked, number))


def _number(entered) -> float:
    if _WHOLE.match(str(entered)) and not isinstance(entered, bool):
        return int(entered)  # as it is: a float has no place for nineteen digits
    if isinstance(entered, bool) or not isinstance(entered, int | float | str):
        raise Refusal("write a number, for example 37.5.")
    text = str(entered)
    if _COMMA.match(text):
        raise Refusal(f"write {text.replace(',', '.')} with a point; you wrote {text}.")
    if isinstance(entered, str) and not _NUMBER.match(text):
        raise Refusal(f"“{text[:40]}” is not a number. Write digits, for example 37.5.")
    return _finite(float(text) if len(text) < 400 else math.inf, text[:20])


def _finite(number: float, text: str) -> float:
    if not math.isfinite(number):
        raise Refusal(f"{text} is too large to be a measurement.")
    return number


def _convert(asked: Field, number: float, unit: str) -> tuple[float, str]:
    if unit not in asked.units:
        allowed = ", ".join((asked.unit, *asked.units))
        raise Refusal(f"the unit {str(unit)[:20]} is not offered. Allowed: {allowed}.")
    try:
        converted = units.convert(number, unit, asked.unit, analyte=asked.analyte or None)
    except (units.UnitUnknown, units.UnitMismatch) as problem:
        raise Refusal(str(problem)) from None
    _finite(converted.value, f"{number_text(number)} {units.display_unit(unit)}")
    return converted.value, f"{number_text(number)} {units.display_unit(unit)} = {_rounded(asked, converted.value)}"


def _rounded(asked: Field, number: float) -> str:
    return f"{number_text(float(f'{number:.4g}'))} {asked.unit_label}".strip()


def _check_possible(asked: Field, number: float) -> None:
    low, high = asked.minimum, asked.maximum
    if (low is None or number >= low) and (high is None or number <= high):
        return
    raise Refusal(f"{_shown(asked, number)} {NOT_POSSIBLE}. Allowed: {_range(asked, low, high)}.")


def unusual(asked: Field, number: float) -> str:
    """A warning when a value lies outside what the model was trained on, else an empty text."""
    low, high = asked.usual_min, asked.usual_max
    if (low is None or number >= low) and (high is None or number <= high):
        return ""
    return f"{_shown(asked, number)} is outside what the model has seen ({_range(asked, low, high)})."


def allowed(asked: Field) -> str:
    """The range of values that can be at all, with the unit."""
    return _range(asked, asked.minimum, asked.maximum)


def seen(asked: Field) -> str:
    """The range of values that the model was trained on, with the unit."""
    return _range(asked, asked.usual_min, asked.usual_max)


def _shown(asked: Field, number: float) -> str:
    return f"{_signed(round(number, 6))} {asked.unit_label}".strip()


def _signed(number: float) -> str:
    """A number with a minus sign, not a hyphen."""
    return number_text(number).replace("-", "−")


def _range(asked: Field, low, high) -> str:
    if low is None:
        return f"up to {_shown(asked, high)}"
    if high is None:
        return f"from {_shown(asked, low)}"
    return f"{_signed(low)} to {_shown(asked, high)}"


def _choice(asked: Field, entered) -> object:
    for option in asked.options:
        if entered == option.value and type(entered) is type(option.value):
            return option.value
        if isinstance(entered, str) and entered.casefold() in _spellings(asked, option):
            return option.value
    offered = ", ".join(option.label for option in asked.options)
    raise Refusal(f"“{str(entered)[:40]}” is not one of the answers. Allowed: {offered}.")


def _spellings(asked: Field, option) -> set[str]:
    texts = {str(option.value).casefold()}
    return texts | ({option.label.casefold()} if asked.kind == "boolean" else set())


def _text(entered) -> str:
    if not isinstance(entered, str) or len(entered) > _TEXT_LIMIT:
        raise Refusal(f"write a text of at most {_TEXT_LIMIT} characters.")
    return entered


def _date(entered) -> str:
    try:
        return moments.day(entered)
    except moments.Unreadable as problem:
        raise Refusal(str(problem)) from None


def _file(entered) -> str:
    """A file as base64 text; empty ones and those beyond the limit are refused."""
    try:
        size = len(base64.b64decode(entered, validate=True)) if isinstance(entered, str) else 0
    except (binascii.Error, ValueError):
        size = 0
    if not 0 < size <= FILE_LIMIT:
        raise Refusal(f"send a file of at most {FILE_LIMIT // 1_000_000} MB; a program sends it as base64 text.")
    return entered


_READERS = {"text": _text, "date": _date, "file": _file}
