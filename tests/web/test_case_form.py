"""The form of an acceptance case: every question is read, and each output as the type that the model gives."""

from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string

from portal.core.problems import BadInput
from portal.registry import spec
from portal.registry.evidence import cases
from portal.web.lab import case_form

KINDS = ("boolean", "string", "long", "double", "array(double)", "array(boolean)", "")
VERSION = SimpleNamespace(
    facts={
        "inputs": [{"name": "x", "type": "double", "required": True}, {"name": "file", "type": "binary", "required": False}],
        "params": [{"name": "t", "type": "double", "default": 0.5}, {"name": "left", "type": "double", "default": 1.0}],
        "outputs": [{"name": kind or "odd", "type": kind, "required": True} for kind in KINDS],
    },
    overlay={"params": {"t": {"asked": True}}},
)  # fmt: skip
BASE = {"name": "One", "why": "Any.", "in.x": "1", "in.settings.t": "0.7", "in.settings.left": "2", "in.file": "AAEC"}


def read(column: str, typed: str):
    tolerance = {f"absolute.{column}": "0.01"}
    return case_form.read(BASE | {f"value.{column}": typed} | tolerance, VERSION)


def test_a_setting_that_is_asked_is_kept_and_what_is_not_asked_is_not():
    case = read("double", "1")
    assert case["inputs"] == {"x": "1", "settings.t": "0.7"}
    checked = cases.check(case, spec.form_of(VERSION), VERSION.facts["outputs"])
    assert checked["inputs"]["settings.t"] == "0.7"


def test_a_setting_that_is_wrong_is_named_beside_its_box():
    case = case_form.read(BASE | {"in.settings.t": "much", "value.double": "1", "absolute.double": "0"}, VERSION)
    with pytest.raises(BadInput) as refusal:
        cases.check(case, spec.form_of(VERSION), VERSION.facts["outputs"])
    assert "in.settings.t" in case_form.errors_of(refusal.value.errors)


@pytest.mark.parametrize(
    ("column", "typed", "value"),
    [
        ("boolean", "yes", True), ("boolean", "No", False), ("boolean", "true", True), ("string", "1", "1"),
        ("string", "yes", "yes"), ("long", "9007199254740993", 9007199254740993), ("double", "0.5", 0.5),
        ("array(double)", "0.5; 1", [0.5, 1]), ("array(boolean)", "yes\nno", [True, False]), ("odd", "1", 1),
        ("odd", "true", True), ("odd", "yes", "yes"),
    ],
)  # fmt: skip
def test_an_output_is_read_as_the_type_that_the_model_gives(column, typed, value):
    found = read(column, typed)["expected"][column]
    assert (found["value"], type(found["value"]), found["absolute"]) == (value, type(value), 0.01)
    kept = cases.check(read(column, typed), spec.form_of(VERSION), VERSION.facts["outputs"])["expected"]
    assert cases.compare(kept, {column: value})[0]["within"]


@pytest.mark.parametrize(
    ("column", "typed", "sentence"),
    [
        ("boolean", "perhaps", "One: boolean: “perhaps” is not yes or no, which the model gives."),
        ("double", "1,5", "One: double: “1,5” is not a number, which the model gives."),
        ("long", "many", "One: long: “many” is not a number, which the model gives."),
    ],
)
def test_what_the_model_never_gives_is_refused_beside_its_box(column, typed, sentence):
    with pytest.raises(BadInput) as refusal:
        cases.check(read(column, typed), spec.form_of(VERSION), VERSION.facts["outputs"])
    assert case_form.errors_of(refusal.value.errors) == {f"value.{column}": sentence}


def test_an_answer_of_several_lines_has_a_box_of_several_lines():
    form = spec.build([{"name": "m", "type": "map(double)", "required": True}], {})
    groups = case_form.questions(form, {"in.m": "a: 1\nb: 2"})
    version = SimpleNamespace(public_id="0" * 20, number=1, model=SimpleNamespace(title="M"))
    context = {"version": version, "open": True, "groups": groups, "columns": [], "typed": {}, "errors": {}}
    page = render_to_string("lab/evidence_case.html", context)
    assert '<textarea id="in.m"' in page and "a: 1\nb: 2</textarea>" in page and "A name, a colon" in page
