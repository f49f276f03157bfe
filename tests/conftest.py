"""Fixtures: the cast, two wards with patients, an approved model, a scorer, a browser."""

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as profiles

from portal.audit import threads, triggers

# Two slow cores are no finding of a property test.
profiles.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
profiles.load_profile("patient")
ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("FORMULARY_TEST_DATA", ROOT.parent / "shared" / "data"))
AS_OF = date(2026, 11, 8)


@pytest.fixture(autouse=True)
def _quiet_hashing(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STANDING_SECONDS = 0


@pytest.fixture(autouse=True)
def _no_lock_out_from_the_test_before():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _flush_opens_the_ledger():
    """Transactional tests empty their tables; the ledger's triggers step aside for that alone."""
    from django.db import connection

    from portal.core import guard

    original = TransactionTestCase._fixture_teardown

    def teardown(self):
        with guard.unlocked():
            triggers.drop(connection)
            try:
                original(self)
            finally:
                triggers.install(connection)
                threads.forget()

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = original


@pytest.fixture
def cast(db):
    """The people of the demonstration."""
    from portal.demo import people

    return people.add_everyone("correct-horse-battery")


@pytest.fixture
def studies(cast):
    """The two studies."""
    from portal.demo import people

    return people.open_studies(cast)


@pytest.fixture(scope="session")
def hospital_folder(tmp_path_factory) -> Path:
    """An invented hospital of eight patients as FHIR files."""
    from portal.demo.hospital import write_hospital

    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder, as_of=AS_OF, patients=8)
    return folder


@pytest.fixture
def wards(cast, hospital_folder, settings):
    """Two wards that share no patient, with one clinician each."""
    from portal.demo import seed

    settings.AS_OF = AS_OF
    seed.import_records(lambda line: None, fhir=hospital_folder, as_of=AS_OF)
    seed.assign_wards(lambda line: None, cast)


@pytest.fixture
def patient(cast, wards) -> str:
    """A patient of `clinician`, whom `clinician2` must never see."""
    from portal.records.actions import list_patients

    return list_patients(by=cast["clinician"])[0].public_id


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> dict[str, Path]:
    """The demonstration's three model folders, trained once."""
    out = tmp_path_factory.mktemp("training")
    command = [
        sys.executable,
        "-m",
        "portal.demo.training",
        "--tracking-uri",
        f"sqlite:///{out}/runs.db",
        "--out",
        str(out),
    ]
    subprocess.run(command, check=True, cwd=out, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return {path.name: path for path in out.iterdir() if (path / "MLmodel").exists()}


@pytest.fixture
def approve(cast, studies):
    """Take a model folder through registration and two signatures."""
    from portal.accounts.factors import Proof
    from portal.core import clock
    from portal.registry import actions

    def run(slug: str, folder: Path):
        version = actions.register(by=cast["scientist"], on=studies["demo"], slug=slug, folder=folder)
        actions.submit(by=cast["scientist"], on=version)
        for name in ("reviewer", "reviewer2"):
            proof = Proof(cast[name].pk, clock.now())
            actions.approve(by=cast[name], on=version, reason="Evidence read and understood.", proof=proof)
        version.refresh_from_db()
        return version

    return run


@pytest.fixture
def unplanned(approve, trained):
    """The approved model that answers from the record alone."""
    return approve("unplanned-admission", trained["unplanned-admission"])


@pytest.fixture(scope="session")
def scorer():
    """A scorer server over the tests' artifact folder."""
    settings.RUN.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "portal.compute.runtime.server", "--run-dir", str(settings.RUN),
        "--artifacts", str(settings.ARTIFACTS), "--environments", str(settings.ENVIRONMENTS),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while not settings.SCORER_SOCKET.exists() and time.monotonic() < until:
        time.sleep(0.05)
    yield process
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def worked(monkeypatch):
    """Jobs wait in a list instead of the broker; call it to work on them as a worker would."""
    from portal.compute import tasks, work

    waiting: list[str] = []
    monkeypatch.setattr(tasks, "publish", waiting.append)

    def run() -> int:
        done = 0
        while waiting:
            work.run(waiting.pop(0))
            done += 1
        return done

    run.waiting = waiting
    return run
