"""From what was typed on the studio's page to an overlay: what was not touched stays exactly as it is."""

import copy
from dataclasses import dataclass, field

from portal.compute.runtime.facts import PARAM
from portal.core.problems import BadInput
from portal.registry import answers, overlays, spec
from portal.registry.spec import Field, FormSpec
from portal.registry.studio import answer, values

TEXTS = ("label", "help", "group", "unit", "unit_label", "zone")
NUMBERS = ("order", "min", "max", "usual_min", "usual_max")
TICKS = ("required", "unknown", "day_only", "integer", "asked")
VALUES = ("fixed", "default")
# Says that a field's panel was on the page: a tick that is not posted was taken away.
SHOWN = "shown"


@dataclass
class Draft:
    """An overlay as it was typed, with a sentence under `<field>.<member>` for what does not fit."""

    overlay: dict
    errors: dict[str, str] = field(default_factory=dict)


def read(version, posted) -> Draft:
    """The overlay that was typed; members that cannot be read stay as they were, and are named."""
    form = spec.form_of(version)
    found = Draft(copy.deepcopy(version.overlay))
    for asked in form.fields:
        if posted.get(f"{asked.name}.{SHOWN}"):
            _read_field(form, asked, found, posted)
    try:
        answer.read(found.overlay, posted)
    except BadInput as problem:
        found.errors |= problem.errors
    try:
        overlays.check(found.overlay, version.facts)
    except BadInput as problem:
        # What cannot be read stands as it was: of that the page says what was typed.
        found.errors = problem.errors | found.errors
    return found


def drawable(version, draft: Draft) -> dict:
    """The overlay of a draft without what does not fit: a faulty field stands as it was saved."""
    overlay = copy.deepcopy(draft.overlay)
    for asked in spec.form_of(version).fields:
        if any(name == asked.name or name.startswith(f"{asked.name}.") for name in draft.errors):
            place, name = _place(overlay, asked)
            saved = _place(version.overlay, asked)[0].get(name)
            place[name] = copy.deepcopy(saved or {})
    if any(name == "output" or name.startswith("answer.") for name in draft.errors):
        overlay["output"] = copy.deepcopy(version.overlay.get("output", {}))
    return overlay


def entry_of(overlay: dict, asked: Field) -> dict:
    """What an overlay says of a field."""
    place, name = _place(overlay, asked)
    return place.get(name) or {}


def _place(overlay: dict, asked: Field) -> tuple[dict, str]:
    if asked.setting:
        return overlay.setdefault("params", {}), asked.name.removeprefix(PARAM)
    return overlay.setdefault("inputs", {}), asked.name


def _read_field(form: FormSpec, asked: Field, found: Draft, posted) -> None:
    place, name = _place(found.overlay, asked)
    before = place.get(name) or {}
    entry = dict(before)
    shown = values.shown(form, asked, before)
    touched = set()
    for member, now in shown.items():
        typed = posted.get(f"{asked.name}.{member}")
        if member in TICKS:
            # A tick that has no place on the page of this kind of field is not posted either.
            if posted.get(f"{asked.name}.{member}.{SHOWN}") and (typed is not None) != now:
                entry[member] = typed is not None
        elif typed is not None and _clean(typed) != _clean(now):
            touched.add(member.split(".")[0])
            if "." not in member:
                _put(asked, entry, member, _clean(typed), found)
    for member in touched & set(_TOGETHER):
        _put_together(form, asked, entry, member, posted, found)
    if entry != before:
        place[name] = entry


def _clean(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


# What stands in several boxes.
_TOGETHER = {"when": lambda form, asked, entry, posted: values.condition(form, asked, posted),
             "record": lambda form, asked, entry, posted: values.record(entry, asked, posted)}  # fmt: skip


def _put_together(form: FormSpec, asked: Field, entry: dict, member: str, posted, found: Draft) -> None:
    try:
        made = _TOGETHER[member](form, asked, entry, posted)
    except answers.Refusal as problem:
        found.errors[f"{asked.name}.{member}"] = f"{asked.label}: {problem}"
        return
    entry.pop(member, None)
    if made is not None:
        entry[member] = made


def _put(asked: Field, entry: dict, member: str, typed: str, found: Draft) -> None:
    key = f"{asked.name}.{member}"
    if not typed:
        entry.pop(member, None)
        return
    try:
        entry[member] = _value(asked, member, typed)
    except answers.Refusal as problem:
        found.errors[key] = f"{asked.label}: {problem}"


def _value(asked: Field, member: str, typed: str):
    if member in TEXTS:
        return typed
    if member == "units":
        return [unit.strip() for unit in typed.replace(";", ",").split(",") if unit.strip()]
    if member == "options":
        return values.options(asked, typed)
    if member in VALUES:
        return values.of_field(asked, typed)
    number = answers.number(typed)
    return int(number) if number == int(number) else number
