"""Asking the child process that looks into a file; what it says besides its answer goes nowhere."""

import json
import logging
import subprocess
import sys
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[2]
_SPARE = 20
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
}  # fmt: skip


def ask(order: dict, *, seconds: float | None = None, program: str = "portal.datasets.runtime") -> dict:
    """The child's answer; `{"broken": code}` when there is none. It has as long as a job, unless `seconds` say less."""
    order = {"memory_mb": settings.DATASET_MEMORY_MB, **order}
    try:
        done = subprocess.run(
            [sys.executable, "-m", program], input=json.dumps(order).encode(), cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT, start_new_session=True, check=False,
            timeout=seconds or settings.CELERY_TASK_TIME_LIMIT - _SPARE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"broken": "time"}
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"broken": "error"}
    if answer.get("broken") == "error":
        logger.error(
            "The process that looks into files failed at “%s” (it ended with %d).", order["do"], done.returncode
        )
    return answer
