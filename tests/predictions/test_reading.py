"""From a model's numbers to words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.predictions import reading

RISK = {"kind": "risk", "column": "p", "lower": "l", "upper": "u", "outcome": "have it", "horizon": "within a year",
        "bands": [{"upto": 0.1, "label": "Low"}, {"upto": 1.0, "label": "High"}]}  # fmt: skip


def read(share, **more):
    return reading.read(RISK, {"p": [share], "l": [share], "u": [share], **more})


@pytest.mark.parametrize(
    ("share", "sentence", "percent"),
    [
        (0.17, "About 17 of 100 patients like this one have it within a year.", "17 %"),
        (0.0, "Fewer than 1 of 100 patients like this one have it within a year.", "< 1 %"),
        (0.004, "Fewer than 1 of 100 patients like this one have it within a year.", "< 1 %"),
        (0.996, "More than 99 of 100 patients like this one have it within a year.", "> 99 %"),
    ],
)
def test_a_risk_is_said_of_a_hundred_patients(share, sentence, percent):
    found = read(share)
    assert (found["sentence"], found["percent"]) == (sentence, percent)


def test_a_band_is_named_with_its_bounds():
    assert read(0.3)["band"] == {"label": "High", "from": 0.1, "upto": 1.0, "text": "High band, starts at 10 %"}
    assert read(0.1)["band"]["text"] == "Low band, ends at 10 %"


def test_survival_is_read_at_each_horizon():
    output = {
        "kind": "survival",
        "outcome": "are alive",
        "columns": [
            {"column": "a", "label": "1 year"},
            {"column": "b", "label": "3 years"},
            {"column": "c", "label": "5 years"},
        ],
    }
    found = reading.read(output, {"a": [0.9], "b": [0.69], "c": [0.5]})

    assert found["sentence"] == "About 69 of 100 patients like this one are alive at 3 years."
    assert [point["count"] for point in found["points"]] == [90, 69, 50]


def test_a_model_without_description_shows_its_own_numbers():
    assert reading.read({}, {"y": [0.25]})["sentence"] == "The model answers: y 0.25."


@pytest.mark.parametrize(
    "columns", [{}, {"p": ["x"]}, {"p": [1.5], "l": [1], "u": [1]}, {"p": [-0.2], "l": [0], "u": [0]}, {"p": [True]}]
)
def test_what_is_not_a_probability_is_not_read_as_one(columns):
    with pytest.raises(reading.NotReadable):
        reading.read(RISK, columns)


@given(st.floats(0, 1))
def test_every_probability_has_words_and_a_count_of_a_hundred(share):
    found = read(share)
    assert (
        0 <= found["count"] <= 100 and found["sentence"].endswith("within a year.") and found["percent"].endswith("%")
    )
