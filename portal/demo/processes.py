"""The processes of a demonstration and how each shows that it is ready."""

import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from portal.demo.supervise import Process


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def tracker(port: int) -> Process:
    """The MLflow server; artifacts go through it, so nothing in its store names a path of this machine."""
    home = settings.DATA / "mlflow"
    home.mkdir(parents=True, exist_ok=True)
    argv = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{home / 'mlflow.db'}", "--artifacts-destination", str(home / "artifacts"),
        "--serve-artifacts",
    ]  # fmt: skip
    return Process("mlflow", argv, _environment(), _answers(f"http://127.0.0.1:{port}/health"))


def scorer() -> Process:
    """The server that runs models in sandboxed processes of their own."""
    argv = [
        sys.executable, "-m", "portal.compute.runtime.server", "--run-dir", str(settings.RUN),
        "--artifacts", str(settings.ARTIFACTS), "--environments", str(settings.ENVIRONMENTS),
    ]  # fmt: skip
    return Process("scorer", argv, _environment(), lambda: settings.SCORER_SOCKET.exists())


def worker() -> Process:
    """The Celery worker."""
    ready = settings.RUN / "worker.ready"
    ready.unlink(missing_ok=True)
    argv = [
        sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "--loglevel", "WARNING", "--concurrency", "2",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", "jobs@formulary",
    ]  # fmt: skip
    return Process("worker", argv, _environment() | {"FORMULARY_WORKER_READY": str(ready)}, ready.exists)


def keeper() -> Process:
    """The loop that seals the ledger and finds lost jobs."""
    argv = [sys.executable, str(settings.ROOT / "manage.py"), "keep"]
    return Process("keeper", argv, _environment(), None)


def web(port: int) -> Process:
    """The pages and the API."""
    argv = [
        sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", "1", "--threads", "8", "--keep-alive", "30", "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip
    return Process("web", argv, _environment(), _answers(f"http://127.0.0.1:{port}/readyz"))


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONPATH": str(settings.ROOT),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }


def _answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (loopback only)
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    return ready


def make_folders() -> None:
    """The folders that the processes expect; the broker's are for our eyes only."""
    for name in ("broker", "broker-control"):
        Path(settings.RUN / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (settings.ARTIFACTS, settings.ENVIRONMENTS):
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    settings.RUN.chmod(0o700)
