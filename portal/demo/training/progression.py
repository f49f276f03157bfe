"""Diabetes progression within a year: a number with its interval, linear regression exported to one ONNX graph.

Data: Efron, Hastie, Johnstone, Tibshirani, “Least Angle Regression”, Annals of Statistics 32 (2004), from scikit-learn (BSD-3).
Its `s5` is said to be “possibly” the log of the triglycerides; to the power of e it is whole numbers from 26 to 449, so it is
taken as their natural logarithm in mg/dL. Sex is coded 1 and 2, nobody says which is which: no form can ask for it.
"""

from pathlib import Path

from portal.demo.training import additive, cards, common, ends
from portal.demo.training.cards import others

SLUG = "diabetes-progression"
COLUMNS = {"bmi": "bmi", "bp": "map", "s3": "hdl", "s5": "triglycerides", "s6": "glucose"}
NAMES, OPTIONAL = tuple(COLUMNS.values()), frozenset({"hdl", "triglycerides", "glucose"})
METHOD = "linear regression: each value's distance from the average, times its weight; triglycerides as their logarithm"
NOTE = "about nine of ten patients whom the model had not seen lay so near its answer"


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Fit, take the interval from residuals of unseen rows, export, check it, log."""
    import numpy
    from sklearn.metrics import mean_absolute_error, r2_score

    table, score = _load()
    held = numpy.arange(len(score)) % 4 == 0
    fit, spread, matrix = _fit(table[~held], score[~held])
    graph = additive.graph("progression", fit, ends.value(spread))
    found = _answers(graph, table[held])
    if numpy.abs(found - _value(fit, table[held])).max() > 1e-9:
        raise SystemExit("The ONNX graph does not answer like the model it was made from.")
    inside = (score[held] >= found + spread[0]) & (score[held] <= found + spread[1])
    metrics = {
        "r2": float(r2_score(score[held], found)), "mean_error": float(mean_absolute_error(score[held], found)),
        "covered": float(inside.mean()),
    }  # fmt: skip
    overlay = _overlay(table, score, metrics)
    by_group = common.among(mean_absolute_error, _groups(held), score[held], found)
    card = others.progression(metrics, cards.groups(by_group, "Mean error in points, held out", places=0))
    overlay["output"]["contributions"] = additive.described(fit, "identity", method=METHOD)
    for name, noted in additive.notes(fit, matrix, OPTIONAL).items():
        overlay["inputs"][name] |= noted
    overlay["training"]["distance"] = common.distance(table.to_numpy(), NAMES)

    def save(folder: Path) -> None:
        additive.save(graph, fit, folder, OPTIONAL)

    params = {"rows": len(table), "family": "linear regression", "data": "diabetes (scikit-learn)"}
    made = common.log(SLUG, uri=uri, out=out, params=params, metrics=metrics, overlay=overlay, card=card, save=save)
    return made, f"R² {metrics['r2']:.2f}, its interval covers {metrics['covered']:.0%}"


def _load():
    import numpy
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False, as_frame=True)
    table = found.data[list(COLUMNS)].rename(columns=COLUMNS)
    table["triglycerides"] = numpy.exp(table["triglycerides"]).round()
    return table.astype("float64"), found.target.to_numpy(dtype=float)


def _groups(held) -> dict:
    """Masks of held-out patients by what the table says of them and the model does not take."""
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False, as_frame=True).data[held]
    sex, young = found["sex"].to_numpy(), (found["age"] < 50).to_numpy()
    return {
        "patients with sex code 1": sex == 1,
        "patients with sex code 2": sex == 2,
        "patients under 50": young,
        "patients of 50 and over": ~young,
    }


def _fit(table, score):
    """The fit, and the ends of its interval: quantiles of what it was wrong by on rows left out, a tenth at a time."""
    import numpy
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import cross_val_predict

    fit = additive.prepare(table, NAMES, logs=("triglycerides",))
    fit.answers = ("score", "lower", "upper")
    matrix = additive.design(fit, table)
    wrong = score - cross_val_predict(LinearRegression(), matrix, score, cv=10)
    line = LinearRegression().fit(matrix, score)
    spread = tuple(float(end) for end in numpy.quantile(wrong, (ends.LOW, ends.HIGH)))
    return additive.settle(fit, numpy.array([[*line.coef_, line.intercept_]])), spread, matrix


def _value(fit, table):
    return additive.design(fit, table) @ fit.weights[0, :-1] + fit.weights[0, -1]


def _answers(graph, table):
    import onnxruntime

    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["score"], {name: table[[name]].to_numpy() for name in NAMES})[0][:, 0]


def _overlay(table, score, metrics: dict) -> dict:
    import numpy

    seen = {name: common.usual(table[name]) for name in NAMES}
    counts, _ = numpy.histogram(score, bins=12)
    note = f"Bars: the {len(score)} patients it was made from; half of them had {numpy.median(score):.0f} or less."
    return {
        "title": "Diabetes progression within a year",
        "summary": "How far diabetes will have progressed in a year, as a score from 25 to 346.",
        "intended_use": "Adults with diabetes, to compare patients with one another. The score has no unit and no clinical scale.",
        "cautions": ["Its data do not say how the score was made up: it compares, and decides nothing.",
                     f"A rough guide: it is off by {metrics['mean_error']:.0f} points on average.",
                     "Small: 442 patients, published in 2004."],
        "not_considered": ["Haemoglobin A1c", "Treatment", "How long diabetes is known", "Age, which added nothing",
                           "Sex, because the data do not say which of its two codes is which"],
        "training": {"rows": len(table), "source": "Efron, Hastie, Johnstone, Tibshirani: Least Angle Regression (2004), from scikit-learn",
                     "performance": f"R² {metrics['r2']:.2f}, mean error {metrics['mean_error']:.0f} points held out; the interval held "
                                    f"{common.percent(metrics['covered'])} of those patients"},
        "inputs": {
            "bmi": _asked("Body mass index", "Patient", 1, "kg/m2", "kg/m²", 8, 100, ["39156-5"], seen["bmi"]),
            # Records hold the two pressures and rarely their mean, so a list must not offer this model as answered by the record.
            "map": _asked("Mean arterial pressure", "Patient", 2, "mm[Hg]", "mmHg", 30, 200, [], seen["map"])
                   | {"record": None, "help": "Diastolic and a third of the way up to systolic: 120/80 is 93"},
            "hdl": _asked("HDL cholesterol", "Laboratory", 3, "mg/dL", "mg/dL", 5, 200, ["2085-9"], seen["hdl"], ["mmol/L"]),
            "triglycerides": _asked("Triglycerides", "Laboratory", 4, "mg/dL", "mg/dL", 10, 5000, ["2571-8"], seen["triglycerides"], ["mmol/L"]),
            "glucose": _asked("Glucose", "Laboratory", 5, "mg/dL", "mg/dL", 20, 1500, ["2339-0", "2345-7"], seen["glucose"], ["mmol/L"]),
        },
        "output": {"kind": "number", "column": "score", "lower": "lower", "upper": "upper", "interval_note": NOTE,
                   "label": "Progression score in a year",
                   "scale": {"min": float(score.min()), "max": float(score.max()), "histogram": [int(n) for n in counts], "note": note,
                             "usual": list(common.usual(score).values())}},
        "eligibility": [{"condition": ["44054006", "73211009", "46635009"], "action": "mark",
                         "sentence": "made for people who have diabetes on the problem list."},
                        {"record": "age", "min": 19, "max": 79, "action": "mark", "sentence": "its patients were 19 to 79 years old."}],
        "stale_after_days": 90,
    }  # fmt: skip


def _asked(label, group, order, unit, shown, low, high, codes, usual, units=()) -> dict:
    return {
        "label": label, "group": group, "order": order, "unit": unit, "unit_label": shown, "units": list(units), "min": low,
        "max": high, "required": group != "Laboratory", "record": {"kind": "observation", "codes": codes}, **usual,
    }  # fmt: skip
