"""What a tracing's model answered, in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.demo.training import rhythm
from portal.predictions import reading

OUTPUT = rhythm._overlay({"auc": 1.0, "brier": 0.0})["output"]


def said(**changes) -> dict:
    row = {"probability": 0.004, "rate": 61.06, "beats": 10, "peaks": [0.5, 1.5, 2.5], "abstain": ""} | changes
    return reading.read(OUTPUT, {name: [value] for name, value in row.items()})


@pytest.mark.parametrize(
    ("share", "sentence"),
    [
        (
            0.004,
            "The rhythm looks regular: probability of an irregular rhythm fewer than 1 of 100. Rate 61 per minute.",
        ),
        (0.31, "The rhythm looks regular: probability of an irregular rhythm about 31 of 100. Rate 61 per minute."),
        (
            0.997,
            "The rhythm looks irregular: probability of an irregular rhythm more than 99 of 100. Rate 61 per minute.",
        ),
    ],
)
def test_the_sentence_says_looks_probability_and_rate(share, sentence):
    assert said(probability=share)["sentence"] == sentence


def test_a_model_that_gives_a_reason_gives_no_number():
    found = said(abstain="few-beats")

    assert (found["kind"], found["sentence"]) == ("abstained", "No number: fewer than 6 beats were found.")
    assert "share" not in found and "percent" not in found
    assert said(abstain="<b>odd</b>")["sentence"] == "No number: the tracing is not one that it can read."


@pytest.mark.parametrize(
    "peaks", ["1", [1.0, 0.5], [-0.1, 2.0], [1.0, 1.0], [True], ["1"], [0.1 * n for n in range(1001)]]
)
def test_beats_that_do_not_follow_one_another_are_no_answer(peaks):
    with pytest.raises(reading.NotReadable):
        said(peaks=peaks)


@given(some.lists(some.floats(0, 60), max_size=200, unique_by=lambda peak: round(peak, 3)))
def test_beats_come_out_as_they_came_in(peaks):
    peaks = sorted(round(peak, 3) for peak in peaks)
    assert said(peaks=peaks)["peaks"] == peaks
