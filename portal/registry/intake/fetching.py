"""Having a model folder in hand: downloaded by MLflow's own program, or unpacked from what was sent; neither in this process."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from portal.core.problems import BadInput
from portal.datasets import children

_KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy")
_OF_MLFLOW = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_SERVER_CERT_PATH")  # fmt: skip
_BROKEN = {
    "time": "Unpacking took longer than it may. Send fewer or smaller files.",
    "memory": "Unpacking took more memory than it may.",
    "error": "The zip could not be unpacked. The team that runs the portal has been told.",
}


def unpack(raw: Path, key: str, scratch: Path) -> Path:
    """The model folder inside a zip that was sent; raises BadInput."""
    target = scratch / "sent"
    target.mkdir(mode=0o700)
    limits = {"files": settings.MODEL_MAX_FILES, "bytes": settings.MODEL_MAX_BYTES}
    order = {"do": "unpack", "raw": str(raw), "key": key, "target": str(target), "limits": limits, "memory_mb": 1024}
    answer = children.ask(order)
    if "files" not in answer:
        faults = answer.get("faults") or [_BROKEN[answer["broken"]]]
        raise BadInput({"file": faults[0]})
    return _model_in(target, "The zip")


def download(address: str, scratch: Path) -> Path:
    """The model folder at an address that MLflow knows; raises BadInput."""
    if not settings.TRACKING_URI:
        raise BadInput({"address": "No MLflow server is set up here (MLFLOW_TRACKING_URI), so addresses lead nowhere. Send the folder."})  # fmt: skip
    target = scratch / "sent"
    target.mkdir(mode=0o700)
    # mlflow runs as a program of its own: no process of the portal imports it.
    command = [sys.executable, "-m", "mlflow", "artifacts", "download", "-u", address, "-d", str(target)]
    with subprocess.Popen(
        command, env=_environment(scratch), cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as running:  # fmt: skip
        try:
            _follow(running, target)
        finally:
            if running.poll() is None:
                running.kill()
    if running.returncode:
        raise BadInput({"address": f"Nothing could be downloaded from {address}. Check the address; the MLflow server must know it."})  # fmt: skip
    return _model_in(target, f"What lies at {address}")


def _follow(running: subprocess.Popen, target: Path) -> None:
    """Wait for a download, and end one that takes too long or brings too much."""
    until = time.monotonic() + settings.MODEL_SECONDS
    while running.poll() is None:
        if time.monotonic() > until:
            raise BadInput(
                {"address": f"The download took longer than {settings.MODEL_SECONDS} seconds and was ended."}
            )
        if _size(target) > settings.MODEL_MAX_BYTES:
            most = settings.MODEL_MAX_BYTES // 1024**2
            raise BadInput({"address": f"The model is larger than {most:,} MB, and the download was ended."})
        time.sleep(0.1)


def _model_in(target: Path, what: str) -> Path:
    found = sorted(target.rglob("MLmodel"), key=lambda path: len(path.parts))
    if not found:
        raise BadInput({"folder": f"{what} holds no MLmodel file. Save the model with mlflow.<flavor>.save_model and bring that folder."})  # fmt: skip
    if len(found) > 1 and len(found[0].parts) == len(found[1].parts):
        raise BadInput({"folder": f"{what} holds more than one model folder. Bring one at a time."})
    return found[0].parent


def _environment(scratch: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in (*_KEPT, *_OF_MLFLOW)}
    own = {"HOME": str(scratch), "TMPDIR": str(scratch), "MLFLOW_TRACKING_URI": settings.TRACKING_URI}
    return kept | own | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "GIT_PYTHON_REFRESH": "quiet"}


def _size(folder: Path) -> int:
    found = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                found += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return found


def clear(scratch: Path) -> None:
    """Take everything that was fetched away again."""
    shutil.rmtree(scratch, ignore_errors=True)
