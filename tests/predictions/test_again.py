"""A run that ended is asked for once more: by its page, with the answers on the form, or by a program."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.access import policy
from portal.compute import actions as jobs
from portal.compute.models import Job
from portal.core import guard
from portal.core.problems import Conflict
from portal.predictions import actions, again
from portal.predictions.models import Draft, Prediction
from portal.registry import actions as registry
from portal.registry.models import ModelVersion
from tests.compute.test_scorer import write
from tests.journeys.test_every_kind import written

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def crashed(cast, patient, approve, worked, scorer, tmp_path):
    """A run of a model that fails for negative numbers, asked for by the clinician."""
    write(tmp_path / "m", "if model_input['x'].iloc[0] < 0: raise ValueError\nreturn pandas.DataFrame({'y': [0.5]})")
    version = approve("brittle", tmp_path / "m")
    made = actions.request(by=cast["clinician"], on=patient, version=version, inputs={"x": "-1"}).prediction
    worked()
    return made


def browser(person) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def all_runs() -> list[Prediction]:
    with guard.unlocked():
        return list(Prediction.objects.select_related("job").order_by("pk"))


def test_the_page_of_a_failed_run_says_whose_fault_it_is_and_runs_it_again(cast, crashed, worked):
    client = browser(cast["clinician"])
    page = client.get(reverse("clinic:prediction", args=[crashed])).content.decode()
    assert "The model stopped in the middle of its work." in page
    assert "The same answers will probably fail again" in page

    answer = client.post(reverse("clinic:again", args=[crashed]))
    first, second = all_runs()
    assert answer.url == reverse("clinic:prediction", args=[second.public_id])
    assert (second.inputs["values"], second.job.kind) == (first.inputs["values"], "prediction")
    worked()
    assert [run.job.state for run in all_runs()] == ["failed", "failed"]


def test_the_answers_are_put_on_the_form_to_be_changed_unless_one_was_begun(cast, patient, crashed):
    client = browser(cast["clinician"])
    answer = client.post(reverse("clinic:again", args=[crashed]), {"edit": "yes"})
    assert answer.url == reverse("clinic:form", args=[patient, "brittle"]) + "?version=1"
    assert 'value="-1' in client.get(answer.url).content.decode()
    assert len(all_runs()) == 1

    client.post(reverse("clinic:draft", args=[patient, "brittle"]), {"in.x": "7"})
    client.post(reverse("clinic:again", args=[crashed]), {"edit": "yes"})
    shown = client.get(answer.url).content.decode()
    assert ('value="7"' in shown, "left as it is" in shown) == (True, True)


def test_what_has_not_ended_is_not_run_again(cast, patient, unplanned, worked):
    made = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    with pytest.raises(Conflict, match="has not ended"):
        again.run_again(by=cast["clinician"], on=made)
    assert len(all_runs()) == 1


def test_nobody_runs_again_for_a_patient_or_a_version_that_is_not_theirs_now(cast, crashed):
    assert browser(cast["clinician2"]).post(reverse("clinic:again", args=[crashed])).status_code == 404
    registry.stop(by=cast["reviewer"], on=ModelVersion.objects.get(), reason="Odd answers since Monday.")
    answer = browser(cast["clinician"]).post(reverse("clinic:again", args=[crashed]), follow=True)
    assert (len(all_runs()), "stopped" in answer.content.decode().casefold()) == (1, True)


def test_a_program_asks_for_its_own_job_again_and_an_administrator_for_nobody_s(cast, crashed, worked):
    job = all_runs()[0].job
    made = jobs.rerun(by=cast["clinician"], on=job.public_id)
    assert (made.kind, made.state, Job.objects.filter(kind="prediction").count()) == ("prediction", "pending", 2)
    with pytest.raises(policy.Denied):
        jobs.rerun(by=cast["admin"], on=job.public_id)
    with pytest.raises(Conflict, match="only one that has ended"):
        jobs.rerun(by=cast["clinician"], on=made.public_id)


def test_work_of_another_kind_is_begun_again_where_it_was_asked_for(cast, crashed):
    job = Job.objects.exclude(kind="prediction").first()
    with pytest.raises(Conflict, match="on the page on which it was asked for"):
        jobs.rerun(by=cast["admin"], on=job.public_id)


MANY = [
    {"type": "datetime", "name": "at", "required": True},
    {"type": "array", "items": {"type": "double"}, "name": "doses", "required": True},
    {"type": "array", "items": {"type": "boolean"}, "name": "seen", "required": True},
    {"type": "map", "values": {"type": "double"}, "name": "found", "required": True},
]
GIVEN = {"at": "2026-07-08T14:02", "doses": "1.5\n2", "seen": "yes\nno", "found": "pulse: 72"}
CASE = {
    "name": "One", "why": "It answers.", "expected": {"told": {"value": 0.5, "absolute": 1e-6}},
    "inputs": {"at": "2026-07-08T14:02", "doses": [1.5], "seen": [True], "found": {"pulse": 72}},
}  # fmt: skip


def test_moments_by_another_clock_and_lists_are_asked_again_as_they_were(
    cast, patient, approve, worked, scorer, settings, tmp_path
):
    settings.TIME_ZONE = "Europe/Berlin"
    body = "return pandas.DataFrame({'told': [0.5]})"
    version = approve("many", written(tmp_path / "m", MANY, body, {"inputs": {"at": {"zone": "UTC"}}}, CASE))
    made = actions.request(by=cast["clinician"], on=patient, version=version, inputs=GIVEN).prediction
    worked()
    client = browser(cast["clinician"])
    client.post(reverse("clinic:again", args=[made]))
    first, second = all_runs()
    assert first.inputs["values"]["at"] == "2026-07-08T12:02:00"
    assert second.inputs["values"] == first.inputs["values"]

    client.post(reverse("clinic:again", args=[made]), {"edit": "yes"})
    with guard.unlocked():
        typed = {name.removeprefix("in."): text for name, text in Draft.objects.get().typed.items()}
    assert set(typed) == set(GIVEN)
    once_more = actions.request(by=cast["clinician"], on=patient, version=version, inputs=typed).prediction
    assert all_runs()[-1].public_id == once_more
    assert all_runs()[-1].inputs["values"] == first.inputs["values"]
