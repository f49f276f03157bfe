"""From a model's numbers to words."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import shares
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
def test_sentence_percent_picture_and_rest_say_the_same(share):
    found = read(share)

    words = {0: ("Fewer than 1 of 100", "< 1 %", "fewer than 1", "more than 99"),
             100: ("More than 99 of 100", "> 99 %", "more than 99", "fewer than 1")}  # fmt: skip
    count = found["count"]
    usual = (f"About {count} of 100", f"{count} %", str(count), str(100 - count))
    said, percent, of_100, rest = words.get(count, usual)
    assert found["sentence"] == f"{said} patients like this one have it within a year."
    assert (found["percent"], found["of_100"], found["rest"]) == (percent, of_100, rest)
    assert abs(count - share * 100) <= (1 if count in (0, 100) else 0.5 + 1e-4)


@given(st.floats(0, 1).map(lambda share: sorted((share, min(1.0, share + 0.1)))))
def test_an_interval_reads_from_low_to_high_within_the_caps(ends):
    text = reading.read(RISK, {"p": [ends[0]], "l": [ends[0]], "u": [ends[1]]})["interval_text"]

    numbers = [int(word) for word in text.split() if word.isdigit()]
    assert numbers == sorted(numbers) and all(1 <= number <= 99 for number in numbers)
    assert text.startswith("between ") or (
        text.startswith("about ") and shares.of_100(ends[0]) == shares.of_100(ends[1])
    )


@pytest.mark.parametrize("kind", [numpy.float32, numpy.float64])
@given(hundredths=st.integers(1, 99))
def test_single_precision_reads_like_double(kind, hundredths):
    assert shares.count(float(kind(hundredths / 100))) == hundredths


@pytest.mark.parametrize(
    ("share", "count"), [(0.145, 15), (0.285, 29), (0.005, 0), (0.995, 100), (0.99, 99), (0.9900000095, 99), (0.01, 1)]
)
def test_halves_round_up_and_the_ends_are_capped(share, count):
    assert shares.count(share) == count


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_a_number_keeps_three_digits_and_has_no_exponent(value):
    text = shares.number(value)

    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=0.005, abs=1e-300)
