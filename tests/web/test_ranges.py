"""What can be at all stands below its box before it is broken, in the unit that is chosen; and the count adds up."""

import re
from types import SimpleNamespace

from django.conf import settings

from portal.registry import spec
from portal.web.clinic import forms, possible, tallies
from portal.web.lab import case_form

INPUTS = [{"name": "sugar", "type": "double", "required": True}, {"name": "bmi", "type": "double", "required": True},
          {"name": "days", "type": "double", "required": False}, {"name": "free", "type": "double", "required": False}]  # fmt: skip
OVERLAY = {
    "sugar": {"label": "Fever", "unit": "Cel", "unit_label": "°C", "units": ["[degF]"], "min": 30, "max": 45},
    "bmi": {"label": "Body mass index", "unit": "kg/m2", "unit_label": "kg/m²", "min": 10, "max": 80},
    "days": {"label": "Days of it", "min": 0, "when": {"input": "sugar", "above": 38}},
    "free": {"label": "Free"},
}
FORM = spec.build(INPUTS, OVERLAY)


def drawn(typed=None) -> list[tuple]:
    version = SimpleNamespace(overlay={"inputs": OVERLAY})
    blank = SimpleNamespace(form=FORM, version=version, prefilled={}, last={})
    return forms.groups(blank, typed=typed, errors={})


def test_the_range_is_told_in_the_unit_that_is_chosen_and_nothing_where_there_is_none():
    asked = {field.name: field for field in FORM.fields}
    assert possible.range_of(asked["bmi"], "kg/m2") == "10 to 80 kg/m²"
    assert possible.range_of(asked["sugar"], "Cel") == "30 to 45 °C"
    assert possible.range_of(asked["sugar"], "[degF]") == "86 to 113 °F"
    assert possible.range_of(asked["sugar"], "nonsense") == "30 to 45 °C"
    assert possible.range_of(asked["days"], "") == "from 0"
    assert possible.range_of(asked["free"], "") == ""


def test_the_form_shows_the_range_of_the_unit_that_was_chosen():
    shown = {one.label: one.possible for _, group in drawn({"unit.sugar": "[degF]"}) for one in group}
    assert shown == {"Fever": "86 to 113 °F", "Body mass index": "10 to 80 kg/m²", "Days of it": "from 0", "Free": ""}


def test_the_count_says_how_many_are_not_asked_so_that_it_adds_up():
    tally = tallies.tally(drawn({}), {})
    assert tally["asked"] + tally["spared"] == len(FORM.fields)
    assert tally["known"] + len(tally["needed"]) + len(tally["missing"]) == tally["asked"] == 3

    asked = tallies.tally(drawn({"in.sugar": "39"}), {})
    assert (asked["asked"], asked["spared"]) == (4, 0)


def test_a_case_is_typed_beside_its_ranges_in_every_unit_and_its_conditions():
    ((_, rows),) = [(group["title"], group["fields"]) for group in case_form.questions(FORM, {})]
    shown = {row["field"].name: (row["possible"], row["condition"]) for row in rows}
    assert shown["sugar"] == ("30 to 45 °C or 86 to 113 °F", "")
    assert shown["days"] == ("from 0", "Asked only when Fever is above 38 °C.")


def test_a_case_opens_with_the_headline_and_folds_the_other_outputs():
    names = [f"grade_{place}" for place in range(9)]
    version = SimpleNamespace(
        facts={"outputs": [{"name": name} for name in names]},
        overlay={"output": {"column": "grade_4", "lower": "grade_1", "upper": "grade_2"}},
    )
    found = case_form.columns(version, {})
    assert [(one["name"], one["head"]) for one in found][:3] == [
        ("grade_4", True), ("grade_1", False), ("grade_2", False)
    ]  # fmt: skip
    assert sum(one["head"] for one in found) == 1
    assert not case_form.others_given(found, {})
    assert case_form.others_given(found, {"value.grade_7": "wrong"})
    assert case_form.others_given(case_form.columns(version, {"absolute.grade_8": "1"}), {})


def test_the_words_of_a_tolerance_are_those_of_its_refusal():
    text = (settings.ROOT / "templates" / "lab" / "_case_column.html").read_text()
    assert re.findall(r"± (\w+)", text) == ["absolute", "relative"]
