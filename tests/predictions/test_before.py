"""Before a run: whom the model is meant for, what an empty field does, and ticks on unusual values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import shares
from portal.predictions import before
from portal.predictions.prefill import Prefilled
from portal.records import units
from portal.records.queries import Entry, PatientSummary, Record
from portal.registry import answers, spec

PATIENT = PatientSummary("p1", "Ada Moss", "2010-02-03", 16, "female", "100", "North", "")
RECORD = Record(PATIENT, [], [Entry("44054006", "Diabetes", "2020-01-01", "active"), Entry("195967001", "Asthma", "2010-01-01", "resolved")], [], [])  # fmt: skip
INPUTS = [{"name": "age", "type": "double", "required": True}, {"name": "sbp", "type": "double", "required": False}]
SBP = {"label": "Systolic blood pressure", "unit": "mm[Hg]", "unit_label": "mmHg", "min": 40, "max": 300, "usual_min": 90, "usual_max": 180}  # fmt: skip
FORM = spec.build(INPUTS, {"age": {"label": "Age"}, "sbp": SBP})
ADULTS = {"input": "age", "min": 18, "sentence": "Made for adults of 18 and over."}


@pytest.mark.parametrize(
    ("rule", "known", "state"),
    [
        (ADULTS, {"age": Prefilled(64, "")}, "met"),
        (ADULTS, {"age": Prefilled(17.9, "")}, "unmet"),
        (ADULTS | {"action": "mark"}, {"age": Prefilled(16, "")}, "marked"),
        (ADULTS, {}, "unknown"),
        (ADULTS, {"age": Prefilled(None, "")}, "unknown"),
        ({"record": "age", "min": 18, "sentence": "Adults."}, {"age": Prefilled(64, "")}, "unmet"),
        ({"record": "sex", "in": ["female"], "sentence": "Women."}, {}, "met"),
        ({"condition": ["44054006"], "sentence": "Diabetes."}, {}, "met"),
        ({"condition": ["195967001"], "sentence": "Asthma."}, {}, "unmet"),
        ({"condition": ["195967001"], "action": "mark", "sentence": "Asthma."}, {}, "marked"),
    ],
)
def test_each_rule_is_judged_by_the_record_before_anything_runs(rule, known, state):
    assert before.rules(FORM, {"eligibility": [rule]}, known, RECORD) == [before.Rule(rule["sentence"], state)]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "Not known: the model answers without it."),
        (
            {"imputed": {"method": "median", "value": 131.04}, "weight": 0.12},
            "Not known: the model fills in the median of its training data (131 mmHg). It carries about 12 % of what "
            "the model relies on; when more than 30 % is missing there is no number.",
        ),
    ],
)
def test_an_empty_field_says_what_that_does_to_the_answer(entry, words):
    assert before.without(FORM["sbp"], {"inputs": {"sbp": entry}}) == words
    assert before.without(FORM["age"], {}) == "Needed: the model gives no answer without it."


def test_a_tick_holds_for_the_value_and_unit_it_was_given_for_and_no_other():
    found = answers.check(FORM, {"age": "64", "sbp": " 210 "})
    assert before.unticked(FORM, found, {"sbp": before.tick("210", "mm[Hg]"), "age": "64"}, {"sbp"}) == {}
    assert before.unticked(FORM, found, {}, {"age"}) == {}
    for ticks in ({}, {"sbp": "211 mm[Hg]"}, {"sbp": "210 kPa"}, {"age": "210 mm[Hg]"}):
        assert before.unticked(FORM, found, ticks, {"sbp"}) == {
            "sbp": "Systolic blood pressure: 210 mmHg is outside what the model has seen (90 to 180 mmHg). "
            "If it is right, tick that you have checked it; else correct it."
        }


ANALYTES = [
    ("umol/L", "mg/dL", "2160-0"), ("mmol/mol", "%", "4548-4"), ("%", "mmol/mol", "4548-4"), ("g/L", "g/dL", None),
    ("[degF]", "Cel", None), ("kg", "[lb_av]", None),
]  # fmt: skip


@given(st.sampled_from(ANALYTES), st.floats(0, 1e4))
def test_the_line_that_a_page_draws_is_the_conversion_that_the_server_makes(pair, value):
    factor, offset = units.line(*pair)

    expected = units.convert(value, *pair[:2], analyte=pair[2]).value
    assert value * factor + offset == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_units_of_different_kinds_have_no_line():
    assert units.line("kg", "mm[Hg]") is None


WEIGHED = spec.build(
    [{"name": name, "type": "double", "required": name == "d"} for name in "abcd"],
    {"a": {"weight": 0.106}, "b": {"weight": 0.104}, "c": {"weight": 0.099}, "d": {"weight": 0.5}},
)


def test_a_field_is_called_optional_only_as_far_as_it_may_stay_empty():
    said = {name: before.optional(WEIGHED[name], WEIGHED, {}) for name in "ad"}
    assert said == {"a": "optional while at most 30 % is missing", "d": ""}
    assert before.optional(WEIGHED["a"], WEIGHED, {"abstain": {"missing_weight": 0.31}}) == "optional"
    tight = {"abstain": {"missing_weight": 0.1}}
    assert before.optional(WEIGHED["a"], WEIGHED, tight) == "without it there is no number"
    assert before.optional(WEIGHED["c"], WEIGHED, tight) == "optional while at most 10 % is missing"
    assert before.optional(FORM["sbp"], FORM, {}) == "optional"


@given(st.floats(0, 1), st.integers(1, 99))
def test_the_missing_share_reads_on_the_side_of_the_limit_on_which_it_is_judged(share, limit):
    said = Decimal(shares.beside(share, limit / 100).removesuffix(" %"))
    assert (said > limit) == (shares.clean(share) > limit / 100)


def test_a_share_gets_no_more_places_than_it_takes():
    found = [shares.beside(share, 0.3) for share in (0.309, 0.304, 0.30004, 0.296, 0.3, 0)]
    assert found == ["31 %", "30.4 %", "30.004 %", "30 %", "30 %", "0 %"]
