"""Recurrence-free survival after breast cancer surgery: GBSG2, Cox model with logs, three horizons with intervals."""

import json
import tempfile
from pathlib import Path

from portal.demo.training import cards, common
from portal.demo.training.cards import others

SLUG = "breast-cancer-recurrence"
YEARS, HEAD, DRAWS, PARTS_LEFT_OUT = (1, 3, 5), 3, 60, 5
UNSEEN = "the 686 women, each predicted by a fit made without her; women followed for less than 3 years count for as long as they were"
# SNOMED CT: local recurrence of a malignant tumour of the breast, metastasis from one, metastatic malignant neoplasm.
RECURRENCE = ["314955001", "315004001", "128462008"]
FEATURES = ("age", "post", "size", "grade2", "grade3", "nodes", "progesterone", "oestrogen", "hormone")
# The features that stand for each input.
PARTS = {"age": [0], "menostat": [1], "tsize": [2], "tgrade": [3, 4], "pnodes": [5], "progrec": [6], "estrec": [7],
         "horTh": [8]}  # fmt: skip
MEASURED = ("age", "tsize", "pnodes", "progrec", "estrec")
METHOD = "Cox model: each value's distance from the average, times its weight; sizes and counts as logarithms"
NOTE = "nine of ten fits of the model to other samples of its training data lie between"
INPUTS = (("age", "long"), ("menostat", "string"), ("tsize", "long"), ("tgrade", "string"), ("pnodes", "long"),
          ("progrec", "long"), ("estrec", "long"), ("horTh", "string"))  # fmt: skip


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Fit, bootstrap, log as code with coefficients."""
    import numpy
    from lifelines.datasets import load_gbsg2

    table = load_gbsg2()
    frame = _frame(table)
    fit = _fit(frame)
    risk = _unseen(frame)
    concordance = _concordance(frame, risk)
    dice = numpy.random.default_rng(11)
    draws = [_fit(frame.iloc[dice.integers(0, len(frame), len(frame))]) for _ in range(DRAWS)]
    metrics = {"concordance": concordance, "events": float(frame["event"].sum())}
    params = {"rows": len(table), "family": "Cox with log terms", "bootstrap_draws": DRAWS, "data": "GBSG2 (lifelines)"}

    overlay = _overlay(table, concordance)
    young = frame["age"].to_numpy() < 50
    by_age = {
        name: (int(mask.sum()), _concordance(frame[mask], risk[mask]))
        for name, mask in (("women under 50", young), ("women of 50 and over", ~young))
    }
    card = others.recurrence(concordance, cards.groups(by_age, "Concordance on women left out of the fit"))
    days, happened = frame["time"].to_numpy(), frame["event"].to_numpy()
    overlay["calibration"] = common.survival_calibration(days, happened, risk, HEAD * 365.25, UNSEEN)
    for name, weight in _weights(frame, fit).items():
        overlay["inputs"][name]["weight"] = weight
    overlay["training"]["distance"] = common.distance(table[list(MEASURED)].to_numpy(dtype=float), MEASURED)

    def save(folder: Path) -> None:
        _save(folder, fit | {"years": list(YEARS), "draws": draws, "parts": PARTS})

    found = common.log(SLUG, uri=uri, out=out, params=params, metrics=metrics, overlay=overlay, card=card, save=save)
    return found, f"concordance {concordance:.2f} of rows left out"


def _unseen(frame):
    """The risk of the event by HEAD years for each row, from a fit that has not seen it (five parts)."""
    import numpy

    part, risk = numpy.random.default_rng(2).permutation(len(frame)) % PARTS_LEFT_OUT, numpy.zeros(len(frame))
    for left_out in range(PARTS_LEFT_OUT):
        fit = _fit(frame[part != left_out])
        table = frame[part == left_out][list(FEATURES)].to_numpy()
        score = (table - numpy.array(fit["means"])) @ numpy.array(fit["weights"])
        risk[part == left_out] = 1 - numpy.exp(-fit["hazard"][YEARS.index(HEAD)] * numpy.exp(score))
    return risk


def _concordance(frame, risk) -> float:
    from lifelines.utils import concordance_index

    return float(concordance_index(frame["time"], -risk, frame["event"]))


def _frame(table):
    import numpy
    import pandas

    grade = table["tgrade"].astype(str)
    return pandas.DataFrame({
        "age": table["age"], "post": table["menostat"].astype(str) == "Post", "size": numpy.log(table["tsize"]),
        "grade2": grade == "II", "grade3": grade == "III", "nodes": numpy.log(table["pnodes"]),
        "progesterone": numpy.log1p(table["progrec"]), "oestrogen": numpy.log1p(table["estrec"]),
        "hormone": table["horTh"].astype(str) == "yes", "time": table["time"], "event": table["cens"],
    }).astype(float)  # fmt: skip


def _fit(frame) -> dict:
    from lifelines import CoxPHFitter

    cox = CoxPHFitter().fit(frame, "time", "event")
    hazard = cox.baseline_cumulative_hazard_.iloc[:, 0]
    at = [float(hazard[hazard.index <= years * 365.25].iloc[-1]) for years in YEARS]
    weights = [float(cox.params_[name]) for name in FEATURES]
    means = [float(frame[name].mean()) for name in FEATURES]
    return {"weights": weights, "means": means, "hazard": at}


def _weights(frame, fit: dict) -> dict[str, float]:
    """Each input's share of what moves the score, over the training rows."""
    import numpy

    parts = (frame[list(FEATURES)].to_numpy() - numpy.array(fit["means"])) * numpy.array(fit["weights"])
    spread = {name: float(parts[:, places].sum(axis=1).std()) for name, places in PARTS.items()}
    return {name: round(value / sum(spread.values()), 4) for name, value in spread.items()}


def _save(folder: Path, fit: dict) -> None:
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec(kind, name) for name, kind in INPUTS])
    names = [f"survival_{years}y{end}" for end in ("", "_lower", "_upper") for years in YEARS]
    outputs = Schema([ColSpec("double", name) for name in (*names, "base", *(f"part_{name}" for name in PARTS))])
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(scratch) / "cox.json"
        kept.write_text(json.dumps(fit))
        mlflow.pyfunc.save_model(
            str(folder), python_model=str(Path(__file__).with_name("cox.py")), artifacts={"cox": str(kept)},
            signature=ModelSignature(inputs=inputs, outputs=outputs),
            pip_requirements=common.pinned("mlflow", "pandas", "numpy"),
        )  # fmt: skip


def _overlay(table, concordance: float) -> dict:
    seen = {name: common.usual(table[name]) for name in ("age", "tsize", "pnodes", "progrec", "estrec")}
    return {
        "title": "Recurrence-free survival after breast cancer surgery",
        "summary": "The chance of being alive without recurrence 1, 3 and 5 years after surgery for node-positive breast cancer.",
        "intended_use": "Women operated for node-positive primary breast cancer, to talk about follow-up.",
        "cautions": ["All 686 women were node-positive: it says nothing about node-negative disease.",
                     "Treated in the 1980s; today's therapy is better.", f"A modest model: concordance about {concordance:.2f}."],
        "training": {"rows": len(table), "source": "German Breast Cancer Study Group 2, from the lifelines package",
                     "performance": f"concordance {concordance:.2f} on rows left out of the fit"},
        "inputs": {
            "age": {"label": "Age at surgery", "group": "Patient", "order": 1, "unit": "a", "unit_label": "years", "integer": True, "min": 18, "max": 110,
                    "protected": True, "record": {"kind": "age"}, **seen["age"]},
            "menostat": {"label": "Menopausal status", "group": "Patient", "order": 2, "options": _options(("Pre", "Before menopause"), ("Post", "After menopause"))},
            "tsize": {"label": "Tumour size", "help": "Largest diameter", "group": "Tumour", "order": 3, "unit": "mm", "unit_label": "mm", "units": ["cm"], "integer": True, "min": 1, "max": 250, **seen["tsize"]},
            "tgrade": {"label": "Histological grade", "group": "Tumour", "order": 4, "options": _options(("I", "I"), ("II", "II"), ("III", "III"))},
            "pnodes": {"label": "Positive lymph nodes", "help": "At least 1: the model knows node-positive disease only", "group": "Tumour", "order": 5, "integer": True, "min": 1, "max": 80, **seen["pnodes"]},
            "progrec": {"label": "Progesterone receptor", "group": "Receptors", "order": 6, "unit": "fmol/L", "unit_label": "fmol/L", "integer": True, "min": 0, "max": 5000, **seen["progrec"]},
            "estrec": {"label": "Oestrogen receptor", "group": "Receptors", "order": 7, "unit": "fmol/L", "unit_label": "fmol/L", "integer": True, "min": 0, "max": 5000, **seen["estrec"]},
            "horTh": {"label": "Hormonal therapy", "help": "Planned or given", "group": "Treatment", "order": 8, "options": _options(("yes", "Yes"), ("no", "No"))},
        },
        "outcome": {"kind": "condition", "codes": RECURRENCE, "or_death": True, "within_days": 1096, "label": "a recurrence or death"},
        "output": {"kind": "survival", "outcome": "are alive without recurrence", "event": "a recurrence or death by 3 years", "interval_note": NOTE, "interval_plain": common.PLAIN, "contributions": {
            "method": METHOD, "link": "log-hazard", "base": "base", "columns": {name: f"part_{name}" for name in PARTS},
            "up": "makes recurrence or death more likely", "down": "makes it less likely"}, "columns": [
            {"column": f"survival_{years}y", "at": years, "label": f"{years} year{'s' if years > 1 else ''}",
             "lower": f"survival_{years}y_lower", "upper": f"survival_{years}y_upper"} for years in YEARS]},
        "eligibility": [{"input": "age", "min": 18, "sentence": "Made for adults of 18 and over."},
                        {"record": "sex", "in": ["female"], "action": "mark", "sentence": "all patients it was made from were women."}],
        "not_considered": ["HER2 status", "Ki-67", "Chemotherapy and radiotherapy", "Other illnesses"],
        "stale_after_days": 90,
    }  # fmt: skip


def _options(*pairs) -> list[dict]:
    return [{"value": value, "label": label} for value, label in pairs]
