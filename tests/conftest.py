"""Fixtures: the cast, two wards with patients, an approved model, a scorer, a browser."""

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as profiles

from portal.audit import threads, triggers
from tests import snapshots

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
    # Whether a stay is near today must not depend on the day the tests run; those about it say how many days count.
    settings.RELATIONSHIP_DAYS = 0


@pytest.fixture(autouse=True)
def _no_lock_out_from_the_test_before():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _flush_opens_the_ledger():
    """Transactional tests empty their tables; the ledger's triggers step aside for that alone."""
    from portal.core import guard

    original = TransactionTestCase._fixture_teardown

    def teardown(self):
        with guard.unlocked():
            try:
                if connection.vendor == "postgresql":
                    _empty(connection)
                else:
                    _flush(self, original)
            finally:
                threads.forget()

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = original


def _flush(case, original) -> None:
    triggers.drop(connection)
    try:
        original(case)
    finally:
        triggers.install(connection)


def _empty(connection) -> None:
    """Delete what a test left, from the few tables that hold anything; a flush of all takes ten times as long."""
    with connection.cursor() as cursor:
        filled = snapshots.filled(cursor)
        # As a replica the server asks neither triggers nor foreign keys.
        cursor.execute("SET session_replication_role = replica")
        try:
            for name in filled:
                cursor.execute(f'DELETE FROM "{name}"')
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def kept_rows(db):
    """What kept fixtures have made in the database of this test."""
    found = snapshots.Stage()
    with connection.execute_wrapper(found.watch):
        yield found


@pytest.fixture
def cast(kept_rows):
    """The people of the demonstration."""
    from portal.demo import people

    return kept_rows.make("cast", lambda: people.add_everyone("correct-horse-battery"))


@pytest.fixture
def studies(cast, kept_rows):
    """The two studies."""
    from portal.demo import people

    return kept_rows.make("studies", lambda: people.open_studies(cast))


@pytest.fixture(scope="session")
def hospital_folder(tmp_path_factory) -> Path:
    """An invented hospital of eight patients as FHIR files."""
    from portal.demo.hospital import write_hospital

    folder = tmp_path_factory.mktemp("hospital")
    write_hospital(folder, as_of=AS_OF, patients=8)
    return folder


@pytest.fixture
def wards(cast, kept_rows, hospital_folder, settings):
    """Two wards that share no patient, with one clinician each."""
    from portal.demo import seed

    def build():
        seed.import_records(lambda line: None, fhir=hospital_folder, as_of=AS_OF)
        seed.assign_wards(lambda line: None, cast)

    settings.AS_OF = AS_OF
    kept_rows.make("wards", build)


@pytest.fixture
def patient(cast, wards, kept_rows) -> str:
    """A patient of `clinician`, whom `clinician2` must never see."""
    from portal.records.actions import list_patients

    return kept_rows.make("patient", lambda: list_patients(by=cast["clinician"])[0].public_id)


@pytest.fixture(scope="session")
def trained(request, tmp_path_factory) -> dict[str, Path]:
    """The demonstration's model folders, trained once for these sources and libraries."""
    cache = getattr(request.config, "cache", None)
    kept = (cache.mkdir("trained") if cache else tmp_path_factory.mktemp("trained")) / _training_key()
    if not kept.exists():
        out = Path(tempfile.mkdtemp(prefix=".draft-", dir=kept.parent))
        command = [sys.executable, "-m", "portal.demo.training"]
        command += ["--tracking-uri", f"sqlite:///{out}/runs.db", "--out", str(out)]
        subprocess.run(command, check=True, cwd=out, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        _keep(out, kept)
    return {path.name: path for path in kept.iterdir() if (path / "MLmodel").exists()}


def _keep(made: Path, kept: Path) -> None:
    """Give the folder its name, unless another process was first."""
    try:
        made.rename(kept)
    except OSError:
        if not kept.exists():
            raise


def _training_key() -> str:
    decides = [*(ROOT / "portal" / "demo").rglob("*.py"), *(ROOT / "deploy" / "requirements").glob("*.txt")]
    running = sha256(sys.version.encode())
    for path in sorted(decides):
        running.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return running.hexdigest()[:24]


@pytest.fixture
def tried(scorer):
    """Load a version in the sandbox for the first time, as the portal does before anybody may sign for it."""
    from tests import evidence

    return evidence.first_load


@pytest.fixture
def prove(cast, scorer, monkeypatch):
    """Submit a version and run its acceptance cases in the real scorer, at once; what brings none is given one."""
    from portal.compute import actions as compute
    from portal.registry import actions
    from tests import evidence

    def run(version):
        with monkeypatch.context() as without:
            without.setattr(compute, "nudge", lambda job: None)
            version.refresh_from_db()
            if version.state == "draft":
                actions.submit(by=cast["scientist"], on=version)
                version.refresh_from_db()
            report = evidence.prove(version, cast["scientist"])
        assert report.verdict == "passed", report.content["sentence"]

    return run


@pytest.fixture
def carry_through(cast, prove):
    """Take a registered version through its card, its acceptance cases and two signatures; both clinicians read the card."""
    from portal.accounts.factors import Proof
    from portal.core import clock
    from tests import model_cards, reviewing

    def build(version):
        model_cards.fill(cast["scientist"], version)
        prove(version)
        for name in ("reviewer", "reviewer2"):
            proof = Proof(cast[name].pk, clock.now())
            reviewing.approve(by=cast[name], on=version, reason="Evidence read and understood.", proof=proof)
        version.refresh_from_db()
        model_cards.read(version, *(cast[name] for name in model_cards.CLINICIANS))
        return version

    return build


@pytest.fixture
def approve(cast, studies, kept_rows, carry_through):
    """Register a model folder and carry it through to its approval."""
    from portal.registry import actions

    def build(slug: str, folder: Path):
        return carry_through(actions.register(by=cast["scientist"], on=studies["demo"], slug=slug, folder=folder))

    return lambda slug, folder: kept_rows.make(f"{slug} of {folder}", lambda: build(slug, folder))


@pytest.fixture
def unplanned(approve, trained):
    """The approved model that answers from the record alone."""
    return approve("unplanned-admission", trained["unplanned-admission"])


@pytest.fixture
def rhythm(approve, trained):
    """The approved model that reads an ECG."""
    return approve("irregular-rhythm", trained["irregular-rhythm"])


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


@pytest.fixture
def result(cast, patient, unplanned, worked, scorer) -> str:
    """A result of the clinician for the patient of theirs, from the record alone."""
    from portal.predictions import actions

    made = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    worked()
    return made
