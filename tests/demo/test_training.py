"""The demonstration's models: an answer that is not known moves nothing, and the fit is what scikit-learn would make of it."""

import numpy
import onnxruntime
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from portal.demo.training import additive, coronary, ends, extent, progression


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
