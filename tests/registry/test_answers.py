"""Checking a form's answers."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.registry import answers, schema, spec

INPUTS = [
    {"name": "age", "type": "double", "required": True},
    {"name": "creatinine", "type": "double", "required": True},
    {"name": "pain", "type": "string", "required": True},
    {"name": "nodes", "type": "long", "required": True},
    {"name": "smoker", "type": "boolean", "required": False},
    {"name": "site", "type": "string", "required": True},
]
OVERLAY = {
    "age": {"label": "Age", "unit": "a", "unit_label": "years", "min": 0, "max": 120, "usual_min": 18, "usual_max": 90},
    "creatinine": {
        "label": "Creatinine", "unit": "mg/dL", "unit_label": "mg/dL", "units": ["umol/L"], "required": False,
        "min": 0.1, "max": 30, "record": {"kind": "observation", "codes": ["2160-0"]},
    },
    "pain": {"label": "Pain", "options": [{"value": "typical", "label": "Typical"}, {"value": "none", "label": "None"}]},
    "nodes": {"label": "Nodes", "min": 1},
    "site": {"fixed": "here"},
}  # fmt: skip
FORM = spec.build(INPUTS, OVERLAY)
GOOD = {"age": "64", "creatinine": "1.1", "pain": "typical", "nodes": "3", "smoker": "yes"}


def test_good_answers_become_the_models_types():
    found = answers.check(FORM, GOOD)

    values = {name: answer.value for name, answer in found.given.items()}
    assert (found.errors, found.missing) == ({}, [])
    assert values == {"age": 64.0, "creatinine": 1.1, "pain": "typical", "nodes": 3, "smoker": True, "site": "here"}
    assert [type(values[name]) for name in ("age", "nodes", "smoker")] == [float, int, bool]


@pytest.mark.parametrize(
    ("name", "entered", "sentence"),
    [
        ("age", "sixty", "Age: “sixty” is not a number. Write digits, for example 37.5."),
        ("age", "37,0", "Age: write 37.0 with a point; you wrote 37,0."),
        ("age", "1e309", "Age: 1e309 is too large to be a measurement."),
        ("age", "nan", "Age: “nan” is not a number. Write digits, for example 37.5."),
        ("age", "", "Age is needed: the model gives no answer without it."),
        ("age", True, "Age: write a number, for example 37.5."),
        ("age", [1], "Age: write a number, for example 37.5."),
        ("age", "130", "Age: 130 years is not possible. Allowed: 0 to 120 years."),
        ("nodes", "2.5", "Nodes: 2.5 is not a whole number."),
        ("nodes", "0", "Nodes: 0 is not possible. Allowed: from 1."),
        ("pain", "burning", "Pain: “burning” is not one of the answers. Allowed: Typical, None."),
        ("pain", {"a": 1}, "Pain: “{'a': 1}” is not one of the answers. Allowed: Typical, None."),
    ],
)
def test_a_bad_answer_gets_a_sentence_beside_its_field(name, entered, sentence):
    assert answers.check(FORM, {**GOOD, name: entered}).errors == {name: sentence}


def test_an_answer_that_was_not_asked_is_refused():
    found = answers.check(FORM, {**GOOD, "site": "elsewhere", "colour": "red"})

    assert sorted(found.errors) == ["colour", "site"]


def test_a_missing_optional_answer_is_named():
    assert answers.check(FORM, {**GOOD, "creatinine": "", "smoker": None}).missing == ["creatinine", "smoker"]


def test_another_unit_is_converted_visibly():
    answer = answers.check(FORM, {**GOOD, "creatinine": "100"}, {"creatinine": "umol/L"}).given["creatinine"]

    assert (round(answer.value, 3), answer.conversion) == (1.131, "100 µmol/L = 1.131 mg/dL")


def test_a_unit_that_is_not_offered_is_refused():
    found = answers.check(FORM, GOOD, {"creatinine": "kg"})

    assert found.errors == {"creatinine": "Creatinine: the unit kg is not offered. Allowed: mg/dL, umol/L."}


def test_a_value_outside_training_is_warned_about_and_kept():
    found = answers.check(FORM, {**GOOD, "age": "95"})

    assert found.warnings == {"age": "95 years is outside what the model has seen (18 to 90 years)."}
    assert found.given["age"].value == 95.0


@given(
    st.dictionaries(
        st.sampled_from([*OVERLAY, "smoker", "x"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=30)
        | st.lists(st.text(max_size=3), max_size=2),
    )
)
def test_whatever_is_typed_is_accepted_or_refused_in_words(raw):
    found = answers.check(FORM, raw)

    json.dumps([answer.value for answer in found.given.values()], allow_nan=False)
    assert all(isinstance(sentence, str) and sentence for sentence in found.errors.values())
    assert set(found.errors) & set(found.given) <= {"site"}


def test_the_json_schema_accepts_what_the_form_accepts():
    document = schema.json_schema(FORM, title="A model")
    jsonschema.Draft202012Validator.check_schema(document)

    jsonschema.validate({"age": 64, "pain": "typical", "nodes": 3}, document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"age": 64, "pain": "typical", "nodes": 3, "colour": "red"}, document)
    assert sorted(document["required"]) == ["age", "nodes", "pain"]


TRACING = [
    {"name": "ecg", "type": "array(double)", "required": True},
    {"name": "age", "type": "double", "required": True},
]


@pytest.mark.parametrize(
    ("inputs", "errors"),
    [
        ({"ecg": {"kind": "ecg", "lead": "V2", "rate": 250, "shortest": 8, "longest": 30}}, {}),
        ({}, {}),
        ({"ecg": {"kind": "ecg", "lead": "V9"}}, {"ecg": "ecg: lead must be one of I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6."}),
        ({"ecg": {"kind": "ecg", "rate": 5}}, {"ecg": "ecg: rate must lie between 100 and 1000."}),
        ({"ecg": {"kind": "ecg", "shortest": 30, "longest": 20}}, {"ecg": "ecg: shortest 30 is above longest 20."}),
        ({"ecg": {"kind": "ecg", "fixed": [1.0]}}, {"ecg": "ecg: a tracing comes as a file; it is neither fixed nor chosen nor taken from the record."}),
        ({"ecg": {"kind": "ecg"}, "age": {"lead": "II"}}, {"age": "age: lead may be said of a tracing alone."}),
    ],
)  # fmt: skip
def test_what_an_overlay_may_say_of_a_tracing(inputs, errors):
    from portal.core.problems import BadInput
    from portal.registry import overlays

    try:
        overlays.check({"inputs": inputs}, {"inputs": TRACING})
        found = {}
    except BadInput as problem:
        found = problem.errors
    assert found == errors


@pytest.mark.parametrize("given", ["x", 7, [1.0, 2.0], {"file": "x"}, True])
def test_a_tracing_is_never_typed(given):
    form = spec.build(TRACING[:1], {"ecg": {"kind": "ecg", "label": "ECG"}})
    found = answers.check(form, {"ecg": given})

    assert (found.given, found.errors) == ({}, {"ecg": "ECG: send the ECG as a DICOM file."})


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (75.6, 186, "75 to 186 mm"),
        (-0.586, 4.0, "−0.59 to 4 mm"),
        (96.3, 171.2, "96 to 172 mm"),
        (0.0123, 1.01, "0.012 to 1.1 mm"),
        (0, 9.96, "0 to 10 mm"),
        (-12.4, -0.101, "−13 to −0.1 mm"),
    ],
)
def test_what_a_model_has_seen_is_rounded_outward_for_people_and_warned_of_by_the_same_bounds(low, high, words):
    asked = spec.build(
        [{"name": "x", "type": "double", "required": True}],
        {"x": {"unit": "mm", "unit_label": "mm", "usual_min": low, "usual_max": high}},
    )["x"]

    assert answers.seen(asked) == words
    assert (asked.usual_min <= low, asked.usual_max >= high) == (True, True)
    assert [bool(answers.unusual(asked, bound)) for bound in (asked.usual_min, asked.usual_max)] == [False, False]
    assert answers.unusual(asked, asked.usual_max + 1).endswith(f"is outside what the model has seen ({words}).")


def test_rounding_never_calls_usual_what_is_not_possible():
    asked = spec.build(
        [{"name": "x", "type": "double", "required": True}],
        {"x": {"min": 75.6, "max": 186.5, "usual_min": 75.6, "usual_max": 186.5}},
    )["x"]
    assert answers.seen(asked) == "75.6 to 186.5"
