"""What every demonstration model shares: the switches, the run, and the folder it is copied to."""

import json
import os
import re
import shutil
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from portal.demo.training import proofs

SWITCHES = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "ORT_DISABLE_TELEMETRY": "1",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true", "GIT_PYTHON_REFRESH": "quiet", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", "MLFLOW_LOGGING_LEVEL": "ERROR",
}  # fmt: skip
os.environ.update(SWITCHES)
# What a bootstrap interval means, for whoever reads the plain page.
PLAIN = "had the model learned from other patients of the same kind, it would mostly answer within this"
_PERSONAL = ("mlflow.user", "mlflow.source.name")


def pinned(*packages: str) -> list[str]:
    """Requirement lines for what is installed."""
    return [f"{name}=={version(name)}" for name in packages]


def log(slug: str, *, uri: str, out: Path, params: dict, metrics: dict, overlay: dict, card: dict, save) -> dict:
    """Log one run; `save(folder)` writes the MLflow model folder. Returns run id, address and the folder below `out`."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("formulary-demonstration")
    # The demonstration's study may bring models of this experiment in.
    mlflow.set_experiment_tag("formulary.study", "demo")
    with tempfile.TemporaryDirectory() as scratch, mlflow.start_run(run_name=slug) as run:
        for tag in _PERSONAL:
            mlflow.set_tag(tag, "demonstration")
        mlflow.log_params(params)
        mlflow.log_metrics(metrics)
        folder = Path(scratch) / "model"
        save(folder)
        _finish(folder, run.info.run_id, overlay, card)
        proofs.write(slug, folder)
        mlflow.log_artifacts(str(folder), artifact_path="model")
        target = out / slug
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target)
        return {"run_id": run.info.run_id, "model_uri": f"runs:/{run.info.run_id}/model", "folder": slug}


def _finish(folder: Path, run_id: str, overlay: dict, card: dict) -> None:
    description = folder / "MLmodel"
    # Paths of the machine that trained it have no place in a model's files.
    text = re.sub(r"(model_code_path|uri): /\S*/", r"\1: ", description.read_text())
    description.write_text(text if "\nrun_id:" in text else f"{text.rstrip()}\nrun_id: {run_id}\n")
    (folder / "formulary.json").write_text(json.dumps(overlay, indent=1, sort_keys=True))
    (folder / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True))


def among(measure, groups: dict, *columns) -> dict[str, tuple[int, float]]:
    """How many rows each group has, and the measure of the columns among them alone; `groups` gives masks by name."""
    return {
        name: (int(mask.sum()), float(measure(*(column[mask] for column in columns)))) for name, mask in groups.items()
    }


def usual(column) -> dict:
    """The 1st to 99th percentile of what was seen, as the overlay's usual range."""
    import numpy

    low, high = numpy.nanpercentile(column, [1, 99])
    return {"usual_min": float(f"{low:.3g}"), "usual_max": float(f"{high:.3g}")}


def percent(share: float) -> str:
    """A share as the portal writes it."""
    return f"{share * 100:.0f} %"


def calibration(label, risk, source: str) -> dict:
    """How often the outcome came in the rows that were held out, in tenths of the predicted risk."""
    bins = []
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10
        inside = (risk >= low) & ((risk < high) | (tenth == 9))
        n = int(inside.sum())
        if n:
            bins.append({"from": low, "upto": high, "n": n, "observed": round(float(label[inside].mean()), 3),
                         "predicted": round(float(risk[inside].mean()), 3)})  # fmt: skip
    return {
        "source": source,
        "n": len(label),
        "date": _today(),
        "bins": bins,
    }


def product_limit(time, happened, at: float) -> tuple[float, float, float]:
    """The share that is without the event at a time, and its 95 % interval (Kaplan, Meier 1958; Greenwood on the log-log scale)."""
    import numpy

    left, greenwood = 1.0, 0.0
    for moment in numpy.unique(time[(happened > 0) & (time <= at)]):
        at_risk, events = int((time >= moment).sum()), int(((time == moment) & (happened > 0)).sum())
        left *= 1 - events / at_risk
        greenwood += events / (at_risk * (at_risk - events)) if at_risk > events else numpy.inf
    if not 0 < left < 1:
        # No event, or nobody left: the scale has no place for it. Three of n at most, or at least (the rule of three).
        edge = min(1.0, 3 / len(time))
        return left, 1 - edge if left else 0.0, 1.0 if left else edge
    step = 1.959964 * numpy.sqrt(greenwood) / abs(numpy.log(left))
    low, high = left ** numpy.exp(step), left ** numpy.exp(-step)
    return float(left), float(low), float(high)


def survival_calibration(time, happened, risk, at: float, source: str) -> dict:
    """How often the event had come by a time in rows that were left out, in tenths of its predicted risk; those whose time ended
    before are counted as long as they were seen (product limit)."""
    bins = []
    for tenth in range(10):
        inside = (risk >= tenth / 10) & ((risk < (tenth + 1) / 10) | (tenth == 9))
        if inside.any():
            left, low, high = product_limit(time[inside], happened[inside], at)
            bins.append({"from": tenth / 10, "upto": (tenth + 1) / 10, "n": int(inside.sum()), "observed": round(1 - left, 3),
                         "predicted": round(float(risk[inside].mean()), 3), "low": round(1 - high, 3), "high": round(1 - low, 3)})  # fmt: skip
    return {"source": source, "n": len(risk), "date": _today(), "bins": bins}


def _today() -> str:
    return datetime.fromtimestamp(time.time(), UTC).date().isoformat()


def distance(table, names: tuple[str, ...]) -> dict:
    """What the portal needs to tell how far a patient lies from the training data (Mahalanobis), as JSON values."""
    import numpy

    seen = table[~numpy.isnan(table).any(axis=1)]
    mean, precision = seen.mean(axis=0), numpy.linalg.pinv(numpy.cov(seen, rowvar=False))
    squares = numpy.einsum("ij,jk,ik->i", seen - mean, precision, seen - mean)
    short = lambda values: [float(f"{value:.6g}") for value in values]  # noqa: E731
    return {
        "inputs": list(names), "mean": short(mean), "precision": [short(row) for row in precision],
        "percentiles": short(numpy.percentile(squares, range(1, 100))),
    }  # fmt: skip
