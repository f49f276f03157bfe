"""What surrounds an answer: what was missing and what that does, what moved it, how far it is from the training data."""

from datetime import timedelta
from math import log

import pytest

from portal.core import clock
from portal.predictions import actions, lane
from portal.registry import spec

pytestmark = pytest.mark.django_db(transaction=True)
OPTIONAL = ("bmi", "sbp", "creatinine", "hba1c", "cholesterol", "haemoglobin")


@pytest.fixture
def ask(cast, patient, unplanned, scorer):
    """Ask for the clinician's patient and wait."""

    def run(**inputs):
        asked = {"by": cast["clinician"], "on": patient, "version": actions.Choice("unplanned-admission")}
        return lane.ask(within=20, inputs=inputs, **asked)

    return run


def test_what_is_missing_is_named_with_what_stood_in_and_how_far_the_answer_may_lie_apart(ask, unplanned):
    envelope = ask(hba1c="", creatinine="").envelope

    assert [item["name"] for item in envelope["missing"]] == ["creatinine", "hba1c"]
    method = unplanned.overlay["inputs"]["creatinine"]["imputed"]
    creatinine = envelope["missing"][0]
    assert creatinine["sentence"].startswith(
        f"Not known; instead the model used the median of its training data, {method['value']:.4g} mg/dL"
    )
    answer, alone, both = envelope["reading"]["share"], creatinine["span"], envelope["span"]
    assert both["low"] <= alone["low"] < answer < alone["high"] <= both["high"]
    assert alone["sentence"].startswith("If it were known, the answer could lie between ")
    assert both["sentence"].startswith("If all of them were known, the answer could lie between ")


def test_the_span_is_what_the_model_answers_to_those_values(ask, unplanned):
    span = ask(creatinine="").envelope["missing"][0]["span"]

    field = spec.form_of(unplanned)["creatinine"]
    ends = [ask(creatinine=str(value)).envelope["reading"]["share"] for value in (field.usual_min, field.usual_max)]
    assert [span["low"], span["high"]] == pytest.approx(sorted(ends), abs=1e-12)


def test_with_too_much_missing_there_is_no_number_anywhere(cast, ask, unplanned, worked, patient):
    view = ask(**dict.fromkeys(OPTIONAL, ""))

    weights = sum(unplanned.overlay["inputs"][name]["weight"] for name in OPTIONAL)
    reading = view.envelope["reading"]
    assert (view.state, view.output, reading["kind"], reading["short"]) == ("succeeded", None, "abstained", "No number")
    assert view.sentence.startswith(
        f"No number: {weights * 100:.0f} % of what this model relies on is missing (haemoglo"
    )
    assert {"share", "percent", "count", "interval", "points"} & set(reading) == set()
    assert (view.envelope["span"], view.envelope["contributions"]) == (None, None)
    assert {item["sentence"] for item in view.envelope["missing"]} == {"Not known."}
    later = actions.request(
        by=cast["clinician"], on=patient, version=unplanned, inputs=dict.fromkeys(OPTIONAL, "")
    ).prediction
    worked()
    assert actions.open_prediction(by=cast["clinician"], on=later).envelope["reading"] == reading


def test_what_moved_the_answer_adds_up_to_it(ask):
    envelope = ask(hba1c="").envelope

    account, risk = envelope["contributions"], envelope["reading"]["share"]
    assert account["adds_up"] is True
    assert account["base"] + sum(row["amount"] for row in account["rows"]) == pytest.approx(
        log(risk / (1 - risk)), abs=1e-6
    )
    amounts = [abs(row["amount"]) for row in account["rows"]]
    assert amounts == sorted(amounts, reverse=True)
    assert [row["shown"] for row in account["rows"] if row["missing"]][0].endswith("stood in")
    assert sorted(envelope["output"]) == ["lower", "probability", "upper"]


def test_values_far_from_the_training_data_are_told_alone_and_together(ask):
    near, far = ask().envelope["distance"], ask(bmi="60", sbp="80").envelope["distance"]

    assert (far["outside"], far["known"], far["rank"], far["far"]) == (2, 12, 99, True)
    assert far["rank_sentence"].endswith("further from the middle of the training data than 99 % of its patients.")
    assert near["rank"] < 99


def test_a_result_goes_stale(cast, ask, unplanned, monkeypatch):
    view = ask()
    assert (view.stale, view.stale_at - view.ended_at) == (False, timedelta(days=30))

    later = view.ended_at + timedelta(days=41)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (view.stale, view.age) == (True, "41 days old")
