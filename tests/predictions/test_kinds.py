"""An answer of every kind, from a small model through the real scorer to the page."""

from math import exp

import pytest
from django.test import Client
from django.urls import reverse

from portal.predictions import actions, lane
from tests.predictions import small

pytestmark = pytest.mark.django_db(transaction=True)
Y = {"label": "Dose", "usual_min": 0, "usual_max": 4, "unit": "mg", "unit_label": "mg", "imputed": {"method": "median", "value": 2.0}}  # fmt: skip
LEVEL = {
    "inputs": {"y": Y | {"direction_note": "May surprise: who is ill gets more of it."}},
    "output": {
        "kind": "number", "column": "level", "lower": "low", "upper": "high", "label": "Trough level", "unit": "mg/L",
        "scale": {"min": 0, "max": 100, "histogram": [1, 4, 2]}, "bands": [{"upto": 20, "label": "Usual"}, {"upto": 100, "label": "High"}],
        "contributions": {"method": "a line", "link": "identity", "base": "base", "columns": {"x": "of_x", "y": "of_y"}},
    },
}  # fmt: skip
LEVELS = {
    "level": (2, 3, 5),
    "low": (2, 3, 1),
    "high": (2, 3, 9),
    "base": (0, 0, 5),
    "of_x": (2, 0, 0),
    "of_y": (0, 3, 0),
}
CLASSES = {
    "inputs": {"y": Y},
    "output": {"kind": "classes", "label": "Where the stay ends",
               "columns": [{"column": "a", "label": "home"}, {"column": "b", "label": "ward"}, {"column": "c", "label": "hospice"}]},
}  # fmt: skip
SURVIVAL = {
    "output": {"kind": "survival", "outcome": "are alive", "columns": [
        {"column": "one", "at": 1, "label": "1 year"}, {"column": "three", "at": 3, "label": "3 years"}, {"column": "five", "at": 5, "label": "5 years"}]},
}  # fmt: skip
RISK = {"inputs": {"y": Y}, "output": {"kind": "risk", "column": "p", "lower": "l", "upper": "u", "outcome": "fall"}}
RISKS = {"p": (0, 1, -3), "l": (0, 1, -5), "u": (0, 1, -1)}


@pytest.fixture
def run(cast, patient, approve, tmp_path, scorer):
    """Approve a small model and ask it about the clinician's patient."""

    def ask(columns, overlay, link="Identity", **inputs):
        approve("small", small.write(tmp_path / "small", columns, {"title": "A small model", **overlay}, link))
        given = {"x": 1, **inputs}
        return lane.ask(by=cast["clinician"], on=patient, version=actions.Choice("small"), inputs=given, within=20)

    return ask


@pytest.fixture
def page(cast):
    """The text of a result's page, as the clinician reads it."""

    def read(view) -> str:
        client = Client()
        client.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client.get(reverse("clinic:prediction", args=[view.public_id])).content.decode()

    return read


def test_a_number_has_its_unit_its_interval_its_scale_and_no_probability(run, page):
    view = run(LEVELS, LEVEL, y=4)

    reading = view.envelope["reading"]
    assert (reading["sentence"], reading["short"]) == ("Trough level: about 19 mg/L.", "19 mg/L")
    assert (reading["interval"], reading["interval_text"]) == ([15, 23], "between 15 and 23 mg/L")
    assert (reading["band"]["text"], "share" in reading) == ("Usual band, ends at 20 mg/L", False)
    account = view.envelope["contributions"]
    assert [(row["label"], row["shown"], row["amount"], row["note"]) for row in account["rows"]] == [
        ("Dose", "4 mg", 12, "May surprise: who is ill gets more of it."),
        ("X", "1", 2, ""),
    ]
    assert view.output == {"level": 19, "low": 15, "high": 23}
    text = page(view)
    answer, _, rest = text.partition('id="rests-on"')
    assert ("19 mg/L on a scale from 0 to 100 mg/L" in answer, "of 100" in answer) == (True, False)
    assert "What happens later is counted for risks and survival; this is another kind of answer." in rest


def test_a_missing_input_of_a_number_spans_in_its_unit(run):
    envelope = run(LEVELS, LEVEL).envelope

    assert (
        envelope["missing"][0]["sentence"] == "Not known; instead the model used the median of its training data, 2 mg."
    )
    assert (
        envelope["missing"][0]["span"]["sentence"]
        == "If it were known, the answer could lie between 7 mg/L and 19 mg/L."
    )
    assert envelope["contributions"]["rows"][0]["shown"] == "not known; 2 mg stood in"


def test_classes_are_all_told_the_likeliest_first(run, page):
    view = run({"a": (0, 0, 0), "b": (0, 0, 2), "c": (0, 0, -1)}, CLASSES, "Softmax", y=1)

    reading = view.envelope["reading"]
    total = 1 + exp(2) + exp(-1)
    assert [point["label"] for point in reading["points"]] == ["ward", "home", "hospice"]
    assert [point["share"] for point in reading["points"]] == pytest.approx(
        [exp(2) / total, 1 / total, exp(-1) / total]
    )
    assert reading["sentence"] == "Of 100 patients like this one, about: 84 ward, 11 home, 4 hospice."
    assert (reading["close"], "percent" in reading) == (False, False)
    assert "Where the stay ends" in page(view)


def test_two_classes_near_each_other_are_not_told_apart(run):
    reading = run({"a": (0, 0, 0), "b": (0, 0, 0.1), "c": (0, 0, -5)}, CLASSES, "Softmax", y=1).envelope["reading"]

    assert reading["sentence"].endswith("Too close to call between ward and home.")
    assert reading["short"] == "ward or home"


def test_classes_say_of_the_likeliest_how_far_it_may_lie_apart(run):
    span = run({"a": (0, 0, 0), "b": (0, 1, 0), "c": (0, 0, -1)}, CLASSES, "Softmax").envelope["missing"][0]["span"]

    likeliest = [exp(y) / (1 + exp(y) + exp(-1)) for y in (0, 4)]
    assert [span["low"], span["high"]] == pytest.approx(likeliest)


def test_grades_keep_their_order_and_the_likeliest_is_marked(run, page):
    said = [dict(column, said=f"go to {column['label']}") for column in CLASSES["output"]["columns"]]
    overlay = CLASSES | {"output": CLASSES["output"] | {"ordered": True, "columns": said}}
    view = run({"a": (0, 0, 0), "b": (0, 0, 2), "c": (0, 0, -1)}, overlay, "Softmax", y=1)

    reading = view.envelope["reading"]
    assert [(point["label"], point["likeliest"]) for point in reading["points"]] == [
        ("home", False), ("ward", True), ("hospice", False),
    ]  # fmt: skip
    assert (
        reading["sentence"] == "Of 100 patients like this one, about 11 go to home, 84 go to ward and 4 go to hospice."
    )
    text = page(view)
    assert text.count("most likely</span>") == 1
    assert 'ward <span class="badge info">most likely' in text


def test_survival_is_drawn_over_time(run, page):
    view = run({"one": (0, 0, 0.9), "three": (0, 0, 0.7), "five": (0, 0, 0.5)}, SURVIVAL, y=1)

    assert view.sentence == "About 70 of 100 patients like this one are alive at 3 years."
    assert "1 year: 90 of 100; 3 years: 70 of 100; 5 years: 50 of 100" in page(view)


@pytest.mark.parametrize(
    ("columns", "overlay"),
    [
        ({"one": (0, 0, 0.5), "three": (0, 0, 0.7), "five": (0, 0, 0.4)}, SURVIVAL),
        ({"a": (0, 0, 0.5), "b": (0, 0, 0.1), "c": (0, 0, 0.1)}, CLASSES),
        ({"p": (0, 0, 0.5), "l": (0, 0, 0.6), "u": (0, 0, 0.4)}, RISK),
    ],
)
def test_an_answer_that_contradicts_itself_is_not_shown(run, columns, overlay):
    view = run(columns, overlay, y=1)

    assert (view.state, view.reason, view.output) == ("failed", "bad_output", None)


def test_parts_that_do_not_add_up_are_not_shown(run, page):
    view = run(LEVELS | {"of_x": (2, 0, 1e-4)}, LEVEL, y=1)

    account = view.envelope["contributions"]
    assert (account["adds_up"], account["rows"]) == (False, [])
    assert "do not add up to its answer" in page(view)


def test_an_interval_too_wide_gives_no_number(run, page):
    view = run(RISKS, RISK | {"abstain": {"interval_width": 0.3}}, "Sigmoid", y=3)

    assert (view.output, view.envelope["reading"]["kind"], view.envelope["reading"]["why"]) == (
        None,
        "abstained",
        "unsure",
    )
    assert ("No number: for this patient the model is too unsure" in page(view), "50 %" in page(view)) == (True, False)


def test_whom_a_model_was_not_validated_for_gets_a_mark_and_an_answer(run, page):
    rules = [
        {"record": "age", "max": 1, "action": "mark", "sentence": "all of its patients were infants."},
        {"input": "y", "min": 3, "action": "mark", "sentence": "doses below 3 mg were not in it."},
        {"record": "age", "min": 0, "sentence": "for the living."},
        {"condition": ["no-such-code"], "action": "mark", "sentence": "made for people with the problem."},
    ]
    view = run(RISKS, RISK | {"eligibility": rules}, "Sigmoid")

    assert view.envelope["not_validated"] == [
        "Not validated for this patient: all of its patients were infants.",
        "Not validated for this patient: made for people with the problem.",
    ]
    assert view.envelope["unchecked"] == [
        "Dose is not known, so this was not checked: doses below 3 mg were not in it."
    ]
    assert "Not validated for this patient: all of its patients were infants." in page(view)


def test_a_model_whose_answer_is_all_its_columns_answers_with_its_numbers(run, page):
    view = run({"u": (1, 0, 0), "v": (0, 1, 0.123456)}, {"output": {"kind": "table"}}, y=1)

    assert view.sentence == "The model answers: u 1, v 1.123."
    assert "The model's own numbers" in page(view).replace("&#x27;", "'")
