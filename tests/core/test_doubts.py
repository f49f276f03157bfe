"""How far an answer is to be trusted, told in one span and one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import shares
from portal.core.templatetags.doubts import unseen, widest
from portal.monitoring.calibration import Share

PART = st.floats(0, 1)


def risk(share, interval, span, **more):
    reading = {"kind": "risk", "share": share, "interval": interval, "unit": ""}
    return {"reading": reading, "missing": [{"span": span}], "span": None} | more


@given(PART, st.none() | st.tuples(PART, PART).map(sorted), st.tuples(PART, PART).map(sorted))
def test_the_widest_span_holds_the_answer_its_interval_and_all_that_missing_values_could_do(share, interval, ends):
    found = widest(risk(share, interval, {"low": ends[0], "high": ends[1]}))

    assert all(found["low"] <= value <= found["high"] for value in (share, *(interval or ()), *ends))
    assert {found["low"], found["high"]} <= {share, *(interval or ()), *ends}
    assert shares.percent(found["low"]) in found["sentence"] or "likely range" in found["sentence"]


def test_a_span_narrower_than_the_interval_is_never_told_as_the_wider_one():
    span = {"low": 0.83, "high": 0.97}

    assert (
        widest(risk(0.89, [0.75, 0.96], span))["sentence"] == "All in all, the answer could lie between 75 % and 97 %."
    )
    assert widest(risk(0.89, [0.75, 0.98], span))["sentence"] == (
        "With usual values in place of what is missing, the answer stays within the likely range."
    )
    assert widest(risk(0.89, None, span | {"at_least": True}))["sentence"] == (
        "All in all, the answer could lie at least between 83 % and 97 %."
    )
    assert widest({"reading": {"kind": "risk", "share": 0.5}, "missing": [], "span": None}) is None


def test_of_several_possibilities_the_span_is_that_of_the_likeliest_wherever_it_stands():
    points = [{"label": "none", "share": 0.3}, {"label": "grade 1", "share": 0.5, "interval": [0.4, 0.6]}]
    found = widest(risk(0, None, {"low": 0.45, "high": 0.7}) | {"reading": {"kind": "classes", "points": points}})

    assert found["sentence"] == "All in all, “grade 1” could lie between 40 % and 70 %."


@pytest.mark.parametrize(
    ("outside", "rank", "sentence"),
    [
        ([], 98, ""),
        ([], None, ""),
        (["chol"], 50, "Outside what the model has seen: cholesterol 600 mg/dL. Take the number with care."),
        (
            [],
            99,
            "This patient is further out than 99 % of the patients the model learned from. Take the number with care.",
        ),
        (
            ["chol", "ldl"],
            100,
            "Outside what the model has seen: cholesterol 600 mg/dL, LDL 9 mmol/L. Taken together, this patient is further"
            " out than 99 % of the patients the model learned from. Take the number with care.",
        ),
    ],
)
def test_what_the_model_has_not_seen_is_named_with_its_value(outside, rank, sentence):
    rows = [
        {"name": "chol", "label": "Cholesterol", "shown": "600 mg/dL"},
        {"name": "ldl", "label": "LDL", "shown": "9 mmol/L"},
        {"name": "age", "label": "Age", "shown": "54 years"},
    ]
    envelope = {"inputs": rows, "out_of_range": [{"name": name} for name in outside], "distance": {"rank": rank}}

    assert unseen(envelope) == sentence


@pytest.mark.parametrize(
    ("value", "high", "words"),
    [
        (0.72, 0.79, "fewer than predicted"),
        (0.72, 0.88, "fewer than predicted; with so few it may be chance"),
        (0.796, 0.85, ""),
        (0.9, 0.95, ""),
        (0.93, 0.97, "more than predicted; with so few it may be chance"),
    ],
)
def test_how_it_turned_out_is_held_against_what_was_predicted_as_both_are_shown(value, high, words):
    assert Share("80 to 90 %", 40, value, 0.6, high, 0.85, 0.8, 0.9).against == words
    assert Share("80 to 90 %", None, None, None, None, None, 0.8, 0.9).against == ""
