"""What people may write into the parts of an overlay that decide how an answer is read."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.core.problems import BadInput
from portal.registry import outcome, overlays, shapes

FACTS = {
    "inputs": [{"name": "age", "type": "double"}, {"name": "dose", "type": "double"}],
    "outputs": [
        {"name": "p", "type": "double"},
        {"name": "base", "type": "double"},
        {"name": "part", "type": "double"},
    ],
}
ACCOUNT = {"method": "a sum", "link": "logit", "base": "base", "columns": {"age": "part"}}
BIN = {"from": 0.0, "upto": 0.1, "n": 20, "observed": 0.05, "predicted": 0.06}
FEATURE = {"label": "Pulse", "column": "part"}
RULE = {"input": "age", "min": 18, "sentence": "Made for adults."}
WHOLE = {
    "inputs": {"age": {"weight": 0.7}, "dose": {"weight": 0.3, "imputed": {"method": "the median", "value": 5}}},
    "output": {"kind": "risk", "column": "p", "base_rate": 0.2, "contributions": ACCOUNT,
               "bands": [{"label": "Low", "upto": 0.1}, {"label": "High", "upto": 1}], "bands_source": "Cardiology committee, 3 March 2026"},
    "eligibility": [RULE, {"record": "sex", "in": ["female"], "action": "mark", "sentence": "only women were in it."},
                    {"condition": ["44054006"], "action": "mark", "sentence": "made for diabetes."}],
    "abstain": {"missing_weight": 0.2, "interval_width": 0.5},
    "stale_after_days": 14,
    "outcome": {"kind": "condition", "codes": ["22298006"], "or_death": True, "within_days": 365, "label": "a heart attack or death"},
    "calibration": {"source": "held-out rows", "n": 20, "date": "2026-11-08", "bins": [BIN | {"low": 0.01, "high": 0.2}]},
    "training": {"distance": {"inputs": ["age"], "mean": [50], "precision": [[0.01]], "percentiles": list(range(99))}},
}  # fmt: skip


def test_what_fits_is_taken():
    overlays.check(WHOLE, FACTS)
    overlays.check(WHOLE | {"inputs": {"age": {"direction_note": "May surprise: the oldest were not sent."}}}, FACTS)
    features = {name: ACCOUNT[name] for name in ("method", "link", "base")} | {"features": {"pulse": FEATURE}}
    overlays.check(WHOLE | {"output": WHOLE["output"] | {"contributions": features}}, FACTS)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"output": {"kind": "guess"}}, "output: kind “guess” is not known. Allowed: risk, number, survival, classes, table, signal."),
        ({"output": {"kind": "risk"}}, "output: kind risk needs column."),
        ({"output": {"kind": "signal", "column": "p"}}, "output: kind signal needs rate."),
        ({"output": {"kind": "signal", "column": "p", "rate": "p", "peaks": "beats"}}, "output: the model gives no column beats. It gives: base, p, part."),
        ({"output": {"kind": "risk", "column": "q"}}, "output: the model gives no column q. It gives: base, p, part."),
        ({"output": {"kind": "classes", "ordered": "yes", "columns": [{"column": "p", "label": "a"}]}}, "output: ordered must be true or false."),
        ({"output": {"kind": "risk", "column": "p", "ordered": True}}, "output: ordered is for kind classes: it keeps the columns in the order in which they are given."),
        ({"output": {"kind": "classes", "columns": [{"column": "p", "label": "a", "said": 1}]}}, "output: said must be a text: the words for the sentence, such as “have no disease”."),
        ({"output": {"kind": "classes", "columns": [{"column": "p"}]}}, "output: columns must be a list of objects, each with column and label."),
        ({"output": WHOLE["output"] | {"base_rate": 20}}, "output: base_rate must be a number from 0 to 1."),
        ({"output": WHOLE["output"] | {"bands": WHOLE["output"]["bands"][::-1]}}, "output: bands must rise: each upto above the one before."),
        ({"output": {"kind": "risk", "column": "p", "bands_source": "The committee"}}, "output: bands_source needs bands."),
        ({"output": WHOLE["output"] | {"bands_source": ["The committee"]}}, "output: bands_source must be one line of at most 200 characters, who set the limits and where."),
        ({"output": WHOLE["output"] | {"bands_source": " "}}, "output: bands_source must be one line of at most 200 characters, who set the limits and where."),
        ({"output": WHOLE["output"] | {"bands_source": "The\ncommittee"}}, "output: bands_source must be one line of at most 200 characters, who set the limits and where."),
        ({"output": {"kind": "number", "column": "p", "scale": {"min": 3, "max": 9, "usual": [2, 5]}}}, "output: scale usual must be a lower and a higher number within min and max."),
        ({"output": {"kind": "number", "column": "p", "scale": {"min": 3, "max": 3}}}, "output: scale needs min below max, both numbers."),
        ({"output": WHOLE["output"] | {"contributions": {"method": "a sum"}}}, "contributions: needs link, base, columns."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"link": "probit"}}}, "contributions: link “probit” is not known. Allowed: logit, identity, log-hazard."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"columns": {"weight": "part"}}}}, "contributions: columns must name a column for each input. The inputs are: age, dose."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"base": "zero"}}}, "contributions: the model gives no column zero. It gives: base, p, part."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"of": "whole"}}}, "contributions: the model gives no column whole. It gives: base, p, part."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"features": {"pulse": {"label": "Pulse"}}}}}, "contributions: feature pulse needs label and column. Allowed: label, column, value, unit."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"features": {"pulse": FEATURE | {"unit": 1}}}}}, "contributions: feature pulse: label, column, value, unit must be texts."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"features": {"pulse": FEATURE | {"value": "q"}}}}}, "contributions: the model gives no column q. It gives: base, p, part."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"features": {"dose": FEATURE}}}}, "contributions: feature dose is an input; name its column in columns."),
        ({"output": WHOLE["output"] | {"contributions": ACCOUNT | {"features": ["pulse"]}}}, "contributions: features must be an object, each with label and column."),
        ({"inputs": {"age": {"weight": 1.4}}}, "weights: the weight of age must be a number from 0 to 1, its share of the whole."),
        ({"inputs": {"age": {"weight": 0.9}, "dose": {"weight": 0.5}}}, "weights: they add up to 1.40; they are shares of the whole, so at most 1 together."),
        ({"inputs": {"dose": {"imputed": {"value": 5}}}}, "weights: imputed of dose needs a method in words."),
        ({"inputs": {"age": {"direction_note": " "}}}, "direction_note: that of age must be a text of 1 to 400 characters."),
        ({"inputs": {"age": {"direction_note": "x" * 401}}}, "direction_note: that of age must be a text of 1 to 400 characters."),
        ({"inputs": {"age": {"direction_note": ["x"]}}}, "direction_note: that of age must be a text of 1 to 400 characters."),
        ({"inputs": {"dose": {"direction_note": "x"}}}, "direction_note: dose has no column in output.contributions, so nobody would see the note."),
        ({"inputs": {"age": {"direction_note": "x"}}, "output": {"kind": "risk", "column": "p"}}, "direction_note: age has no column in output.contributions, so nobody would see the note."),
        ({"inputs": {"age": {"record": "the age"}}}, "record: that of age must be an object with a kind: age, sex, observation, condition, encounters."),
        ({"inputs": {"age": {"record": {"kind": "age", "codes": ["1"]}}}}, "record: that of age of kind age has no member codes. Allowed: kind."),
        ({"inputs": {"dose": {"record": {"kind": "observation", "codes": []}}}}, "record: that of dose needs codes: a list of codes, at least one."),
        ({"inputs": {"dose": {"record": {"kind": "observation", "codes": ["1"], "stale_days": 0}}}}, "record: that of dose needs stale_days to be a whole number of days from 1 to 36500."),
        ({"inputs": {"dose": {"record": {"kind": "encounters", "within_days": True}}}}, "record: that of dose needs within_days to be a whole number of days from 1 to 36500."),
        ({"inputs": {"age": {"record": {"kind": ["age"]}}}}, "record: that of age must be an object with a kind: age, sex, observation, condition, encounters."),
        ({"inputs": {"dose": {"record": {"kind": "condition", "codes": ["1"], "map": {"yes": 1}}}}}, "record: that of dose needs yes and no in its map, and nothing else."),
        ({"inputs": {"dose": {"record": {"kind": "sex", "map": "male"}}}}, "record: that of dose has a map that is no object."),
        ({"eligibility": [RULE | {"input": "height"}]}, "eligibility: rule 1: the model has no input “height”. It has: age, dose."),
        ({"eligibility": [RULE, RULE | {"record": "age"}]}, "eligibility: rule 2: needs one of input, record and condition: the fact that it is about."),
        ({"eligibility": [{"condition": "44054006", "sentence": "x"}]}, "eligibility: rule 1: condition must be a list of codes of the problem list, at least one."),
        ({"eligibility": [{"condition": ["44054006"], "min": 1, "sentence": "x"}]}, "eligibility: rule 1: condition has no bounds: the problem is on the list or not."),
        ({"eligibility": [{"condition": ["44054006"]}]}, "eligibility: rule 1: needs a sentence that says whom the model is for."),
        ({"eligibility": [RULE | {"action": "shout"}]}, "eligibility: rule 1: action “shout” is not known. Allowed: refuse, mark."),
        ({"eligibility": [{"record": "age", "max": 80}]}, "eligibility: rule 1: needs a sentence that says whom the model is for."),
        ({"eligibility": [{"record": "blood", "max": 80, "sentence": "x"}]}, "eligibility: rule 1: record “blood” is not known. Allowed: age, sex."),
        ({"abstain": {"missing_weight": 30}}, "abstain: missing_weight must be a number from 0 to 1."),
        ({"outcome": ["death"]}, "outcome: must be an object."),
        ({"outcome": {"kind": "mood", "within_days": 9}}, "outcome: needs a kind: encounter, condition, observation, death."),
        ({"outcome": {"kind": ["death"], "within_days": 9}}, "outcome: needs a kind: encounter, condition, observation, death."),
        ({"outcome": {"kind": "death", "within_days": "365"}}, "outcome: needs within_days, a whole number from 1 to 3660."),
        ({"outcome": {"kind": "death", "within_days": 9, "codes": ["x"]}}, "outcome: of kind death has no codes."),
        ({"outcome": {"kind": "encounter", "within_days": 9, "classes": []}}, "outcome: needs classes: a list of codes, at least one."),
        ({"outcome": {"kind": "encounter", "within_days": 9, "classes": ["IMP"], "codes": ["x"]}}, "outcome: of kind encounter has no codes: name its classes."),
        ({"outcome": {"kind": "condition", "within_days": 9, "codes": ["x"], "above": 2}}, "outcome: has above, which only an observation has."),
        ({"outcome": {"kind": "observation", "within_days": 9, "codes": ["x"], "above": "2"}}, "outcome: above and below must be numbers."),
        ({"outcome": {"kind": "observation", "within_days": 9, "codes": ["x"], "above": 4, "below": 4}}, "outcome: has above not below its below: no value could lie there."),
        ({"outcome": {"kind": "death", "within_days": 9, "label": 5}}, "outcome: unit and label must be texts."),
        ({"outcome": {"kind": "death", "within_days": 9, "label": "x" * 81}}, "outcome: label must be at most 80 characters: it stands within sentences."),
        ({"outcome": {"kind": "condition", "within_days": 9, "codes": ["x"], "or_death": "yes"}}, "outcome: or_death must be true or false."),
        ({"calibration": [1]}, "calibration: must be an object with source, n, date and bins."),
        ({"calibration": {"bins": [BIN, {"from": 0}]}}, "calibration: bin 2: must have from, upto, n, observed, predicted, and may have low and high."),
        ({"calibration": {"bins": [BIN | {"n": 0}]}}, "calibration: bin 1: n must be a whole number from 1 to 1,000,000,000."),
        ({"calibration": {"bins": [BIN | {"observed": 30}]}}, "calibration: bin 1: observed must be numbers from 0 to 1."),
        ({"calibration": {"bins": [BIN | {"upto": 0.0}]}}, "calibration: bin 1: from 0.0 is not below upto 0.0."),
        ({"calibration": {"bins": [BIN | {"low": 0.1}]}}, "calibration: bin 1: needs low and high together."),
        ({"calibration": {"bins": [BIN | {"low": 0.1, "high": 0.2}]}}, "calibration: bin 1: observed must lie between low and high."),
        ({"stale_after_days": 0}, "stale_after_days: must be a whole number of days from 1 to 3650."),
        ({"training": {"distance": {"inputs": ["age"], "mean": [1], "precision": [[1]], "percentiles": [1]}}}, "training: distance needs 99 rising percentiles, the 1st to the 99th."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_what_is_allowed(changed, sentence):
    # What registration asks is part of what a change of the form asks.
    for check in (overlays.check_parts, overlays.check):
        with pytest.raises(BadInput) as refusal:
            check(WHOLE | changed, FACTS)
        assert list(refusal.value.errors.values()) == [sentence]


plain = st.none() | st.booleans() | st.integers(-5, 4000) | st.floats() | st.text(max_size=4)
values = plain | st.lists(plain, max_size=2) | st.sampled_from(list(outcome.KINDS))
members = st.sampled_from([*sorted(outcome._MEMBERS), "who"])
likely = st.fixed_dictionaries(
    {"kind": st.sampled_from(list(outcome.KINDS)), "within_days": st.integers(1, 3660)},
    optional={"codes": st.just(["x"]), "classes": st.just(["IMP"]), "above": st.floats(0, 9), "below": st.floats(0, 9)},
)


@given(
    values
    | st.dictionaries(members, values, max_size=6)
    | st.builds(lambda a, b: a | b, likely, st.dictionaries(members, values, max_size=1))
)
def test_an_outcome_is_registered_exactly_when_it_is_a_rule_that_can_be_followed(said):
    overlay = WHOLE | {"outcome": said}
    assume(not shapes.unkept(said))
    try:
        rule = outcome.rule_of(overlay)
    except BadInput as refusal:
        with pytest.raises(BadInput) as registration:
            overlays.check_parts(overlay, FACTS)
        sentence = refusal.errors["outcome"]
        assert registration.value.errors == {"outcome": sentence.replace("outcome ", "outcome: ", 1)}
        assert sentence.endswith(".")
        return
    overlays.check_parts(overlay, FACTS)
    if said is None:
        assert rule is None
        return
    assert (type(rule.within_days), 1 <= rule.within_days <= 3660, bool(rule.label)) == (int, True, True)
    assert bool(rule.codes) == (rule.kind != "death") and all(rule.codes)
    assert (rule.kind == "observation") == (rule.above is not None or rule.below is not None)
