"""How much coronary disease angiography will show, in three grades on one score (proportional odds); data as in `coronary`.

One score keeps the grades in order and gives every input one part that adds up, which a softmax over three classes would not.
"""

from pathlib import Path

from portal.demo.training import additive, cards, common, coronary, ends
from portal.demo.training.cards import hearts

SLUG = "coronary-extent"
GRADES = ("none", "some", "more")
LABELS = {"none": "no disease", "some": "disease of grade 1", "more": "disease of grade 2 to 4"}
SAID = {"none": "have no disease", "some": "disease of grade 1", "more": "disease of grade 2 to 4"}
DRAWS, STRENGTH = 40, 0.5
METHOD = "proportional odds: each value's distance from the average, times its weight, on one score for all grades"


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Fit, export to one ONNX graph with intervals and contributions, check it, log."""
    import numpy
    from sklearn.metrics import roc_auc_score

    table, grade, _ = coronary.load()
    level = numpy.minimum(grade, 2)
    rows, held = coronary._split(level, 3)
    fit, gaps, matrix = fit_grades(table.iloc[rows], level[rows], draws=DRAWS)
    graph = additive.graph("extent", fit, ends.grades(gaps))
    found = _answers(graph, fit, table.iloc[held])
    expected = shares(additive.design(fit, table.iloc[held]), fit.weights[0], gaps[0])
    if numpy.abs(found - expected).max() > 1e-9:
        raise SystemExit("The ONNX graph does not answer like the model it was made from.")
    metrics = _metrics(level[held], found)
    overlay = _overlay(table, metrics)
    by_sex = common.among(roc_auc_score, coronary.sexes(table.iloc[held]), level[held] > 0, 1 - found[:, 0])
    card = hearts.extent(metrics, cards.groups(by_sex, "AUC for any disease, held out"))
    overlay["output"]["contributions"] = additive.described(
        fit, "logit", method=METHOD, of="disease", up="makes more disease likely", down="makes less disease likely"
    )
    for name, noted in additive.notes(fit, matrix, coronary.OPTIONAL).items():
        overlay["inputs"][name] |= noted
    measured = table[list(coronary.NUMBERS)].to_numpy(dtype=float)
    overlay["training"]["distance"] = common.distance(measured, coronary.NUMBERS)

    def save(folder: Path) -> None:
        additive.save(graph, fit, folder, coronary.OPTIONAL)

    params = {"rows": len(table), "family": "proportional odds", "bootstrap_draws": DRAWS, "data": "UCI heart disease"}
    made = common.log(SLUG, uri=uri, out=out, params=params, metrics=metrics, overlay=overlay, card=card, save=save)
    return made, f"the likeliest of three grades was right in {metrics['right']:.0%} held out"


def fit_grades(table, level, *, draws: int):
    """The fit with its draws, and for each how much further the second grade lies than the first."""
    import numpy

    fit = additive.prepare(table, coronary.NUMBERS, coronary.WORDS)
    fit.answers = (*(f"{grade}{end}" for grade in GRADES for end in ("", "_lower", "_upper")), "disease")
    matrix, dice = additive.design(fit, table), numpy.random.default_rng(9)
    found = [_solved(matrix, level, numpy.zeros(matrix.shape[1] + 2))]
    for _ in range(draws):
        sample = dice.integers(0, len(level), len(level))
        found.append(_solved(matrix[sample], level[sample], found[0]))
    weights = numpy.array(found)
    return additive.settle(fit, weights[:, :-1]), numpy.exp(weights[:, -1]), matrix


def _solved(matrix, level, start):
    """Weights, bias and the log of the gap, by maximum likelihood with the penalty that scikit-learn takes (C = STRENGTH)."""
    import numpy
    from scipy.optimize import minimize
    from scipy.special import expit

    is_none, is_some, is_more = (level == grade for grade in range(3))

    def loss(given):
        weights, bias, gap = given[:-2], given[-2], numpy.exp(given[-1])
        first = expit(matrix @ weights + bias)
        second = expit(matrix @ weights + bias - gap)
        between = numpy.maximum(first - second, 1e-12)
        chance = numpy.where(is_none, 1 - first, numpy.where(is_some, between, second))
        by_first = numpy.where(is_none, -first, numpy.where(is_some, first * (1 - first) / between, 0))
        by_second = numpy.where(is_more, 1 - second, numpy.where(is_some, -second * (1 - second) / between, 0))
        both = by_first + by_second
        slope = [*(matrix.T @ both - weights / STRENGTH), both.sum(), -gap * by_second.sum()]
        value = numpy.log(numpy.maximum(chance, 1e-12)).sum() - weights @ weights / (2 * STRENGTH)
        return -value, -numpy.array(slope)

    return minimize(loss, start, jac=True, method="L-BFGS-B").x


def shares(matrix, weights, gap: float):
    """The three shares of each row, as the fit has them."""
    import numpy
    from scipy.special import expit

    score = matrix @ weights[:-1] + weights[-1]
    first, second = expit(score), expit(score - gap)
    return numpy.column_stack([1 - first, first - second, second])


def _answers(graph, fit, table):
    import numpy
    import onnxruntime

    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = {name: table[[name]].to_numpy(dtype=object if name in fit.words else float) for name in fit.names}
    return numpy.hstack(session.run(list(GRADES), feed))


def _metrics(level, found) -> dict[str, float]:
    import numpy
    from sklearn.metrics import roc_auc_score

    hit = numpy.eye(3)[level]
    return {
        "right": float((found.argmax(axis=1) == level).mean()), "commonest": float(hit.mean(axis=0).max()),
        "brier": float(((found - hit) ** 2).sum(axis=1).mean()),
        "any": float(roc_auc_score(level > 0, 1 - found[:, 0])), "more": float(roc_auc_score(level > 1, found[:, 2])),
    }  # fmt: skip


def _overlay(table, metrics: dict) -> dict:
    columns = [
        {
            "column": grade,
            "label": LABELS[grade],
            "said": SAID[grade],
            "lower": f"{grade}_lower",
            "upper": f"{grade}_upper",
        }
        for grade in GRADES
    ]
    return {
        "title": "Extent of coronary disease before angiography",
        "summary": "Whether angiography will show no, some or more coronary disease, from history, ECG and exercise test.",
        "intended_use": "Adults referred for coronary angiography, to talk about what to expect.",
        "cautions": ["“No disease” is no narrowing of half the width or more. Its data grade disease from 1 to 4 and do not say how; take "
                     "2 to 4 as more disease, not as a number of vessels.",
                     "Trained on patients of the 1980s at four hospitals.",
                     f"The likeliest of the three was right in {common.percent(metrics['right'])} of patients it had not seen; always saying the "
                     f"commonest would be right in {common.percent(metrics['commonest'])}.",
                     "Made apart from “Coronary disease before angiography”: for one patient the two may differ by some of a hundred."],
        "not_considered": ["Smoking", "Diabetes", "Family history", "Earlier heart disease", "Medication"],
        "training": {"rows": len(table), "source": "UCI Heart Disease: Janosi, Steinbrunn, Pfisterer, Detrano",
                     "performance": f"held out: AUC {metrics['any']:.2f} for any disease, {metrics['more']:.2f} for grade 2 to 4; "
                                    f"Brier of the three {metrics['brier']:.2f}"},
        "inputs": coronary.questions(table),
        "output": {"kind": "classes", "ordered": True, "label": "What angiography will show", "interval_note": coronary.NOTE,
                   "interval_plain": common.PLAIN, "columns": columns},
        "eligibility": [{"input": "age", "min": 18, "sentence": "Made for adults of 18 and over."}],
    }  # fmt: skip
