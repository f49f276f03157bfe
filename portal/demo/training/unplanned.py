"""Unplanned admission within 12 months, answered from the record alone; trained on the invented hospital."""

from pathlib import Path

from portal.demo.hospital import simulate_cohort
from portal.demo.training import common

SLUG = "unplanned-admission"
ROWS, DRAWS = 6000, 40
ALWAYS = ("age", "male", "visits_12m", "heart_failure", "diabetes", "copd")
OPTIONAL = ("bmi", "sbp", "creatinine", "hba1c", "cholesterol", "haemoglobin")
NAMES = (*ALWAYS, *OPTIONAL)


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Fit, export to one ONNX graph with its bootstrap interval, log."""
    import numpy
    from sklearn.metrics import brier_score_loss, roc_auc_score

    table, labels = _table(simulate_cohort(ROWS))
    held = numpy.arange(ROWS) % 4 == 0
    median, mean, scale, draws = _fit(table[~held], labels[~held])
    risk = _predict(table[held], median, mean, scale, draws[:1])[:, 0]
    metrics = {"auc": float(roc_auc_score(labels[held], risk)), "brier": float(brier_score_loss(labels[held], risk))}
    graph = _graph(median, mean, scale, draws)
    params = {"rows": ROWS, "family": "logistic regression", "bootstrap_draws": DRAWS, "data": "invented hospital"}
    overlay = _overlay(table, labels, metrics)
    overlay["outcome"] = {
        "kind": "encounter",
        "classes": ["EMER", "IMP"],
        "within_days": 365,
        "label": "an unplanned stay",
    }
    overlay["calibration"] = common.calibration(
        labels[held], risk, "a quarter of the invented patients, held out of training"
    )

    def save(folder: Path) -> None:
        import mlflow.onnx

        mlflow.onnx.save_model(
            graph, str(folder), signature=_signature(), pip_requirements=common.pinned("onnxruntime", "numpy")
        )

    found = common.log(SLUG, uri=uri, out=out, params=params, metrics=metrics, overlay=overlay, save=save)
    return found, f"AUC {metrics['auc']:.2f} on invented patients"


def _table(rows: list[dict]):
    import numpy

    def value(row, name):
        found = row["sex"] == "male" if name == "male" else row[name]
        return numpy.nan if found is None else float(found)

    table = numpy.array([[value(row, name) for name in NAMES] for row in rows])
    return table, numpy.array([row["label"] for row in rows], dtype=int)


def _fit(table, labels):
    import numpy
    from sklearn.linear_model import LogisticRegression

    median = numpy.nanmedian(table, axis=0)
    full = numpy.where(numpy.isnan(table), median, table)
    mean, scale = full.mean(axis=0), full.std(axis=0)
    scaled = (full - mean) / scale
    dice = numpy.random.default_rng(7)
    samples = [numpy.arange(len(labels)), *(dice.integers(0, len(labels), len(labels)) for _ in range(DRAWS))]
    fits = [LogisticRegression(max_iter=500).fit(scaled[rows], labels[rows]) for rows in samples]
    return median, mean, scale, numpy.array([[*fit.coef_[0], fit.intercept_[0]] for fit in fits])


def _predict(table, median, mean, scale, draws):
    import numpy

    scaled = (numpy.where(numpy.isnan(table), median, table) - mean) / scale
    return 1 / (1 + numpy.exp(-(scaled @ draws[:, :-1].T + draws[:, -1])))


def _graph(median, mean, scale, draws):
    """The graph: fill what is missing, scale, score all draws, take the fit and the 5th and 95th of the draws."""
    import numpy
    import onnx
    from onnx import TensorProto as T
    from onnx import helper as h
    from onnx import numpy_helper as n

    def constant(name, value):
        return n.from_array(numpy.asarray(value, dtype=numpy.float32), name)

    low, high = int(0.05 * DRAWS), int(0.95 * DRAWS) - 1
    weights = [
        constant("median", median[None, :]), constant("mean", mean[None, :]), constant("scale", scale[None, :]),
        constant("weights", draws[:, :-1].T), constant("bias", draws[:, -1][None, :]),
        n.from_array(numpy.array([DRAWS], dtype=numpy.int64), "count"),
        n.from_array(numpy.array([0], dtype=numpy.int64), "first"),
        *(n.from_array(numpy.array([place], dtype=numpy.int64), f"place_{place}") for place in (low, high)),
        n.from_array(numpy.arange(1, DRAWS + 1, dtype=numpy.int64), "others"),
    ]  # fmt: skip
    nodes = [
        h.make_node("Concat", list(NAMES), ["raw"], axis=1),
        h.make_node("IsNaN", ["raw"], ["gone"]),
        h.make_node("Where", ["gone", "median", "raw"], ["full"]),
        h.make_node("Sub", ["full", "mean"], ["centred"]),
        h.make_node("Div", ["centred", "scale"], ["scaled"]),
        h.make_node("MatMul", ["scaled", "weights"], ["product"]),
        h.make_node("Add", ["product", "bias"], ["odds"]),
        h.make_node("Sigmoid", ["odds"], ["risks"]),
        h.make_node("Gather", ["risks", "first"], ["probability"], axis=1),
        h.make_node("Gather", ["risks", "others"], ["drawn"], axis=1),
        h.make_node("TopK", ["drawn", "count"], ["sorted", "order"], axis=1, largest=0, sorted=1),
        h.make_node("Gather", ["sorted", f"place_{low}"], ["lower"], axis=1),
        h.make_node("Gather", ["sorted", f"place_{high}"], ["upper"], axis=1),
    ]
    inputs = [h.make_tensor_value_info(name, T.FLOAT, [None, 1]) for name in NAMES]
    outputs = [h.make_tensor_value_info(name, T.FLOAT, [None, 1]) for name in ("probability", "lower", "upper")]
    graph = h.make_graph(nodes, "unplanned", inputs, outputs, weights)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _signature():
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = [ColSpec("float", name, required=name in ALWAYS) for name in NAMES]
    outputs = [ColSpec("float", name) for name in ("probability", "lower", "upper")]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _overlay(table, labels, metrics) -> dict:
    seen = {name: common.usual(table[:, place]) for place, name in enumerate(NAMES)}
    return {
        "title": "Unplanned admission within 12 months (synthetic)",
        "summary": "How likely an unplanned stay is within a year, from the record alone.",
        "intended_use": "To practise with. It shows how a model answers from the record; it says nothing about real people.",
        "cautions": ["Trained on an invented hospital only.", "Never use it for care."],
        "synthetic": True,
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
            "bmi": _measured("Body mass index", 7, "kg/m2", "kg/m²", 8, 100, ["39156-5"], seen["bmi"]),
            "sbp": _measured("Systolic blood pressure", 8, "mm[Hg]", "mmHg", 40, 300, ["8480-6"], seen["sbp"]),
            "creatinine": _measured("Creatinine", 9, "mg/dL", "mg/dL", 0.1, 30, ["2160-0", "38483-4"], seen["creatinine"], ["umol/L"]),
            "hba1c": _measured("Haemoglobin A1c", 10, "%", "%", 2, 20, ["4548-4"], seen["hba1c"], ["mmol/mol"]),
            "cholesterol": _measured("Total cholesterol", 11, "mg/dL", "mg/dL", 40, 1000, ["2093-3"], seen["cholesterol"], ["mmol/L"]),
            "haemoglobin": _measured("Haemoglobin", 12, "g/dL", "g/dL", 2, 25, ["718-7"], seen["haemoglobin"], ["g/L"]),
        },
        "output": {"kind": "risk", "column": "probability", "lower": "lower", "upper": "upper",
                   "outcome": "have an unplanned hospital stay", "horizon": "within 12 months",
                   "base_rate": round(float(labels.mean()), 3), "base_rate_note": "of the invented patients it was trained on",
                   "bands": [{"upto": 0.1, "label": "Low"}, {"upto": 0.3, "label": "Raised"}, {"upto": 1.0, "label": "High"}]},
    }  # fmt: skip


def _problem(label: str, order: int, codes: list[str]) -> dict:
    options = [{"value": 1.0, "label": "Yes"}, {"value": 0.0, "label": "No"}]
    record = {"kind": "condition", "codes": codes, "map": {"yes": 1.0, "no": 0.0}}
    return {"label": label, "group": "Problem list", "order": order, "options": options, "record": record}


def _measured(label, order, unit, shown, low, high, codes, usual, units=()) -> dict:
    return {
        "label": label, "group": "Last measured", "order": order, "unit": unit, "unit_label": shown, "min": low, "max": high,
        "required": False, "units": list(units), "record": {"kind": "observation", "codes": codes}, **usual,
    }  # fmt: skip
