"""A version that is stopped gives nothing more out: not by a form, the API, a waiting run or one that is running."""

import json
import threading
import time

import pytest
from django.db import connection
from django.test import Client

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.compute import quotas
from portal.compute.models import Job
from portal.core.problems import Conflict
from portal.predictions import actions, lane
from portal.registry import actions as registry
from portal.registry.models import ModelVersion
from tests.compute.test_scorer import write

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "Gives odd answers since Monday."


@pytest.fixture
def slow(approve, tmp_path):
    """An approved model that takes two seconds for an answer."""
    write(tmp_path / "slow", "time.sleep(2)\nreturn pandas.DataFrame({'y': [0.5]})")
    return approve("slow-model", tmp_path / "slow")


def meanwhile(work, stop) -> None:
    """Do the work, and the stop in the middle of it."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    stop()
    thread.join()


def warm(version) -> None:
    """Let its scorer be there, so that the time is the model's own."""
    from django.conf import settings

    from portal.compute.runtime.client import Client as Scorer
    from portal.registry.scoring import spec_of

    Scorer(str(settings.SCORER_SOCKET)).score(spec_of(version), [{"x": 1.0}])


@pytest.mark.slow
def test_a_running_job_of_a_version_that_is_stopped_meanwhile_tells_nothing(cast, patient, slow, worked, scorer):
    warm(slow)
    prediction = actions.request(by=cast["clinician"], on=patient, version=slow, inputs={"x": 1}).prediction

    def stop():
        while Job.objects.get(kind="prediction").state != "running":
            time.sleep(0.05)
        registry.stop(by=cast["reviewer"], on=slow, reason=REASON)

    meanwhile(worked, stop)

    found = actions.open_prediction(by=cast["clinician"], on=prediction)
    assert (found.state, found.reason, found.output, found.envelope) == ("refused", "withdrawn", None, None)
    assert found.sentence == "The model was stopped while it ran, so its answer is not given out. Nothing was charged."
    assert quotas.taken_today(cast["clinician"]) == 0


@pytest.mark.slow
def test_who_waits_at_a_form_or_the_api_is_not_given_the_answer_either(cast, patient, slow, worked, scorer):
    warm(slow)
    found = []

    def ask():
        asked = {"on": patient, "version": actions.Choice("slow-model"), "inputs": {"x": 1}}
        found.append(lane.ask(by=cast["clinician"], within=20, **asked))

    def stop():
        time.sleep(0.7)
        registry.stop(by=cast["reviewer"], on=slow, reason=REASON)

    meanwhile(ask, stop)
    worked()

    view = actions.open_prediction(by=cast["clinician"], on=found[0].public_id)
    assert (view.state, view.envelope, found[0].envelope) == ("refused", None, None)
    assert quotas.taken_today(cast["clinician"]) == 0


def test_form_api_and_queue_refuse_a_stopped_version_at_once(cast, patient, unplanned, worked, scorer):
    waiting = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    registry.stop(by=cast["reviewer"], on=unplanned, reason=REASON)
    began = time.monotonic()

    browser = Client()
    browser.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")
    form = browser.get(f"/clinic/patients/{patient}/models/unplanned-admission/")
    posted = browser.post(f"/clinic/patients/{patient}/models/unplanned-admission/", {})
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    body = json.dumps({"model": "unplanned-admission", "version": 1, "patient": patient, "inputs": {}})
    api = Client(HTTP_AUTHORIZATION=f"Bearer {token}").post("/api/v1/predictions/", body, "application/json")
    with pytest.raises(Conflict, match="was stopped"):
        actions.open_form(by=cast["clinician"], on=patient, version=ModelVersion.objects.get(pk=unplanned.pk))
    worked()

    assert (api.status_code, api.json()["code"]) == (409, "version-stopped")
    assert (form.status_code, posted.status_code, REASON in form.content.decode()) == (409, 409, True)
    assert actions.open_prediction(by=cast["clinician"], on=waiting).state == "refused"
    assert [view.public_id for view in actions.list_predictions(by=cast["clinician"])] == [waiting]
    assert time.monotonic() - began < 60
