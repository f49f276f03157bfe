"""Reading one run from an MLflow server over its REST API; names of people and machines stay behind."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

_RUN_ID = re.compile(r"^\s*run_id:\s*['\"]?([0-9a-f]{32})", re.MULTILINE)
_SECONDS = 10


def run_of_folder(folder: Path, tracking_uri: str) -> dict:
    """The source run of a model folder as plain values; only its id when no server answers, {} without one."""
    found = _RUN_ID.search((folder / "MLmodel").read_text()) if (folder / "MLmodel").exists() else None
    if found is None:
        return {}
    run_id = found.group(1)
    return {"run_id": run_id} | (_read(run_id, tracking_uri) if tracking_uri.startswith("http") else {})


def _read(run_id: str, tracking_uri: str) -> dict:
    query = urllib.parse.urlencode({"run_id": run_id})
    address = f"{tracking_uri.rstrip('/')}/api/2.0/mlflow/runs/get?{query}"
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 (http only, checked above)
            return _plain(json.load(answer)["run"])
    except (urllib.error.URLError, OSError, ValueError, KeyError):
        return {}


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
