"""Between a model's form and the page: what was typed comes in, what is shown goes out."""

from dataclasses import dataclass

from django.conf import settings

from portal.core.problems import BadInput
from portal.predictions import tracings
from portal.predictions.actions import BlankForm
from portal.predictions.prefill import Prefilled
from portal.records.units import display_unit
from portal.registry import answers
from portal.registry.answers import UNKNOWN
from portal.registry.spec import Field, Option, form_of, number_text

PREFIX, UNIT, VOUCH = "in.", "unit.", "vouch."


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
    units: list[tuple[str, str]]
    options: list[Option]
    source: str
    stale: bool
    warning: str
    error: str
    range_hint: str
    usual_min: float | None
    usual_max: float | None
    group: str
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


def read(posted) -> tuple[dict, dict]:
    """Raw answers and chosen units from a posted form."""
    inputs = {key.removeprefix(PREFIX): value for key, value in posted.items() if key.startswith(PREFIX)}
    units = {key.removeprefix(UNIT): value for key, value in posted.items() if key.startswith(UNIT)}
    return inputs, units


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
        (title, [_question(field, blank.prefilled.get(field.name), typed, errors) for field in fields])
        for title, fields in blank.form.groups()
    ]


def error_list(blank: BlankForm, errors: dict) -> list[tuple[str, str]]:
    """(element id, sentence) for the summary on top."""
    return [(f"f-{name}", sentence) for name, sentence in errors.items()]


def _question(field: Field, known: Prefilled | None, typed, errors: dict) -> Question:
    value = _value(field, known, typed)
    unit = (typed or {}).get(UNIT + field.name) or field.unit
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
        units=[(code, display_unit(code)) for code in (field.unit, *field.units)] if field.units else [],
        options=_options(field),
        source=_source(known),
        stale=bool(known and known.stale),
        warning=_warning(field, value, unit) or (known.note if known else ""),
        error=errors.get(field.name, ""),
        range_hint=_hint(field),
        usual_min=field.usual_min,
        usual_max=field.usual_max,
        group=field.group,
        vouch=VOUCH + field.name if field.is_file and tracings.UNNAMED in errors.get(field.name, "") else "",
        lead=field.tracing["lead"] if field.is_file else "",
    )


def _value(field: Field, known: Prefilled | None, typed) -> str:
    if field.is_file:
        return ""
    if typed is not None:
        return typed.get(PREFIX + field.name, "")
    if known is None or known.value is None:
        return UNKNOWN if field.unknown and field.kind in ("choice", "boolean") else ""
    if field.options:
        return str(known.value)
    return number_text(known.value) if isinstance(known.value, float) else str(known.value)


def _options(field: Field) -> list[Option]:
    options = [Option(str(option.value), option.label) for option in field.options]
    blank = Option(UNKNOWN, "Not known")
    return [*options, blank] if options and (field.unknown or not field.required) else options


def _source(known: Prefilled | None) -> str:
    return known.source if known and known.value is not None else ""


def _warning(field: Field, value: str, unit: str) -> str:
    if field.kind not in ("number", "integer") or unit != field.unit:
        return ""
    try:
        return answers.unusual(field, float(value))
    except ValueError:
        return ""


def _hint(field: Field) -> str:
    if field.usual_min is None or field.usual_max is None:
        return ""
    return f"usually {number_text(field.usual_min)} to {number_text(field.usual_max)} {field.unit_label}".strip()
