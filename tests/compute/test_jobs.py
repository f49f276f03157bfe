"""The job row is the truth: leases, the reconciler, and quotas that cannot be overdrawn."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from portal.access.actors import SYSTEM
from portal.compute import actions, executors, quotas, work
from portal.compute.executors import Ended
from portal.compute.models import Job, LedgerEntry, QuotaUse
from portal.compute.states import FINAL, TRANSITIONS, JobState
from portal.core import clock, guard
from portal.core.ids import new_id
from portal.core.problems import Exhausted

pytestmark = pytest.mark.django_db(transaction=True)


class Plain:
    """A kind of job that does what the test says."""

    def __init__(self, perform=lambda order: Ended(ok=True)):
        self.perform, self.concluded = perform, []

    def prepare(self, job):
        return job.subject

    def conclude(self, job, ended):
        self.concluded.append((job.subject, ended.reason))


@pytest.fixture
def kind(monkeypatch, worked):
    """Register an executor under the kind “plain”."""

    def register(executor):
        monkeypatch.setitem(executors.EXECUTORS, "plain", executor)
        return executor

    return register


def enqueue(person) -> str:
    from django.db import transaction

    with transaction.atomic(), guard.unlocked():
        return actions.enqueue(by=person, kind="plain", subject=new_id()).public_id


def rewind(**columns) -> None:
    with guard.unlocked():
        Job.objects.update(**columns)


def test_a_job_is_done_once_however_often_it_is_delivered(cast, kind, worked):
    executor = kind(Plain())
    job = enqueue(cast["clinician"])
    for _ in range(3):
        work.run(job)

    assert len(executor.concluded) == 1
    assert Job.objects.get().state == "succeeded"
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", "credit")) == [
        ("reserve", "reserved"),
        ("close", "used"),
    ]


def test_a_lost_worker_is_found_and_the_job_runs_again(cast, kind, worked):
    kind(Plain())
    job = enqueue(cast["clinician"])
    actions.claim(by=SYSTEM, on=job)
    rewind(lease_until=clock.now() - timedelta(seconds=1))
    worked.waiting.clear()

    assert actions.reconcile(by=SYSTEM)["lost"] == 1
    assert worked.waiting == [job]
    worked()
    assert (Job.objects.get().state, Job.objects.get().attempt) == ("succeeded", 2)


def test_a_worker_that_comes_back_too_late_stores_nothing(cast, kind):
    executor = kind(Plain())
    job = enqueue(cast["clinician"])
    late = actions.claim(by=SYSTEM, on=job)
    rewind(lease_until=clock.now() - timedelta(seconds=1))
    actions.reconcile(by=SYSTEM)
    fresh = actions.claim(by=SYSTEM, on=job)

    assert actions.settle(by=SYSTEM, on=job, holder=late.holder, ended=Ended(ok=True)) is False
    assert actions.renew(by=SYSTEM, on=job, holder=late.holder) is False
    assert actions.settle(by=SYSTEM, on=job, holder=fresh.holder, ended=Ended(ok=True)) is True
    assert len(executor.concluded) == 1


def test_a_job_that_always_kills_its_worker_is_given_up_and_refunded(cast, kind):
    kind(Plain())
    job = enqueue(cast["clinician"])
    for _ in range(3):
        actions.claim(by=SYSTEM, on=job)
        rewind(lease_until=clock.now() - timedelta(seconds=1))
        actions.reconcile(by=SYSTEM)

    assert (Job.objects.get().state, Job.objects.get().reason) == ("failed", "worker-lost-often")
    assert quotas.taken_today(cast["clinician"]) == 0


def test_what_the_broker_lost_is_nudged_again(cast, kind, worked):
    kind(Plain())
    job = enqueue(cast["clinician"])
    worked.waiting.clear()
    assert actions.reconcile(by=SYSTEM)["nudged"] == 0
    rewind(nudged_at=clock.now() - timedelta(seconds=4))

    assert actions.reconcile(by=SYSTEM)["nudged"] == 1
    assert worked.waiting == [job]


def test_an_error_of_ours_fails_the_job_without_its_message(cast, kind, caplog):
    def fail(order):
        raise ValueError("Leakwell")

    kind(Plain(fail))
    work.run(enqueue(cast["clinician"]))

    assert (Job.objects.get().state, Job.objects.get().reason) == ("failed", "error")


def test_a_quota_is_not_overdrawn_by_many_at_once(cast, kind, worked):
    actions.set_quota(by=cast["admin"], on=cast["clinician"], daily_limit=5)
    kind(Plain())
    outcomes = []

    def ask():
        try:
            outcomes.append(bool(enqueue(cast["clinician"])))
        except Exhausted:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False] * 7 + [True] * 5
    assert (Job.objects.count(), QuotaUse.objects.get().taken) == (5, 5)


def test_events_of_many_writers_all_fit_the_ledger(cast):
    from portal.access.actions import seal_ledger
    from portal.audit import verify
    from portal.studies import actions as studies

    def write(place):
        for number in range(5):
            studies.open_study(by=SYSTEM, slug=f"s{place}-{number}", title="x")
        connection.close()

    threads = [threading.Thread(target=write, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
        seal_ledger(by=SYSTEM)
    for thread in threads:
        thread.join()
    seal_ledger(by=SYSTEM)

    verdict = verify.verify()
    assert (verdict.fault, verdict.events >= 30) == ("", True)


@given(st.lists(st.sampled_from(list(JobState)), max_size=8))
def test_nothing_leads_out_of_an_end(path):
    state = JobState.PENDING
    for wanted in path:
        if wanted in TRANSITIONS[state]:
            assert state not in FINAL
            state = wanted
