"""Between a model's form and the page: what was typed comes in, what is shown goes out."""

from portal.core import days
from portal.core.problems import BadInput
from portal.predictions import before, tracings
from portal.predictions.actions import BlankForm
from portal.predictions.prefill import NOT_LISTED, Prefilled
from portal.records import units as measures
from portal.records.units import display_unit
from portal.registry import answers, conditions, moments
from portal.registry.answers import UNKNOWN
from portal.registry.spec import Field, FormSpec, Option, form_of, number_text
from portal.registry.studio import values
from portal.web.clinic import possible
from portal.web.clinic.questions import PREFIX, Question, Unit

# In which unit something was typed, what was ticked as right, what the record said as the form was shown, whose a file is.
UNIT, TICK, WAS, VOUCH = "unit.", "tick.", "was.", "vouch."


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
    spared = _hidden(blank, typed or {})
    return [
        (title, [_question(field, blank, typed or {}, errors, spared) for field in fields])
        for title, fields in blank.form.groups()
    ]


def _hidden(blank: BlankForm, typed) -> frozenset[str]:
    """What is not asked while the answers are as they stand on the page."""
    if not any(field.when for field in blank.form.fields):
        return frozenset()
    asked = [field for field in blank.form.fields if field.asked and not field.is_file]
    raw = {field.name: _value(field, blank.prefilled.get(field.name), typed) for field in asked}
    chosen = {field.name: typed.get(UNIT + field.name, "") for field in asked}
    return frozenset(answers.check(blank.form, raw, chosen).hidden)


def _question(field: Field, blank: BlankForm, typed, errors: dict, spared: frozenset[str]) -> Question:
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
        possible=possible.range_of(field, unit),
        range_hint=_hint(field),
        usual_min=field.usual_min,
        usual_max=field.usual_max,
        judged=judged,
        judgement=judgement,
        **_kind_of_its_own(field, blank, errors, spared),
        **(_moment(field, value) if field.kind == "moment" else {}),
    )


def _kind_of_its_own(field: Field, blank: BlankForm, errors: dict, spared: frozenset[str]) -> dict:
    """What only files, lists, moments and fields that hang on others have."""
    return {
        "vouch": VOUCH + field.name if field.is_tracing and tracings.UNNAMED in errors.get(field.name, "") else "",
        "lead": field.tracing["lead"] if field.is_tracing else "",
        "proposed": field.name in blank.prefilled and blank.prefilled[field.name].proposed,
        "hidden": field.name in spared,
        "condition": conditions.sentence(blank.form, field),
        "when": field.when if field.when and blank.form[field.when.input].asked else None,
        "when_value": _compared(blank.form, field),
        "how": how(field),
    }


def _moment(field: Field, value: str) -> dict:
    twice = [Option(*pair) for pair in moments.twice(value, field.zone)]
    return {"twice": twice, "worded": bool(twice) or not moments.is_picked(value)}


def _compared(form: FormSpec, field: Field) -> str:
    """What the answer on which a field hangs is compared with, written as that answer is on the page."""
    if field.when is None or not form[field.when.input].asked:
        return ""
    options, given = form[field.when.input].options, field.when.value
    found = given if field.when.test == "in" else (given,)
    if options:
        return "\n".join(str(one.value) for one in options if any(conditions.same(one.value, value) for value in found))
    return "\n".join(number_text(value) for value in found)


def how(field: Field) -> str:
    """How an answer of several values, or a moment, is written, and how many values the model takes."""
    words = [f"{size} {one}" for size, one in zip(field.sizes, _SIZED.get(field.kind, ()), strict=False) if size != -1]
    return f"{_HOW.get(field.kind, '')} {_EXACTLY.format(' of '.join(words)) if words else ''}".strip()


_SIZED = {"list": ("values",), "rows": ("rows", "values each")}
_EXACTLY = "The model takes exactly {}."
_HOW = {
    "list": "One value on each line.",
    "rows": "One row on each line, with semicolons between its values.",
    "pairs": "A name, a colon and the value on each line.",
    "moment": "By the hospital’s clock.",
}


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
    if field.holds_many:
        return values.text(known.value)
    if field.options or not isinstance(known.value, float):
        return str(known.value)[:16] if field.kind == "moment" else str(known.value)
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
