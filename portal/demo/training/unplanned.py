"""Unplanned admission within 12 months, answered from the record alone; trained on the invented hospital."""

from pathlib import Path

from portal.demo.hospital import simulate_cohort
from portal.demo.training import additive, cards, common
from portal.demo.training.cards import invented

SLUG = "unplanned-admission"
ROWS, DRAWS = 6000, 40
ALWAYS = ("age", "male", "visits_12m", "heart_failure", "diabetes", "copd")
OPTIONAL = ("bmi", "sbp", "creatinine", "hba1c", "cholesterol", "haemoglobin")
NAMES = (*ALWAYS, *OPTIONAL)
MEASURED = ("age", "visits_12m", *OPTIONAL)
METHOD = "logistic regression: each value's distance from the average, times its weight"
NOTE = "nine of ten fits of the model to other samples of its training data lie between"


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Fit, export to one ONNX graph with its bootstrap interval and contributions, log."""
    import numpy
    from sklearn.metrics import brier_score_loss, roc_auc_score

    table, labels = _table(simulate_cohort(ROWS))
    held = numpy.arange(ROWS) % 4 == 0
    fit, matrix = _fit(table[~held], labels[~held])
    risk = _risk(fit, additive.design(fit, table[held]))
    metrics = {"auc": float(roc_auc_score(labels[held], risk)), "brier": float(brier_score_loss(labels[held], risk))}
    made = additive.graph("unplanned", fit)
    params = {"rows": ROWS, "family": "logistic regression", "bootstrap_draws": DRAWS, "data": "invented hospital"}
    overlay = _overlay(table, labels, metrics)
    men, old = table[held]["male"].to_numpy() == 1, table[held]["age"].to_numpy() >= 65
    groups = {"women": ~men, "men": men, "people under 65": ~old, "people of 65 and over": old}
    by_group = cards.groups(common.among(roc_auc_score, groups, labels[held], risk), "AUC held out")
    card = invented.unplanned(metrics, by_group, ROWS)
    overlay["outcome"] = {
        "kind": "encounter",
        "classes": ["EMER", "IMP"],
        "within_days": 365,
        "label": "an unplanned stay",
    }
    overlay["calibration"] = common.calibration(
        labels[held], risk, "a quarter of the invented patients, held out of training"
    )
    overlay["output"]["contributions"] = additive.described(fit, "logit", method=METHOD)
    for name, noted in additive.notes(fit, matrix, OPTIONAL).items():
        overlay["inputs"][name] |= noted
    overlay["training"]["distance"] = common.distance(table[list(MEASURED)].to_numpy(), MEASURED)

    def save(folder: Path) -> None:
        additive.save(made, fit, folder, set(OPTIONAL))

    found = common.log(SLUG, uri=uri, out=out, params=params, metrics=metrics, overlay=overlay, card=card, save=save)
    return found, f"AUC {metrics['auc']:.2f} on invented patients"


def _table(rows: list[dict]):
    import numpy
    import pandas

    def value(row, name):
        found = row["sex"] == "male" if name == "male" else row[name]
        return numpy.nan if found is None else float(found)

    table = pandas.DataFrame([[value(row, name) for name in NAMES] for row in rows], columns=list(NAMES))
    return table, numpy.array([row["label"] for row in rows], dtype=int)


def _fit(table, labels):
    fit = additive.prepare(table, NAMES)
    matrix = additive.design(fit, table)
    return additive.settle(fit, additive.draw(matrix, labels, draws=DRAWS, seed=7)), matrix


def _risk(fit, matrix):
    import numpy

    return 1 / (1 + numpy.exp(-(matrix @ fit.weights[0, :-1] + fit.weights[0, -1])))


def _overlay(table, labels, metrics) -> dict:
    seen = {name: common.usual(table[name]) for name in NAMES}
    return {
        "title": "Unplanned admission within 12 months (synthetic)",
        "summary": "How likely an unplanned stay is within a year, from the record alone.",
        "intended_use": "To practise with. It shows how a model answers from the record; it says nothing about real people.",
        "cautions": ["Trained on an invented hospital only.", "Never use it for care."],
        "synthetic": True,
        "not_considered": ["Frailty", "Whether anybody helps at home", "Medication", "The reason of the visit"],
        "training": {"rows": ROWS, "source": "simulated by the demonstration itself", "note": "no real person's data",
                     "performance": f"AUC {metrics['auc']:.2f}, Brier {metrics['brier']:.3f} on held-out invented patients"},
        "inputs": {
            "age": {"label": "Age", "group": "Person", "order": 1, "unit": "a", "unit_label": "years", "integer": True,
                    "min": 0, "max": 120, "protected": True, "record": {"kind": "age"}, **seen["age"]},
            "male": {"label": "Sex in the record", "group": "Person", "order": 2, "protected": True,
                     "options": [{"value": 0.0, "label": "Female"}, {"value": 1.0, "label": "Male"}, {"value": 0.5, "label": "Other or not recorded"}],
                     "record": {"kind": "sex", "map": {"female": 0.0, "male": 1.0, "other": 0.5, "unknown": 0.5}}},
            "visits_12m": {"label": "Visits in the last 12 months", "help": "Visits and stays of any kind", "group": "Person",
                           "order": 3, "integer": True, "min": 0, "max": 400, "record": {"kind": "encounters", "within_days": 365}, **seen["visits_12m"]},
            "heart_failure": _problem("Heart failure", 4, ["84114007", "88805009", "42343007"]),
            "diabetes": _problem("Diabetes", 5, ["44054006", "73211009", "46635009"]),
            "copd": _problem("Chronic obstructive lung disease", 6, ["13645005", "185086009", "87433001"]),
            "bmi": _measured("Body mass index", 7, "kg/m2", "kg/m²", 8, 100, ["39156-5"], 365, seen["bmi"]),
            "sbp": _measured("Systolic blood pressure", 8, "mm[Hg]", "mmHg", 40, 300, ["8480-6"], 90, seen["sbp"]),
            "creatinine": _measured("Creatinine", 9, "mg/dL", "mg/dL", 0.1, 30, ["2160-0", "38483-4"], 90, seen["creatinine"], ["umol/L"]),
            "hba1c": _measured("Haemoglobin A1c", 10, "%", "%", 2, 20, ["4548-4"], 180, seen["hba1c"], ["mmol/mol"]),
            "cholesterol": _measured("Total cholesterol", 11, "mg/dL", "mg/dL", 40, 1000, ["2093-3"], 730, seen["cholesterol"], ["mmol/L"]),
            "haemoglobin": _measured("Haemoglobin", 12, "g/dL", "g/dL", 2, 25, ["718-7"], 90, seen["haemoglobin"], ["g/L"]),
        },
        "output": {"kind": "risk", "column": "probability", "lower": "lower", "upper": "upper", "interval_note": NOTE, "interval_plain": common.PLAIN,
                   "outcome": "have an unplanned hospital stay", "horizon": "within 12 months",
                   "base_rate": round(float(labels.mean()), 3), "base_rate_note": "of the invented patients it was trained on",
                   "bands": [{"upto": 0.1, "label": "Low"}, {"upto": 0.3, "label": "Raised"}, {"upto": 1.0, "label": "High"}]},
        "eligibility": [{"record": "age", "min": 18, "action": "mark", "sentence": "its invented patients are all adults."}],
        "stale_after_days": 30,
    }  # fmt: skip


def _problem(label: str, order: int, codes: list[str]) -> dict:
    options = [{"value": 1.0, "label": "Yes"}, {"value": 0.0, "label": "No"}]
    record = {"kind": "condition", "codes": codes, "map": {"yes": 1.0, "no": 0.0}}
    return {"label": label, "group": "Problem list", "order": order, "options": options, "record": record}


def _measured(label, order, unit, shown, low, high, codes, days, usual, units=()) -> dict:
    return {
        "label": label, "group": "Last measured", "order": order, "unit": unit, "unit_label": shown, "min": low, "max": high,
        "required": False, "units": list(units),
        "record": {"kind": "observation", "codes": codes, "stale_days": days}, **usual,
    }  # fmt: skip
