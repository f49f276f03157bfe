"""The studio's page: one panel for each field of a form, with what people may set of it."""

from dataclasses import dataclass, field

from portal.compute.runtime.facts import PARAM
from portal.records import codes
from portal.registry import conditions
from portal.registry.fields import BELONGS, FITS
from portal.registry.spec import Field, FormSpec
from portal.registry.studio import draft, values

NUMERIC = ("number", "integer")
RECORD = {
    "age": "age", "sex": "sex", "observation": "a measurement", "condition": "a problem on the list",
    "encounters": "stays in hospital, counted",
}  # fmt: skip
TYPES = {
    "double": "number", "float": "number", "long": "whole number", "integer": "whole number", "string": "text",
    "boolean": "yes or no", "datetime": "moment", "binary": "file",
}  # fmt: skip
# Units that a hospital's laboratories and wards write, offered where they fit.
COMMON = ("mg/dL", "mmol/L", "umol/L", "g/L", "g/dL", "mg/L", "kg", "[lb_av]", "cm", "m", "[in_i]", "Cel", "[degF]", "mm[Hg]", "kPa", "%", "mmol/mol", "d", "mo", "a", "h", "min")  # fmt: skip


# What each box is called on the page; the sentence about a fault names it so.
LABELS = {
    "label": "Label", "help": "Help", "group": "Group", "order": "Position", "required": "Must be answered",
    "asked": "Let people set it", "unknown": "Offer “Not known”", "unit": "Unit of the model",
    "unit_label": "Unit as people read it", "units": "Other units that are taken", "integer": "Whole numbers only",
    "min": "Lowest possible", "max": "Highest possible", "usual_min": "Usual from", "usual_max": "Usual to",
    "day_only": "Ask for the day alone", "zone": "Clock of the model", "options": "Answers", "fixed": "Fixed to",
    "default": "Proposed answer", "record.kind": "Filled from the record", "record.codes": "Codes",
    "record.within_days": "Not older than (days)", "when.input": "Asked only when", "when.test": "compared so",
    "when.value": "with",
}  # fmt: skip


@dataclass(frozen=True)
class Control:
    """One thing that may be set."""

    name: str
    label: str
    kind: str
    value: str | bool
    hint: str = ""
    error: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    list: str = ""

    @property
    def id(self) -> str:
        """The element's id; the error summary leads to it."""
        return f"s-{self.name}"


@dataclass(frozen=True)
class Panel:
    """One field of the form."""

    name: str
    title: str
    type: str
    notes: list[str]
    parts: list[tuple[str, list[Control]]] = field(default_factory=list)
    error: str = ""

    @property
    def wrong(self) -> bool:
        """Whether anything in it has to be mended."""
        return bool(self.error) or any(control.error for _, controls in self.parts for control in controls)

    @property
    def id(self) -> str:
        """The element's id."""
        return f"p-{self.name}"


def panels(form: FormSpec, overlay: dict, typed, errors: dict[str, str]) -> list[tuple[str, list[Panel]]]:
    """The panels by group, in the order in which the fields are asked."""
    found: dict[str, list[Panel]] = {}
    for asked in form.fields:
        found.setdefault(asked.group, []).append(_panel(form, asked, overlay, typed, errors))
    return list(found.items())


# Where the sentence stands about what stands in several boxes.
_WHOLE = {"record.kind": "{}.record", "when.input": "{}.when"}


def _panel(form: FormSpec, asked: Field, overlay: dict, typed, errors: dict) -> Panel:
    entry = draft.entry_of(overlay, asked)
    now = values.shown(form, asked, entry)

    def control(member: str, kind: str = "text", hint: str = "", choices=(), of: str = "") -> Control:
        name = f"{asked.name}.{member}"
        value = now[member]
        if typed is not None and typed.get(f"{asked.name}.{draft.SHOWN}"):
            value = name in typed if kind == "tick" else typed.get(name, value)
        return Control(
            name,
            LABELS[member],
            kind,
            value,
            hint,
            errors.get(name, "") or errors.get(_WHOLE.get(member, "").format(asked.name), ""),
            tuple(choices),
            of,
        )

    parts = [("Words", _words(control)), ("Answer", _answer(asked, control))]
    parts += [
        ("Where it comes from", _origin(asked, entry, control)),
        ("When it is asked", _when(form, asked, control)),
    ]
    parts.append(("What means nothing here", _strays(entry, asked, errors, parts, control)))
    return Panel(
        asked.name, asked.label, "choice" if asked.kind == "choice" else said(asked.type), _notes(form, asked), [part for part in parts if part[1]],
        error=errors.get(asked.name, ""),
    )  # fmt: skip


def said(declared: str) -> str:
    """A type of the signature in plain words."""
    word = TYPES[declared.split("(")[-1].rstrip(")")]
    if declared.startswith("array(array"):
        return f"rows of {word}s"
    if declared.startswith("array"):
        return f"list of {word}s"
    return f"{word}s under names" if declared.startswith("map") else word


def _notes(form: FormSpec, asked: Field) -> list[str]:
    found = ["stays at the model's default"] if asked.left else []
    found += ["fixed"] if asked.fixed is not None else []
    found += ["from the record"] if asked.record else []
    found += ["optional"] if asked.asked and not asked.required else []
    return found + ([conditions.sentence(form, asked).rstrip(".").lower()] if asked.when else [])


def _words(control) -> list[Control]:
    return [
        control("label", hint="The question, in a few words."),
        control("help", hint="One sentence below the label."),
        control("group", of="groups"),
        control("order", "number", "Fields are asked from the lowest place on."),
    ]


def _answer(asked: Field, control) -> list[Control]:
    found = [] if asked.setting else [control("required", "tick")]
    found += [control("asked", "tick", "Otherwise nobody sees it.")] if asked.setting else []
    if asked.kind in ("choice", "boolean"):
        found += [control("unknown", "tick")]
    if asked.kind in NUMERIC:
        found += [
            control("unit", hint="As UCUM writes it, for example mg/dL or mm[Hg]."),
            control("unit_label"),
            control("units", hint="Other units, with commas; they are converted.", of="units"),
        ]
        if asked.type in ("double", "float"):
            found += [control("integer", "tick")]
    if asked.kind in NUMERIC or (asked.holds_many and asked.item.kind in NUMERIC):
        found += [control("min", "number"), control("max", "number")]
    if asked.kind in NUMERIC:
        found += [control("usual_min", "number"), control("usual_max", "number")]
    if asked.kind in ("date", "moment"):
        found += [control("day_only", "tick")]
    if asked.kind == "moment":
        found += [control("zone", hint="UTC or Europe/Berlin; empty is the hospital's own.")]
    if asked.kind in ("choice", "text") or (asked.kind in NUMERIC and not asked.unit):
        found += [control("options", "area", "One on each line: what the model is given = what people read.")]
    return sorted(found, key=lambda control: control.kind == "tick")


def _origin(asked: Field, entry: dict, control) -> list[Control]:
    if asked.is_file:
        return []
    kind = {"choice": "choice", "boolean": "choice"}.get(asked.kind, "area" if asked.holds_many else "text")
    offered = [("", "not set"), *((values.text(one.value), one.label) for one in asked.options)]
    found = [
        control("fixed", kind, "Then it is not asked.", offered),
        control("default", kind, "Stands in the form where the record is silent.", offered),
    ]
    if asked.setting:
        return found
    kinds = [(name, RECORD[name]) for name, fits in FITS.items() if asked.kind in fits]
    if kinds:
        named = codes.said((entry.get("record") or {}).get("codes", ()))
        found += [
            control("record.kind", "choice", "", [("", "no"), *kinds]),
            control("record.codes", hint=named or "LOINC of the measurement, with commas."),
            control("record.within_days", "number"),
        ]
    return found


def _when(form: FormSpec, asked: Field, control) -> list[Control]:
    if asked.setting or asked.is_file:
        return []
    others = [(one.name, one.label) for one in form.fields if _can_decide(one) and one.name != asked.name]
    if not others:
        return []
    return [
        control(
            "when.input",
            "choice",
            "What is not asked is missing to the model.",
            [("", "always"), *others],
        ),
        control("when.test", "choice", "", [("", "–"), *conditions.TESTS.items()]),
        control("when.value", hint="Words or a number; several with commas."),
    ]


def _strays(entry: dict, asked: Field, errors: dict, parts, control) -> list[Control]:
    """What is said of this field although it means nothing for its kind: it has a box so that it can be taken away."""
    shown = {one.name for _, controls in parts for one in controls}
    names = {member: f"{asked.name}.{member}" for member in BELONGS}
    return [
        control(member, "tick" if member in draft.TICKS else "text", "Take it away.")
        for member, name in names.items()
        if name not in shown and (entry.get(member) or name in errors)
    ]


def _can_decide(field: Field) -> bool:
    return field.kind in ("choice", "boolean", *NUMERIC) and field.asked


def lists(form: FormSpec) -> dict[str, list[str]]:
    """What the boxes propose as one types."""
    return {
        "groups": sorted({one.group for one in form.fields if one.group and not one.setting}),
        "units": list(COMMON),
    }


def summary(errors: dict[str, str]) -> dict[str, str]:
    """The sentences for the top of the page under the ids to which they lead, each with the words of its box."""
    return {_place(name): _with_box(name, sentence) for name, sentence in errors.items()}


# Where a fault stands that is not of one box; “output” is what the model's file says of the answer.
_PLACES = {"why": "why", "output": "p-answer"}
_FIRST_BOX = {"record": "record.kind", "when": "when.input"}
_MEMBERS = (*LABELS, *_FIRST_BOX)


def _split(name: str) -> tuple[str, str]:
    """Field and box of a fault's name; a name that is a field's alone has no box."""
    known = next((member for member in _MEMBERS if name.endswith(f".{member}")), "")
    if known:
        return name.removesuffix(f".{known}"), _FIRST_BOX.get(known, known)
    return (name, "") if name.startswith(PARAM) or "." not in name else tuple(name.rsplit(".", 1))


def _place(name: str) -> str:
    head, member = _split(name)
    return _PLACES.get(name) or (f"s-{head}.{member}" if member else f"p-{head}")


def _with_box(name: str, sentence: str) -> str:
    head, colon, rest = sentence.partition(": ")
    box = LABELS.get(_split(name)[1], "").lower()
    return f"{head}, {box}: {rest}" if colon and box and box not in rest.lower() else sentence
