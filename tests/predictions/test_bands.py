"""All bands of an answer: their limits in words, the one it lies in, those its likely range reaches, and how they are drawn."""

from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from portal.core.templatetags import scales
from portal.predictions import bands

THREE = {
    "bands": [{"label": "Low", "upto": 0.15}, {"label": "Intermediate", "upto": 0.6}, {"label": "High", "upto": 1.0}]
}
LEVELS = {
    "bands": [{"label": "Low", "upto": 0}, {"label": "Usual", "upto": 20}],
    "bands_source": "The laboratory, 3 March 2026",
}


def said(found: dict) -> list[tuple]:
    marks = {(True, False): "here", (False, True): "reached", (False, False): ""}
    return [(band["label"], band["limits"], marks[band["here"], band["reached"]]) for band in found["bands"]]


def standing(share, interval=None, span=None, **more) -> dict:
    read = {"kind": "risk", "share": share, "interval": interval, "interval_text": "x"} | bands.of_share(
        THREE, share, interval
    )
    return scales.standing(read | more, span)


def test_every_band_says_its_limits_and_what_this_answer_has_to_do_with_it():
    assert said(bands.of_share(THREE, 0.34, [0.2, 0.64])) == [
        ("Low", "up to 15 %", ""),
        ("Intermediate", "over 15 %, up to 60 %", "here"),
        ("High", "over 60 %", "reached"),
    ]


def test_a_limit_belongs_to_the_band_that_ends_at_it():
    assert said(bands.of_share(THREE, 0.15, [0.1, 0.15])) == [
        ("Low", "up to 15 %", "here"),
        ("Intermediate", "over 15 %, up to 60 %", ""),
        ("High", "over 60 %", ""),
    ]


def test_a_number_has_its_unit_in_the_limits_and_may_lie_beyond_all_bands():
    assert said(bands.of_number(LEVELS, 3, "mg/L", None)) == [
        ("Low", "up to 0 mg/L", ""),
        ("Usual", "over 0 mg/L, up to 20 mg/L", "here"),
    ]
    beyond = bands.of_number(LEVELS, 21, "mg/L", [19, 23])
    assert (beyond["band"], said(beyond)[1]) == (None, ("Usual", "over 0 mg/L, up to 20 mg/L", "reached"))
    assert beyond["bands_source"] == "The laboratory, 3 March 2026"


def test_a_model_without_bands_has_none():
    assert bands.of_share({}, 0.3, None) == {"band": None, "bands": [], "bands_source": ""}


@given(st.floats(0, 1).flatmap(lambda share: st.tuples(st.floats(0, share), st.just(share), st.floats(share, 1))))
def test_a_risk_lies_in_one_band_and_its_range_reaches_an_unbroken_row_around_it(ends):
    low, share, high = ends
    found = said(bands.of_share(THREE, share, [low, high]))

    marks = [mark for _, _, mark in found]
    assert marks.count("here") == 1
    touched = [place for place, mark in enumerate(marks) if mark]
    assert touched == list(range(touched[0], touched[-1] + 1))


@given(st.floats(0, 1), st.lists(st.floats(0.001, 0.999), max_size=8, unique=True).map(sorted))
def test_the_labels_of_a_scale_never_stand_over_one_another(share, limits):
    output = {"bands": [{"label": "A band", "upto": limit} for limit in [*limits, 1.0]]}
    read = {"kind": "risk", "share": share, "interval": None} | bands.of_share(output, share, None)

    ticks = sorted(scales.standing(read)["ticks"], key=lambda tick: tick["left"])
    assert all(one["right"] < other["left"] for one, other in zip(ticks, ticks[1:], strict=False))


def test_the_range_and_what_missing_values_could_do_are_drawn_on_the_scale_of_the_bands():
    drawn = standing(0.34, [0.2, 0.64], {"low": 0.06, "high": 0.8, "sentence": "If it were known, it could be more."})

    assert [round(band["x"]) for band in drawn["bands"]] == [10, 52, 178]
    assert (drawn["point"], drawn["range"]["x"], drawn["span"]["wide"] > drawn["range"]["wide"]) == (105.2, 66.0, True)
    assert drawn["words"] == (
        "About 34 of 100, in the band Intermediate, over 15 %, up to 60 %, likely x. If it were known, it could be more."
    )


def test_an_answer_without_a_range_is_drawn_without_one():
    drawn = standing(0.34)

    assert (drawn["range"], drawn["span"], drawn["base"]) == (None, None, None)


def test_who_set_the_limits_is_said_or_that_nobody_says_it():
    read = bands.of_share(THREE, 0.34, None)

    assert "Limits set by the model’s author; no source is given." in render_to_string(
        "clinic/_bands.html", {"reading": read}
    )
    named = render_to_string("clinic/_bands.html", {"reading": read | {"bands_source": "Cardiology committee"}})
    assert ("Limits: Cardiology committee" in named, "author" in named) == (True, False)


def test_the_usual_range_of_a_number_is_drawn_and_said():
    read = {"kind": "number", "value": 19.0, "shown": "19 mg/L", "unit": "mg/L", "interval": None,
            "scale": {"min": 0, "max": 100, "usual": [10, 20]}} | bands.of_number({}, 19.0, "mg/L", None)  # fmt: skip

    drawn = scales.standing(read)
    assert (drawn["usual"]["x"], drawn["usual"]["last"]) == (38.0, 66.0)
    assert drawn["words"] == "19 mg/L on a scale from 0 to 100 mg/L; usual 10 to 20"
