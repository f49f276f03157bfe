"""Reading runs, versions and experiments from an MLflow server over its REST API; names of people and machines stay behind."""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

# The tag of an experiment that says which study its runs belong to, by the study's short name.
STUDY_TAG = "formulary.study"
_RUN_ID = re.compile(r"^\s*run_id:\s*['\"]?([0-9a-f]{32})", re.MULTILINE)
_RUN = re.compile(r"runs:/([0-9a-f]{32})/[\w./-]{1,200}")
_LOGGED = re.compile(r"models:/(m-[0-9a-f]{32})")
_VERSION = re.compile(r"models:/([^/@]+)/(\d+)")
_ALIAS = re.compile(r"models:/([^/@]+)@([\w-]+)")
# Where the server keeps files itself; an experiment may name any other place, on the portal's own disk as well.
STORES = ("mlflow-artifacts:/",)
_SECONDS = 10


@dataclass(frozen=True)
class Source:
    """What an address leads to now: a run's files or a logged model, which do not change, and the study of its experiment."""

    address: str
    study: str


def run_of_folder(folder: Path, tracking_uri: str, *, study: str | None = None) -> dict:
    """The source run of a model folder as plain values; only its id when no server answers, {} without one.

    With `study`, the short name of one, values come only from a run of an experiment that is shared with it, because
    the files may name any run.
    """
    found = _RUN_ID.search((folder / "MLmodel").read_text()) if (folder / "MLmodel").exists() else None
    if found is None:
        return {}
    run_id = found.group(1)
    run = _run(tracking_uri, run_id)
    if study is not None and (not run or _study_of(tracking_uri, run["info"].get("experiment_id", "")) != study):
        run = {}
    return {"run_id": run_id} | (_plain(run) if run else {})


def source_of(address: str, tracking_uri: str, *, stores: tuple[str, ...] = STORES) -> Source | None:
    """What a runs:/ or models:/ address leads to; None when the server does not know it, or its files lie in none of `stores`."""
    if found := _VERSION.fullmatch(address):
        address = _source(_ask(tracking_uri, "model-versions/get", name=found[1], version=found[2]))
    elif found := _ALIAS.fullmatch(address):
        address = _source(_ask(tracking_uri, "registered-models/alias", name=found[1], alias=found[2]))
    return _of_experiment(address, tracking_uri, stores)


def _source(answer: dict) -> str:
    # Whoever may write to the registry may name any source; it counts for what lies there, not for what it is called.
    return str(answer.get("model_version", {}).get("source", ""))


def _of_experiment(address: str, tracking_uri: str, stores: tuple[str, ...]) -> Source | None:
    if found := _RUN.fullmatch(address):
        info = _run(tracking_uri, found[1]).get("info", {})
    elif found := _LOGGED.fullmatch(address):
        info = _ask(tracking_uri, f"logged-models/{found[1]}").get("model", {}).get("info", {})
    else:
        return None
    experiment, place = info.get("experiment_id"), str(info.get("artifact_uri", ""))
    if place.startswith("mlflow-artifacts://") or not place.startswith(stores):
        return None
    return Source(address, _study_of(tracking_uri, experiment)) if experiment else None


def _run(tracking_uri: str, run_id: str) -> dict:
    return _ask(tracking_uri, "runs/get", run_id=run_id).get("run", {})


def _study_of(tracking_uri: str, experiment_id: str) -> str:
    experiment = _ask(tracking_uri, "experiments/get", experiment_id=experiment_id).get("experiment", {})
    return next((tag["value"] for tag in experiment.get("tags", []) if tag["key"] == STUDY_TAG), "")


def _ask(tracking_uri: str, route: str, **fields: str) -> dict:
    """What the server answers; {} when it does not know it or does not answer."""
    if not tracking_uri.startswith(("http://", "https://")):
        return {}
    address = f"{tracking_uri.rstrip('/')}/api/2.0/mlflow/{route}?{urllib.parse.urlencode(fields)}"
    request = urllib.request.Request(address, headers=_credentials())  # noqa: S310 (http only, checked above)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 (as above)
            found = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _credentials() -> dict[str, str]:
    """The portal's own account on the server, from the variables that MLflow's client reads."""
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    name = os.environ.get("MLFLOW_TRACKING_USERNAME")
    if not name:
        return {}
    pair = f"{name}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _plain(run: dict) -> dict:
    data, info = run.get("data", {}), run.get("info", {})
    return {
        "name": info.get("run_name", ""),
        "experiment_id": info.get("experiment_id", ""),
        "status": info.get("status", ""),
        "started_at": info.get("start_time"),
        "ended_at": info.get("end_time"),
        "params": {item["key"]: item["value"] for item in data.get("params", [])},
        "metrics": {item["key"]: item["value"] for item in data.get("metrics", [])},
    }
