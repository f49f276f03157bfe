"""How long a job will wait is told from those before it and from how long its kind took; nothing is told from too little."""

from datetime import timedelta

import pytest
from django.db import transaction

from portal.compute import actions, executors, outlook, reasons
from portal.compute.models import Job
from portal.compute.reasons import Fault
from portal.compute.states import JobState
from portal.core import clock, guard
from portal.core.ids import new_id
from tests.compute.test_jobs import Plain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(cast, worked, monkeypatch):
    monkeypatch.setitem(executors.EXECUTORS, "plain", Plain())

    def put(count: int = 1, **columns) -> Job:
        for _ in range(count):
            with transaction.atomic(), guard.unlocked():
                job = actions.enqueue(by=cast["clinician"], kind="plain", subject=new_id())
                Job.objects.filter(pk=job.pk).update(**columns)
        return Job.objects.get(pk=job.pk)

    return put


def took(seconds: float) -> dict:
    began = clock.now() - timedelta(hours=1)
    return {"state": JobState.SUCCEEDED, "started_at": began, "ended_at": began + timedelta(seconds=seconds)}


def test_of_a_kind_that_ran_too_seldom_only_the_place_is_told(queue):
    queue(4, **took(30))
    queue(3)
    assert outlook.of(queue()) == outlook.Outlook(ahead=3)


def test_the_middle_of_the_newest_runs_foretells_start_and_end(queue):
    for seconds in (10, 20, 30, 40, 4000):
        queue(**took(seconds))
    queue(2, state=JobState.RUNNING, holder="x", started_at=clock.now())
    queue(4)
    found = outlook.of(queue())
    waits = (found.starts - clock.now()).total_seconds()
    assert (found.ahead, round(waits, -1), (found.ends - found.starts).total_seconds()) == (4, 60, 30)


def test_what_runs_ends_after_its_usual_time_but_never_before_now(queue):
    queue(5, **took(30))
    fresh = queue(state=JobState.RUNNING, holder="x", started_at=clock.now())
    late = queue(state=JobState.RUNNING, holder="x", started_at=clock.now() - timedelta(hours=1))
    assert round((outlook.of(fresh).ends - clock.now()).total_seconds()) == 30
    assert abs((outlook.of(late).ends - clock.now()).total_seconds()) < 5


def test_what_has_ended_has_no_outlook(queue):
    assert outlook.of(queue(**took(5))) == outlook.Outlook()


def test_every_reason_has_a_sentence_for_the_person_and_one_for_the_operator():
    bare = [code for code, reason in reasons.REASONS.items() if code and not (reason.person and reason.operator)]
    assert bare == []
    assert {reason.fault for reason in reasons.REASONS.values()} == set(Fault)
    assert reasons.of("never heard of") == reasons.REASONS["error"]


def test_what_waited_past_its_deadline_is_given_up_once_and_charged_nothing(queue, cast, settings):
    from portal.access.actors import SYSTEM

    settings.JOB_DEADLINE_HOURS = 2
    old = queue(created_at=clock.now() - timedelta(hours=3))
    new = queue(created_at=clock.now() - timedelta(hours=1))
    assert actions.reconcile(by=SYSTEM)["late"] == 1
    assert actions.reconcile(by=SYSTEM)["late"] == 0
    states = {job.pk: (job.state, job.reason) for job in Job.objects.all()}
    assert (states[old.pk], states[new.pk]) == (("failed", "too-late"), ("pending", "waiting"))
    assert [entry.credit for entry in old.ledger.order_by("id")] == ["reserved", "available"]
