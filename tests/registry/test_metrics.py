"""Metrics against known truths: the same numbers as scikit-learn, SciPy and lifelines give, and what must not change them."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import concordance_index
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, r2_score, roc_auc_score

from portal.registry.evidence.runtime import metrics, telling


def invented(count: int, seed: int, ties: bool = False):
    """Risks that are a little too extreme, and outcomes that follow them."""
    dice = numpy.random.default_rng(seed)
    score = dice.normal(-0.5, 1, count)
    risk = 1 / (1 + numpy.exp(-1.5 * score))
    label = dice.random(count) < 1 / (1 + numpy.exp(-score))
    return (numpy.round(risk, 1) if ties else risk), label


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_value_is_what_scikit_learn_gives(seed, ties):
    risk, label = invented(400, seed, ties)

    assert metrics.auroc(risk, label)[0] == pytest.approx(roc_auc_score(label, risk))
    assert metrics.auprc(risk, label)[0] == pytest.approx(average_precision_score(label, risk))
    assert metrics.brier(risk, label)[0] == pytest.approx(brier_score_loss(label, risk))
    called = risk >= 0.5
    assert metrics.ppv(risk, label, 0.5)[0] == pytest.approx(label[called].mean())
    assert metrics.alerts(risk, 0.5)[0] == pytest.approx(called.mean())


@pytest.mark.parametrize("ties", [False, True])
def test_the_interval_of_the_auroc_is_delongs(ties):
    risk, label = invented(150, 4, ties)
    ill, well = risk[label], risk[~label]
    won = (ill[:, None] > well[None, :]) + 0.5 * (ill[:, None] == well[None, :])
    value, error = (
        won.mean(),
        math.sqrt(won.mean(axis=1).var(ddof=1) / len(ill) + won.mean(axis=0).var(ddof=1) / len(well)),
    )
    middle, half = math.log(value / (1 - value)), 1.959964 * error / (value * (1 - value))

    expected = (value, 1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle)))
    assert metrics.auroc(risk, label) == pytest.approx(expected, abs=1e-6)


def test_slope_and_intercept_are_those_of_a_logistic_regression():
    risk, label = invented(500, 5)
    logit = numpy.log(risk / (1 - risk))
    fitted = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(logit[:, None], label)
    value, low, high = metrics.slope(risk, label)
    assert value == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert low < value < high < 1.0  # the risks were made too extreme

    share = fitted.predict_proba(logit[:, None])[:, 1]
    design = numpy.column_stack([numpy.ones(500), logit])
    error = math.sqrt(numpy.linalg.inv((design.T * share * (1 - share)) @ design)[1, 1])
    assert (low, high) == pytest.approx((value - 1.959964 * error, value + 1.959964 * error), abs=1e-3)

    moved = metrics.intercept(risk, label)[0]
    assert (1 / (1 + numpy.exp(-(logit + moved)))).mean() == pytest.approx(label.mean(), abs=1e-9)


@given(st.integers(0, 300), st.integers(1, 300))
def test_a_share_has_wilsons_interval(count, more):
    of = count + more
    ends = stats.binomtest(count, of).proportion_ci(method="wilson")
    assert metrics.wilson(count, of) == pytest.approx((count / of, ends.low, ends.high), abs=1e-9)


@pytest.mark.parametrize("seed", [6, 7])
def test_concordance_is_harrells(seed):
    dice = numpy.random.default_rng(seed)
    time, happened, risk = dice.exponential(5, 200), dice.random(200) < 0.6, numpy.round(dice.random(200), 1)
    value, low, high = metrics.concordance(risk, time, happened)
    assert value == pytest.approx(concordance_index(time, -risk, happened))
    assert 0 <= low < value < high <= 1


def test_the_error_of_a_number_and_what_it_explains():
    dice = numpy.random.default_rng(8)
    truth = dice.normal(100, 20, 300)
    value = truth + dice.normal(2, 10, 300)
    assert metrics.mean_error(value, truth)[0] == pytest.approx(numpy.abs(value - truth).mean())
    found = metrics.explained(value, truth)
    assert found[0] == pytest.approx(r2_score(truth, value))
    assert found[1] < found[0] < found[2]
    assert metrics.explained(value, truth) == found  # the dice are the same each time


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """A hundred invented hospitals whose true AUROC is known: Φ(1/√2) for two normal scores one apart."""
    truth, held = stats.norm.cdf(1 / math.sqrt(2)), 0
    for seed in range(100):
        dice = numpy.random.default_rng(seed)
        score = numpy.concatenate([dice.normal(1, 1, 40), dice.normal(0, 1, 120)])
        _, low, high = metrics.auroc(1 / (1 + numpy.exp(-score)), numpy.arange(160) < 40)
        held += low <= truth <= high
    assert 88 <= held <= 100


RISKS = st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=4, max_size=60).filter(
    lambda rows: len({y for _, y in rows}) == 2
)


@given(RISKS)
def test_a_rising_transformation_leaves_what_tells_apart(rows):
    risk, label = numpy.array([r / 100 for r, _ in rows]), numpy.array([y for _, y in rows])
    for measure in (metrics.auroc, metrics.auprc):
        before, after = measure(risk, label)[0], measure(risk**3, label)[0]
        assert before == pytest.approx(after)


@given(RISKS)
def test_turning_the_risk_round_turns_the_auroc_round(rows):
    risk, label = numpy.array([r / 100 for r, _ in rows]), numpy.array([y for _, y in rows])
    value, turned = metrics.auroc(risk, label), metrics.auroc(1 - risk, label)
    assert value[0] + turned[0] == pytest.approx(1)
    assert metrics.auroc(risk, ~label)[0] == pytest.approx(turned[0])


@given(RISKS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows, dice):
    mixed = list(rows)
    dice.shuffle(mixed)
    found = []
    for some in (rows, mixed):
        risk, label = numpy.array([r / 100 for r, _ in some]), numpy.array([y for _, y in some])
        found.append([metrics.auroc(risk, label), metrics.auprc(risk, label), metrics.brier(risk, label)])
    for one, other in zip(*found, strict=True):
        assert one == pytest.approx(other)


def test_what_is_not_defined_is_not_told():
    risk, label = numpy.linspace(0.1, 0.9, 30), numpy.zeros(30, dtype=bool)
    assert [metrics.auroc(risk, label), metrics.auprc(risk, label), metrics.slope(risk, label)] == [None] * 3
    separated = risk > 0.5
    assert metrics.slope(risk, separated) is None


@pytest.mark.parametrize(("ill", "well"), [(20, 40), (40, 20), (300, 2000)])
def test_a_model_that_never_errs_is_told_with_what_so_few_rows_can_prove(ill, well):
    label = numpy.arange(ill + well) < ill
    risk = numpy.where(label, 0.8, 0.2) + numpy.linspace(0, 0.1, ill + well)
    few, bound = min(ill, well), lambda count: stats.binomtest(count, count).proportion_ci(0.95, "exact").low
    assert metrics.auroc(risk, label) == pytest.approx((1.0, bound(few), 1.0))
    assert metrics.auroc(1 - risk, label) == pytest.approx((0.0, 0.0, 1 - bound(few)))
    assert metrics.auprc(risk, label) == pytest.approx((1.0, bound(ill), 1.0))


def test_the_bound_of_a_perfect_model_tells_counts_in_tens_alone():
    bounds = {metrics.auroc(numpy.arange(60.0), numpy.arange(60) >= 60 - ill)[1] for ill in range(11, 20)}
    assert bounds == {0.025 ** (1 / 10)}


def test_a_model_that_lies_below_the_bound_seldom_looks_perfect():
    label, dice = numpy.arange(23) < 11, numpy.random.default_rng(7)
    shift = 2**0.5 * stats.norm.ppf(0.025 ** (1 / 10))
    perfect = sum(metrics.auroc(dice.normal(size=23) + shift * label, label)[0] == 1 for _ in range(2000))
    assert perfect / 2000 <= 0.025


def order(risk, label, codes=None, labels=("a", "b")) -> dict:
    groups = [{"title": "ward", "codes": list(codes), "labels": list(labels)}] if codes is not None else []
    return {
        "kind": "risk",
        "columns": {"risk": list(risk), "label": list(label)},
        "thresholds": [0.5],
        "groups": groups,
    }


def test_a_group_of_fewer_than_eleven_is_not_told_nor_what_would_give_it_away():
    risk, label = invented(300, 9)
    codes = numpy.array([0] * 5 + [1] * 45 + [2] * 250)
    found = telling.tell(order(risk, label, codes, ("five", "some", "many")))

    told = [(cell["label"], cell["n"]) for cell in found["groups"][0]["cells"]]
    # Were five the only ones left out, the other counts would tell of them: the next smallest goes too.
    assert told == [("five", None), ("some", None), ("many", 250)]
    assert found["groups"][0]["cells"][0]["metrics"] == {}


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(0, 30))
def test_what_is_left_over_is_nobody_or_eleven_and_more(counts, rest):
    told = telling._told(counts, rest)
    hidden = rest + sum(count for count, shown in zip(counts, told, strict=True) if not shown)
    assert all(count >= 11 for count, shown in zip(counts, told, strict=True) if shown)
    assert hidden == 0 or hidden >= 11 or not any(told)


def test_with_fewer_than_eleven_of_either_kind_only_the_squared_error_is_told():
    risk, label = invented(100, 10)
    label[:] = False
    label[:10] = True
    found = telling.tell(order(risk, label))["whole"]
    assert list(found["metrics"]) == ["brier"]
    assert found["at"][0]["ppv"] is None
    assert telling.tell(order(risk[:10], label[:10])) == {"withheld": "too-few-rows"}
