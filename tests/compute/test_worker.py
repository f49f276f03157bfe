"""A real Celery worker on a real broker: killed, away, and back."""

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from portal.access.actors import SYSTEM
from portal.compute import actions as jobs
from portal.compute.models import Job
from portal.predictions import actions
from tests.conftest import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.embedded]


class Worker:
    """A Celery worker over the tests' database."""

    def __init__(self):
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        for name in ("broker", "broker-control"):
            (settings.RUN / name).mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-l", "ERROR", "-c", "1",
                   "--without-gossip", "--without-mingle"]  # fmt: skip
        environment = {**os.environ, "DATABASE_URL": _address(), "DJANGO_SETTINGS_MODULE": "portal.settings"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self.process.pid, 9)
        self.process.wait()


def _address() -> str:
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    return f"postgres://{given['USER']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


@pytest.fixture
def worker():
    found = Worker()
    yield found
    if found.process and found.process.poll() is None:
        found.kill()


def the_job() -> Job:
    """The one prediction; before it ran the acceptance cases of its model."""
    return Job.objects.get(kind="prediction")


def until(state: str, seconds: float = 25) -> str:
    """Wait for the one job to be in a state, doing the keeper's work meanwhile; returns the state it is in."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = the_job().state
        if found == state:
            return found
        jobs.reconcile(by=SYSTEM)
        time.sleep(0.2)
    return the_job().state


def test_a_run_is_accepted_while_the_worker_is_away_and_done_when_it_returns(cast, patient, unplanned, scorer, worker):
    prediction = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    assert the_job().sentence == "Accepted. Waiting for a free worker."

    worker.start()

    assert until("succeeded") == "succeeded"
    assert actions.open_prediction(by=cast["clinician"], on=prediction).envelope["output"]["probability"] > 0


def test_a_worker_killed_in_the_middle_loses_nothing(cast, patient, approve, scorer, worker, tmp_path):
    from tests.compute.test_scorer import write

    write(tmp_path / "slow", "time.sleep(2)\nreturn pandas.DataFrame({'y': [0.5]})")
    version = approve("slow-model", tmp_path / "slow")
    prediction = actions.request(by=cast["clinician"], on=patient, version=version, inputs={"x": 1}).prediction
    worker.start()
    assert until("running") == "running"
    worker.kill()
    worker.start()

    assert until("succeeded", 40) == "succeeded"
    found = actions.open_prediction(by=cast["clinician"], on=prediction)
    assert (found.output, the_job().attempt) == ({"y": 0.5}, 2)
    assert the_job().ledger.count() == 2
