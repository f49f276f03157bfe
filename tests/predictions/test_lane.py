"""The fast lane: who waits is answered by the process that accepted, under the same rules as by a worker."""

from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection

from portal.audit.models import AuditEvent
from portal.compute import quotas
from portal.compute.models import Job, LedgerEntry
from portal.core.problems import Conflict, Exhausted
from portal.predictions import actions, lane
from portal.registry import actions as registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(cast, patient, unplanned):
    """Ask for the clinician's patient and wait."""

    def run(within=20, **changes):
        asked = {"by": cast["clinician"], "on": patient, "version": actions.Choice("unplanned-admission"), "inputs": {}}
        return lane.ask(within=within, **asked | changes)

    return run


def movements():
    return list(LedgerEntry.objects.order_by("pk").values_list("kind", "debit", "credit"))


@pytest.mark.embedded
def test_who_waits_is_answered_without_a_worker(cast, ask, patient, worked, scorer, unplanned):
    view = ask()

    assert (view.state, view.envelope["model"]["digest"], worked.waiting) == ("succeeded", unplanned.digest, [])
    assert actions.open_prediction(by=cast["clinician"], on=view.public_id).envelope == view.envelope
    assert [(job.state, job.attempt, job.holder) for job in Job.objects.filter(kind="prediction")] == [
        ("succeeded", 1, "")
    ]
    assert movements() == [("reserve", "available", "reserved"), ("close", "reserved", "used")]
    assert quotas.taken_today(cast["clinician"].pk) == 1


def test_the_ledger_has_the_same_events_as_from_a_worker(cast, ask, patient, scorer):
    ask()

    told = AuditEvent.objects.filter(patient=patient, verb__regex="^(job|prediction)").order_by("id")
    assert list(told.values_list("verb", "actor", "outcome")) == [
        ("prediction.requested", "clinician", "ok"),
        ("job.ended", "clinician", "ok"),
        ("prediction.ended", "clinician", "ok"),
    ]


def test_without_a_scorer_the_job_goes_to_the_workers(ask, worked, settings, tmp_path):
    settings.SCORER_SOCKET = tmp_path / "nobody.sock"
    view = ask(within=0.2)

    assert (view.state, len(worked.waiting), Job.objects.get(kind="prediction").attempt) == ("pending", 1, 0)
    assert movements() == [("reserve", "available", "reserved")]


def test_at_the_limit_nothing_is_stored(cast, ask, scorer, settings):
    settings.PREDICTIONS_A_DAY = 1
    ask()

    with pytest.raises(Exhausted):
        ask()
    assert (Job.objects.filter(kind="prediction").count(), quotas.taken_today(cast["clinician"].pk)) == (1, 1)


def test_a_run_that_failed_is_kept_and_not_charged(cast, ask, scorer, settings):
    settings.SCORER_MINIMUM = ["a moat"]
    view = ask()

    assert (view.state, view.reason, view.envelope) == ("refused", "sandbox_too_weak", None)
    assert movements()[-1] == ("close", "reserved", "available")
    assert quotas.taken_today(cast["clinician"].pk) == 0


def test_a_stopped_version_is_not_run(cast, ask, scorer, unplanned):
    ask()
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong unit in the form.")

    with pytest.raises(Conflict, match="was stopped"):
        ask(version=actions.Choice("unplanned-admission", 1))
    assert Job.objects.filter(kind="prediction").count() == 1


def test_the_same_key_gives_the_same_answer_and_runs_once(ask, scorer):
    first, second = (ask(key="k", body={"a": 1}) for _ in range(2))

    assert (first.public_id, first.envelope) == (second.public_id, second.envelope)
    assert Job.objects.filter(kind="prediction").count() == 1


def test_when_too_many_wait_the_others_are_answered_at_once(ask, worked, settings, monkeypatch):
    """No scorer, no worker: whoever may wait waits in vain, and the one too many does not wait at all."""
    places, answered = settings.WAITING_THREADS, []

    def wait():
        answered.append(ask(within=3).state)
        connection.close()

    monkeypatch.setattr(actions.executor, "answer_now", lambda *_: None)
    threads = [Thread(target=wait) for _ in range(places)]
    for thread in threads:
        thread.start()
    sleep(1.5)
    began = monotonic()
    late = ask(within=3)
    took = monotonic() - began
    for thread in threads:
        thread.join()

    assert (late.state, took < 1) == ("pending", True)
    assert answered == ["pending"] * places
    began = monotonic()
    ask(within=1)
    assert monotonic() - began >= 1
