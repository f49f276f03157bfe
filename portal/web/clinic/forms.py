"""Between a model's form and the page: what was typed comes in, what is shown goes out."""

from dataclasses import dataclass

from django.conf import settings

from portal.core import days
from portal.core.problems import BadInput
from portal.predictions import before, tracings
from portal.predictions.actions import BlankForm
from portal.predictions.last_time import Typed
from portal.predictions.prefill import NOT_LISTED, Prefilled
from portal.records import units as measures
from portal.records.units import display_unit
from portal.registry import answers
from portal.registry.answers import UNKNOWN
from portal.registry.spec import Field, FormSpec, Option, form_of, number_text

# What was typed, in which unit, what was ticked as right, what the record said as the form was shown, whose a file is.
PREFIX, UNIT, TICK, WAS, VOUCH = "in.", "unit.", "tick.", "was.", "vouch."


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
    range_hint: str
    usual_min: float | None
    usual_max: float | None
    judged: str = ""
    judgement: str = ""
    vouch: str = ""
    lead: str = ""

    @property
    def megabytes(self) -> int:
        """How large a file may be."""
        return settings.SIGNAL_MAX_BYTES // 1024 // 1024

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


def read(posted) -> dict:
    """Raw answers, chosen units and ticks from a posted form, as `request` takes them."""

    def under(prefix: str) -> dict:
        return {key.removeprefix(prefix): value for key, value in posted.items() if key.startswith(prefix)}

    return {"inputs": under(PREFIX), "units": under(UNIT), "ticks": under(TICK)}


def typed_in(posted) -> dict[str, str]:
    """What a draft keeps of a posted form: answers, units, ticks, and what the record said; never a token or a file."""
    kept = (PREFIX, UNIT, TICK, WAS)
    return {key[:200]: value for key, value in posted.items() if key.startswith(kept)}


def untouched_anew(typed):
    """What was typed before, without the fields that nobody touched: those are filled from the record as it is now."""
    if typed is None:
        return None
    kept = typed.copy()
    for name in [key.removeprefix(WAS) for key in typed if key.startswith(WAS)]:
        if typed.get(PREFIX + name, "") == typed[WAS + name]:
            kept.pop(PREFIX + name, None)
            kept.pop(TICK + name, None)
    return kept


def with_files(request, patient, version, inputs: dict) -> dict:
    """The inputs with the posted files as they were read; raises BadInput for one that is too large."""
    large = getattr(request, "upload_too_large", False)
    if not request.FILES and not large:
        return inputs
    form = form_of(version)
    asked = {field.name: field for field in form.fields if field.is_file}
    if asked and large:
        raise BadInput({name: tracings.too_large(field) for name, field in asked.items()})
    sent = {key.removeprefix(PREFIX): file for key, file in request.FILES.items() if key.startswith(PREFIX)}
    vouched = frozenset(name for name in asked if request.POST.get(VOUCH + name))
    given = inputs | {name: file for name, file in sent.items() if name in asked}
    return tracings.read_files(by=request.user, on=patient, form=form, inputs=given, vouched=vouched)


def groups(blank: BlankForm, *, typed, errors: dict) -> list[tuple[str, list[Question]]]:
    """The form's questions by group, with what was typed or what the record says."""
    return [
        (title, [_question(field, blank, typed or {}, errors) for field in fields])
        for title, fields in blank.form.groups()
    ]


def _question(field: Field, blank: BlankForm, typed, errors: dict) -> Question:
    known = blank.prefilled.get(field.name)
    value, unit = _value(field, known, typed), typed.get(UNIT + field.name) or field.unit
    was = _recorded(field, known)
    checked = answers.check(FormSpec((field,)), {field.name: value}, {field.name: unit}).given.get(field.name)
    tick = before.tick(value, unit)
    ticked = typed.get(TICK + field.name) == tick
    judged, judgement = _judge(field, checked.warning if checked else "", errors.get(field.name, ""), ticked)
    return Question(
        name=PREFIX + field.name,
        label=field.label,
        help=field.help,
        kind=field.kind,
        required=field.required,
        value=value,
        unit_name=UNIT + field.name,
        unit_label=field.unit_label,
        unit=unit,
        units=[_unit(field, code) for code in (field.unit, *field.units)] if field.units else [],
        conversion=checked.conversion if checked else "",
        options=_options(field),
        source=known.source if was else "",
        optional=before.optional(field, blank.form, blank.version.overlay),
        weight=0 if field.required else field.weight,
        not_listed=bool(was and known.source == NOT_LISTED),
        recorded=_said(field, known) if was else "",
        changed=(value, unit) != (was, field.unit),
        stale=bool(known and known.stale),
        last=None if was else blank.last.get(field.name),
        note=known.note if known and not was else "",
        warning=checked.warning if checked else "",
        tick_name=TICK + field.name,
        tick=tick,
        ticked=ticked,
        without=before.without(field, blank.version.overlay),
        error=errors.get(field.name, ""),
        was_name=WAS + field.name,
        was=was,
        minimum=field.minimum,
        maximum=field.maximum,
        range_hint=_hint(field),
        usual_min=field.usual_min,
        usual_max=field.usual_max,
        judged=judged,
        judgement=judgement,
        vouch=VOUCH + field.name if field.is_file and tracings.UNNAMED in errors.get(field.name, "") else "",
        lead=field.tracing["lead"] if field.is_file else "",
    )


def _judge(field: Field, warning: str, error: str, ticked: bool) -> tuple[str, str]:
    """What is said under an answer: `unusual` may be right and asks for a tick, `wrong` is refused."""
    if warning:
        return "unusual", f"Unusual: the model has seen {answers.seen(field)}." + ("" if ticked else " Please confirm.")
    if answers.NOT_POSSIBLE in error:
        return "wrong", f"Not possible: allowed {answers.allowed(field)}."
    said = error.removeprefix(f"{field.label}: ")
    return ("wrong", said[:1].upper() + said[1:]) if error else ("", "")


def _unit(field: Field, code: str) -> Unit:
    line = measures.line(code, field.unit, field.analyte or None) or (None, None)
    return Unit(code, display_unit(code), *line)


def _value(field: Field, known: Prefilled | None, typed) -> str:
    if field.is_file:
        return ""
    if PREFIX + field.name in typed:
        return typed[PREFIX + field.name]
    return _recorded(field, known) or (UNKNOWN if field.unknown and field.kind in ("choice", "boolean") else "")


def _recorded(field: Field, known: Prefilled | None) -> str:
    if known is None or known.value is None:
        return ""
    if field.options or not isinstance(known.value, float):
        return str(known.value)
    return number_text(known.value)


def _options(field: Field) -> list[Option]:
    options = [Option(str(option.value), option.label) for option in field.options]
    blank = Option(UNKNOWN, "Not known")
    return [*options, blank] if options and (field.unknown or not field.required) else options


def _said(field: Field, known: Prefilled) -> str:
    """What the record says, beside another answer: the value with its unit and day."""
    shown = next((option.label for option in field.options if option.value == known.value), _recorded(field, known))
    day = f", {days.moment(known.at).split(',')[0]}" if known.at else ""
    return f"{shown} {field.unit_label}".strip() + day


def _hint(field: Field) -> str:
    if field.usual_min is None or field.usual_max is None:
        return ""
    return f"the model has seen {answers.seen(field)}"
