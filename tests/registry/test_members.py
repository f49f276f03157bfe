"""The members of a form's fields: each survives the studio's page as it is shown, and stands only where it means something."""

import copy
from types import SimpleNamespace

import pytest

from portal.compute.runtime import facts
from portal.core.problems import BadInput
from portal.registry import overlays, spec
from portal.registry.studio import draft, values
from portal.web.lab import panels

KINDS = {
    "age": "double", "chol": "double", "sex": "string", "site": "string", "dose": "double", "late": "double",
    "count": "long", "smoker": "boolean", "sure": "boolean", "at": "datetime", "day": "datetime", "doses": "array(double)",
    "grid": "array(array(long))", "named": "map(double)", "times": "array(datetime)", "scan": "binary",
}  # fmt: skip
OVERLAY = {
    "inputs": {
        "age": {"label": "Age", "help": "In years.", "group": "Patient", "order": 1, "unit": "a", "unit_label": "years", "integer": True,
                "min": 18, "max": 110, "usual_min": 20.5, "usual_max": 90, "record": {"kind": "age"}},
        "chol": {"unit": "mg/dL", "units": ["mmol/L"], "required": False, "default": 200,
                 "record": {"kind": "observation", "codes": ["2093-3"], "within_days": 365}},
        "sex": {"options": [{"value": "m", "label": "Male"}, {"value": "f", "label": "Female"}], "unknown": True, "required": False,
                "record": {"kind": "sex"}, "default": "f"},
        "site": {"fixed": "here"},
        "dose": {"required": False, "when": {"input": "sex", "is": "m"}},
        "late": {"required": False, "when": {"input": "age", "above": 60.5}},
        "count": {"fixed": 3},
        "smoker": {"unknown": True, "default": False, "when": {"input": "sex", "in": ["m", "f"]},
                   "record": {"kind": "condition", "codes": ["77176002"]}},
        "sure": {"fixed": True},
        "at": {"zone": "Europe/Berlin", "required": False},
        "day": {"day_only": True, "default": "2026-01-01T00:00:00"},
        "doses": {"min": 0, "max": 9, "default": [1.0, 2.5], "unit": "mg"},
        "grid": {"default": [[1, 2], [3, 4]]},
        "named": {"fixed": {"pulse": 72.0}},
        "times": {"zone": "UTC", "help": "By its own clock."},
        "scan": {"help": "As the device writes it."},
    },
    "params": {"t": {"asked": True, "label": "Threshold", "default": 0.7, "min": 0, "max": 1}, "steps": {"fixed": 4}},
}  # fmt: skip
FACTS = {
    "inputs": [{"name": name, "type": kind, "required": kind != "boolean"} for name, kind in KINDS.items()],
    "params": [{"name": "t", "type": "double", "default": 0.5}, {"name": "steps", "type": "long", "default": 2}],
    "outputs": [],
}  # fmt: skip
FORM = spec.of(FACTS, OVERLAY)
MEMBERS = [(field.name, member) for field in FORM.fields for member in draft.entry_of(OVERLAY, field)]


def shown(name: str) -> dict:
    return values.shown(FORM, FORM[name], draft.entry_of(OVERLAY, FORM[name]))


def test_the_form_of_these_tests_fits_and_says_every_member_that_the_page_shows():
    overlays.check(OVERLAY, FACTS)
    assert {member for _, member in MEMBERS} == {member.split(".")[0] for member in shown("age")}


@pytest.mark.parametrize(("name", "member"), MEMBERS)
def test_every_member_that_the_page_shows_survives_being_typed_as_it_is_shown(name, member):
    without = copy.deepcopy(OVERLAY)
    del draft.entry_of(without, FORM[name])[member]
    posted = {f"{name}.{draft.SHOWN}": "1"}
    for box, text in shown(name).items():
        if box in draft.TICKS:
            posted |= {f"{name}.{box}.{draft.SHOWN}": "1"} | ({f"{name}.{box}": "on"} if text else {})
        elif box.split(".")[0] == member:
            posted[f"{name}.{box}"] = text
    found = draft.read(SimpleNamespace(facts=FACTS, overlay=without), posted)

    entry = draft.entry_of(found.overlay, FORM[name])
    assert entry == draft.entry_of(OVERLAY, FORM[name]) and repr(entry[member]) == repr(_as_typed(name, member))
    assert found.overlay == OVERLAY and found.errors == {}


def _as_typed(name: str, member: str):
    value = draft.entry_of(OVERLAY, FORM[name])[member]
    # The model takes this whole number as one with a fraction, and so it is kept.
    return float(value) if (name, member) == ("chol", "default") else value


NUMBERS, MOMENTS = {"age", "chol", "dose", "late", "count", "doses", "grid", "named"}, {"at", "day", "times"}
STRAYS = [
    ("unit", "kg", NUMBERS, "only numbers have a unit."),
    ("unit_label", "kg", NUMBERS, "only numbers have a unit."),
    ("integer", True, {"age", "chol", "dose", "late", "count"}, "only a single number is narrowed to whole ones."),
    ("day_only", True, MOMENTS, "only a moment can be asked for its day alone."),
    ("zone", "UTC", MOMENTS, "only a moment with its time goes by a clock."),
    ("asked", True, set(), "only a setting of the model is offered or left."),
]  # fmt: skip


@pytest.mark.parametrize(("member", "value", "where", "sentence"), STRAYS)
@pytest.mark.parametrize("name", KINDS)
def test_a_member_that_means_nothing_for_a_kind_is_refused_with_a_sentence(name, member, value, where, sentence):
    said = {"inputs": {name: {"label": "X", member: value}}}
    if name in where:
        overlays.check(said, FACTS)
        return
    with pytest.raises(BadInput) as refusal:
        overlays.check(said, FACTS)
    assert refusal.value.errors == {f"{name}.{member}": f"X: {sentence}"}


@pytest.mark.parametrize("entry", [{"zone": "../../etc/passwd"}, {"zone": "Mars/Phobos"}])
@pytest.mark.parametrize("name", ["at", "times"])
def test_the_clock_of_a_moment_is_one_that_exists(name, entry):
    with pytest.raises(BadInput, match="there is no time zone"):
        overlays.check({"inputs": {name: entry}}, FACTS)


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ({"inputs": {"at": {"zone": "UTC", "day_only": True}}}, {"at.zone": "At: only a moment with its time goes by a clock."}),
        ({"params": {"t": {"kind": "ecg"}}}, {"settings.t": "settings.t: kind may be said of a tracing alone."}),
    ],
)  # fmt: skip
def test_a_day_alone_has_no_clock_and_a_setting_is_no_tracing(said, errors):
    with pytest.raises(BadInput) as refusal:
        overlays.check(said, FACTS)
    assert refusal.value.errors == errors


def test_what_means_nothing_has_a_box_in_which_it_can_be_taken_away():
    overlay = {"inputs": {"age": {"zone": "UTC", "day_only": True}}}
    form = spec.of(FACTS, overlay)
    groups = panels.panels(form, overlay, None, {})
    (age,) = [one for _, group in groups for one in group if one.name == "age"]
    (boxes,) = [controls for title, controls in age.parts if title == "What means nothing here"]
    assert [(one.name, one.kind, one.value) for one in boxes] == [
        ("age.day_only", "tick", True),
        ("age.zone", "text", "UTC"),
    ]
    assert all(
        title != "What means nothing here"
        for _, group in groups
        for one in group
        if one.name != "age"
        for title, _ in one.parts
    )

    typed = {"age.shown": "1", "age.day_only.shown": "1", "age.zone": ""}
    found = draft.read(SimpleNamespace(facts=FACTS, overlay=overlay), typed)
    assert (found.overlay["inputs"]["age"], found.errors) == ({"day_only": False}, {})


def test_the_forms_of_the_demonstrations_models_say_nothing_that_means_nothing(trained):
    for folder in trained.values():
        found = facts.inspect_model(folder)
        overlays.check(found.overlay or {}, found.plain())
