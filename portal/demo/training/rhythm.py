"""Irregular rhythm on a 12-lead ECG: intervals between beats of simulated tracings, logistic regression, logged as code."""

import json
import tempfile
from pathlib import Path

from portal.demo.training import common
from portal.demo.training.cards import invented

SLUG = "irregular-rhythm"
TRACINGS, SECONDS = 240, 10
# What the model takes from the intervals between beats, in its order.
LABELS = {"variation": "How much the intervals between beats vary", "steps": "Usual step from one interval to the next",
          "jumps": "Steps of more than a tenth of an interval"}  # fmt: skip
UNITS = {"variation": "% of their mean", "steps": "% of their mean", "jumps": "% of all steps"}


def train(*, uri: str, out: Path) -> tuple[dict, str]:
    """Simulate, find the beats as the model will, fit, log."""
    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, roc_auc_score

    table, labels = _simulated()
    held = numpy.arange(len(labels)) % 5 < 2
    mean, scale = table[~held].mean(axis=0), table[~held].std(axis=0)
    scaled = (table - mean) / scale
    model = LogisticRegression().fit(scaled[~held], labels[~held])
    risk = model.predict_proba(scaled[held])[:, 1]
    metrics = {"auc": float(roc_auc_score(labels[held], risk)), "brier": float(brier_score_loss(labels[held], risk))}
    fit = {
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "weights": model.coef_[0].tolist(),
        "bias": float(model.intercept_[0]),
    }
    params = {"tracings": TRACINGS, "seconds": SECONDS, "family": "logistic regression", "data": "simulated beats"}
    found = common.log(
        SLUG, uri=uri, out=out, params=params, metrics=metrics, overlay=_overlay(metrics),
        card=invented.rhythm(metrics, TRACINGS), save=lambda folder: _save(folder, fit)
    )  # fmt: skip
    return found, f"AUC {metrics['auc']:.2f} on simulated beats, which proves nothing"


def _simulated():
    import numpy

    from portal.demo.training import beats, heart

    dice = numpy.random.default_rng(5)
    rows, labels = [], []
    for number in range(TRACINGS):
        irregular = number % 2 == 1
        moments = heart.beats(dice, irregular=irregular, seconds=SECONDS)
        seen = heart.leads(dice, moments, irregular=irregular, seconds=SECONDS, names=("II",))["II"]
        peaks, _ = beats.r_peaks(seen)
        if len(peaks) >= beats.FEWEST:
            rows.append(beats.features(peaks))
            labels.append(int(irregular))
    return numpy.array(rows), numpy.array(labels)


def _save(folder: Path, fit: dict) -> None:
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import Array, DataType

    inputs = Schema([ColSpec(Array(DataType.double), "ecg")])
    outputs = Schema([
        ColSpec("double", "probability"), ColSpec("double", "rate"), ColSpec("long", "beats"),
        ColSpec(Array(DataType.double), "peaks"), ColSpec("string", "abstain"), ColSpec("double", "base"),
        *(ColSpec("double", f"{part}{name}") for part in ("", "part_") for name in LABELS),
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(scratch) / "rhythm.json"
        kept.write_text(json.dumps(fit))
        mlflow.pyfunc.save_model(
            str(folder), python_model=str(Path(__file__).with_name("beats.py")), artifacts={"rhythm": str(kept)},
            signature=ModelSignature(inputs=inputs, outputs=outputs),
            pip_requirements=common.pinned("mlflow", "pandas", "numpy", "scipy"),
        )  # fmt: skip


def _overlay(metrics: dict) -> dict:
    return {
        "title": "Irregular rhythm on a 12-lead ECG (synthetic)",
        "summary": "Whether the beats of a resting ECG follow one another irregularly, from lead II of a DICOM file.",
        "intended_use": "To practise with tracings. It looks at the intervals between beats alone and names no arrhythmia.",
        "cautions": ["Trained on simulated beats only: its AUC of nearly 1 on them proves nothing about patients.",
                     "Extra beats, pacemakers, blocks and flutter were not simulated; it may call them regular or irregular.",
                     "Never use it for care. Read the tracing yourself."],
        "synthetic": True,
        "training": {"rows": TRACINGS, "source": "beats simulated by the demonstration itself", "note": "no real person's data",
                     "performance": f"AUC {metrics['auc']:.2f}, Brier {metrics['brier']:.3f} on held-out simulated tracings, which proves "
                                    "nothing about real ones: it was never compared with cardiologists' reading"},
        "inputs": {"ecg": {"label": "12-lead ECG", "group": "Tracing", "order": 1, "kind": "ecg", "lead": "II", "rate": 500,
                           "shortest": 8, "longest": 60}},
        "output": {"kind": "signal", "column": "probability", "rate": "rate", "beats": "beats", "peaks": "peaks",
                   "outcome": "an irregular rhythm", "abstain": "abstain", "contributions": {
                       "method": "logistic regression: each feature's distance from the average, times its weight", "link": "logit",
                       "base": "base", "of": "probability", "compared": "the average of the simulated tracings it was trained on",
                       "up": "makes an irregular rhythm more likely", "down": "makes it less likely",
                       "features": {name: {"label": label, "column": f"part_{name}", "value": name, "unit": UNITS[name]}
                                    for name, label in LABELS.items()}},
                   "abstentions": {"few-beats": "fewer than 6 beats were found", "noise": "the tracing is too noisy to count beats"},
                   "bands": [{"upto": 0.5, "label": "The rhythm looks regular"}, {"upto": 1.0, "label": "The rhythm looks irregular"}]},
    }  # fmt: skip
