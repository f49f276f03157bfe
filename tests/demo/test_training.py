"""The demonstration's models: an answer that is not known moves nothing, and the fit is what scikit-learn would make of it."""

import numpy
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from portal.demo.training import additive, common, coronary, ends, extent, progression


@pytest.fixture(scope="module")
def heart():
    """The table of the coronary model and its labels."""
    table, label, _ = coronary._load()
    return table, label


def answers(fit, rows, end=ends.risk) -> dict[str, numpy.ndarray]:
    """What the graph of a fit answers to the rows of a table."""
    session = onnxruntime.InferenceSession(
        additive.graph("heart", fit, end).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    feed = {name: rows[[name]].to_numpy(dtype=object if name in fit.words else float) for name in fit.names}
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def test_what_is_not_known_moves_the_answer_neither_way(heart):
    table, label = heart
    fit, _ = coronary._fit(table, label, draws=3)
    found = answers(fit, table)

    for name in ("fbs", "exang"):
        gone = (table[name] == "").to_numpy()
        assert gone.sum() > 50
        assert set(found["contribution"][gone, fit.names.index(name)]) == {0.0}
    total = found["base"][:, 0] + found["contribution"].sum(axis=1)
    risk = found["probability"][:, 0]
    assert numpy.abs(total - numpy.log(risk / (1 - risk))).max() < 1e-9
    assert ((found["lower"] <= found["upper"]) & (found["lower"] > 0) & (found["upper"] < 1)).all()


def test_who_left_an_answer_empty_leaves_no_trace_in_the_answer(heart):
    table, label = heart
    fit, _ = coronary._fit(table, label, draws=0)
    usual = numpy.array([fit.shares["exang"][fit.words["exang"].index(answer)] for answer in ("false", "true")])

    told = [coronary._risk(fit, table.head(9).assign(exang=answer)) for answer in ("false", "true", "")]
    odds = numpy.log(numpy.array(told) / (1 - numpy.array(told)))
    assert odds[2] == pytest.approx(usual @ odds[:2])


@pytest.mark.parametrize("seed", [0, 3])
def test_the_fit_is_what_scikit_learn_makes_of_the_same_rows(heart, seed):
    table, label = heart
    # Gaps as an answer of their own, which both do alike.
    table = table.replace({name: {"": "not known"} for name in coronary.WORDS})
    rows, held = coronary._split(label, seed)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("n", numbers, list(coronary.NUMBERS)), ("w", words, list(coronary.WORDS))])
    pipeline = make_pipeline(columns, LogisticRegression(max_iter=500, C=0.5)).fit(table.iloc[rows], label[rows])

    fit, _ = coronary._fit(table.iloc[rows], label[rows], draws=0)
    ours, theirs = coronary._risk(fit, table.iloc[held]), pipeline.predict_proba(table.iloc[held])[:, 1]
    assert numpy.abs(ours - theirs).max() < 1e-3


def test_grades_are_shares_of_one_and_their_account_is_exact():
    table, grade, _ = coronary.load()
    level = numpy.minimum(grade, 2)
    fit, gaps, _ = extent.fit_grades(table, level, draws=4)
    found = answers(fit, table, ends.grades(gaps))

    shares = numpy.hstack([found[name] for name in extent.GRADES])
    assert (numpy.abs(shares.sum(axis=1) - 1).max() < 1e-12, (shares > 0).all()) == (True, True)
    # What is fitted by maximum likelihood gives each grade on average as often as it came.
    assert shares.mean(axis=0) == pytest.approx(numpy.bincount(level) / len(level), abs=0.01)
    disease = found["disease"][:, 0]
    assert disease == pytest.approx(1 - shares[:, 0])
    total = found["base"][:, 0] + found["contribution"].sum(axis=1)
    assert numpy.abs(total - numpy.log(disease / (1 - disease))).max() < 1e-9


def test_a_number_adds_up_and_a_gap_is_filled_with_what_is_told():
    table, score = progression._load()
    fit, spread, matrix = progression._fit(table, score)
    told = additive.notes(fit, matrix, progression.OPTIONAL)["triglycerides"]["imputed"]
    rows = table.head(2).assign(triglycerides=[numpy.nan, told["value"]], bmi=30.0, map=90.0, hdl=50.0, glucose=90.0)
    found = answers(fit, rows, ends.value(spread))

    value = found["score"][:, 0]
    assert (told["method"], value[0]) == ("median", pytest.approx(value[1], abs=1e-4))
    assert found["base"][:, 0] + found["contribution"].sum(axis=1) == pytest.approx(value, abs=1e-9)
    assert [*(found["lower"][:, 0] - value), *(found["upper"][:, 0] - value)] == pytest.approx(
        [spread[0]] * 2 + [spread[1]] * 2
    )
    whole = answers(fit, table, ends.value(spread))
    inside = (score >= whole["lower"][:, 0]) & (score <= whole["upper"][:, 0])
    assert 0.88 < inside.mean() < 0.93


rows = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=40)


@given(rows, st.integers(1, 9))
def test_who_was_not_followed_to_the_end_counts_as_long_as_she_was(seen, at):
    time, happened = (numpy.array(column, dtype=float) for column in zip(*seen, strict=True))
    left, low, high = common.product_limit(time, happened, at)

    fitted = KaplanMeierFitter().fit(time, happened)
    assert left == pytest.approx(float(fitted.survival_function_at_times(at).iloc[0]), abs=1e-9)
    assert 0 <= low <= left <= high <= 1
    if 0 < left < 1:
        ends_of = fitted.confidence_interval_survival_function_
        theirs = ends_of[ends_of.index <= at].iloc[-1]
        assert (low, high) == (pytest.approx(theirs.iloc[0], abs=1e-5), pytest.approx(theirs.iloc[1], abs=1e-5))


def test_the_check_of_a_survival_model_tells_each_tenth_at_its_time():
    time, happened = numpy.array([1.0, 2, 3, 4, 9, 9]), numpy.array([1.0, 0, 1, 0, 0, 0])
    found = common.survival_calibration(
        time, happened, numpy.array([0.21, 0.22, 0.25, 0.29, 0.23, 1.0]), 5, "rows left out"
    )

    assert [(item["from"], item["n"], item["observed"], item["predicted"]) for item in found["bins"]] == [
        # Of five one had it, of the three who were left after one went, another: 1 − 4/5 · 2/3.
        (0.2, 5, round(1 - 4 / 5 * 2 / 3, 3), 0.24), (0.9, 1, 0.0, 1.0),
    ]  # fmt: skip
    assert [item["low"] <= item["observed"] <= item["high"] for item in found["bins"]] == [True, True]
