"""A thousand runs while all around them is taken away: each ends once, is charged once, and stands in the ledger once."""

import random
import shutil
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections

from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.audit.verify import verify
from portal.compute import actions as jobs
from portal.compute import tasks
from portal.compute.models import Job, LedgerEntry, QuotaUse
from portal.compute.states import FINAL
from portal.core import guard
from portal.predictions import actions
from portal.predictions.models import Envelope, Prediction
from tests import plugin, servers
from tests.compute.test_scorer import write
from tests.compute.test_worker import Worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.embedded]
RUNS, KILLS = {"postgresql": 1000, "sqlite": 100}, {"postgresql": 20, "sqlite": 8}
# Between two kills; a worker needs most of it to come up again.
PAUSE, PATIENCE = 2.5, 300


class Havoc:
    """Kills a worker every few seconds, starts it again, and between the kills takes broker and database away.

    It rages on the main thread: the kernel ends a server together with the thread that started it.
    """

    def __init__(self):
        self.workers = [Worker(), Worker()]
        self.done: Counter[str] = Counter()

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *problem):
        for worker in self.workers:
            worker.kill()

    def rage(self) -> None:
        """All kills, one after the other."""
        most = KILLS[connection.vendor]
        also = {most // 4: self._broker_restarts, most // 2: self._broker_is_emptied, 3 * most // 4: self._database_restarts}  # fmt: skip
        for number in range(most):
            time.sleep(PAUSE)
            worker = self.workers[number % 2]
            worker.kill()
            self.done["workers killed"] += 1
            also.get(number, lambda: None)()
            worker.start()

    def _broker_restarts(self):
        if settings.REDIS_URL:
            plugin.server(servers.Redis).restart(keep=True)
            self.done["broker restarted"] += 1

    def _broker_is_emptied(self):
        if settings.REDIS_URL:
            plugin.server(servers.Redis).restart(keep=False)
        else:
            shutil.rmtree(settings.RUN / "broker")
            (settings.RUN / "broker").mkdir()
        self.done["broker emptied"] += 1

    def _database_restarts(self):
        if connection.vendor == "postgresql":
            plugin.server(servers.Postgres).restart()
            self.done["database restarted"] += 1


def persist(work):
    """Do something that the database may interrupt, until it goes through, as whoever asks for a run does."""
    until = time.monotonic() + 30
    while True:
        try:
            return work()
        except DatabaseError:
            connections.close_all()
            assert time.monotonic() < until
            time.sleep(0.2)


def submit(cast, patient, version, count: int, sent: Counter) -> None:
    """Ask for that many runs, each under a key of its own; one message in ten is sent twice."""
    draw = random.Random(11)

    def ask(key: str) -> str:
        return actions.request(by=cast["clinician"], on=patient, version=version, inputs={"x": 1}, key=key, body="{}").prediction  # fmt: skip

    for number in range(count):
        made = persist(lambda key=f"run-{number}": ask(key))
        sent["asked"] += 1
        if draw.random() < 0.1:
            tasks.publish(persist(lambda made=made: job_of(made)))
            sent["sent twice"] += 1


def job_of(prediction: str) -> str:
    with guard.unlocked():
        return Prediction.objects.values_list("job__public_id", flat=True).get(public_id=prediction)


@contextmanager
def beside(work):
    """Something that goes on in a thread of its own; waited for at the end."""

    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def keeper():
    """The keeper's part for jobs."""
    over = threading.Event()

    def keep():
        while not over.wait(0.5):
            persist(lambda: jobs.reconcile(by=SYSTEM))

    with beside(keep):
        try:
            yield
        finally:
            over.set()


def follow() -> None:
    """Until every run has ended."""
    until = time.monotonic() + PATIENCE
    while persist(lambda: Job.objects.filter(kind="prediction").exclude(state__in=FINAL).exists()):
        assert time.monotonic() < until, Counter(Job.objects.values_list("state", "reason"))
        time.sleep(0.5)


@pytest.fixture
def steady(approve, scorer, tmp_path):
    """A model that takes long enough for a kill to meet a run."""
    write(tmp_path / "steady", "time.sleep(0.06)\nreturn pandas.DataFrame({'y': [0.5]})")
    return approve("steady", tmp_path / "steady")


def test_nothing_is_lost_and_nothing_happens_twice(cast, patient, steady, settings, capsys):
    count, began = RUNS[connection.vendor], time.monotonic()
    settings.PREDICTIONS_A_DAY = 10 * count
    told: Counter[str] = Counter()
    with Havoc() as havoc, keeper():
        with beside(lambda: submit(cast, patient, steady, count, told)):
            havoc.rage()
        follow()
    with guard.unlocked():
        runs = Prediction.objects.exclude(idempotency_key="")
        found = Counter(runs.values_list("job__state", flat=True))
        again = runs.filter(job__attempt__gt=1).count()
        answers = Envelope.objects.filter(prediction__in=runs).count()
    with capsys.disabled():
        print(
            f"\n  {dict(told)}, {dict(havoc.done)}: {dict(found)}, {again} begun again, {time.monotonic() - began:.0f} s"
        )

    assert again > 0
    assert (found, answers) == ({"succeeded": count}, count)
    movements = Counter(LedgerEntry.objects.filter(job__kind="prediction").values_list("kind", "debit", "credit"))
    assert movements == {("reserve", "available", "reserved"): count, ("close", "reserved", "used"): count}
    assert list(QuotaUse.objects.filter(person=cast["clinician"]).values_list("taken", flat=True)) == [count]
    events = AuditEvent.objects.filter(verb__in=("prediction.requested", "prediction.ended"), outcome="ok")
    assert Counter(events.values_list("verb", flat=True)) == {"prediction.requested": count, "prediction.ended": count}
    assert verify().fault == ""
