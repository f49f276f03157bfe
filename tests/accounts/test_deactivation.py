"""A person who is shut out is out everywhere, and nothing of theirs is lost."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.accounts.models import ApiToken
from portal.audit.models import AuditEvent
from portal.compute.models import Job
from portal.core import clock
from portal.predictions import actions as predictions
from portal.records import actions as records
from portal.studies.models import StudyUserPermission

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def sign_in(name: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    return client


def test_every_session_ends_and_nobody_elses(cast):
    clients = [sign_in("clinician"), sign_in("clinician"), sign_in("clinician2")]

    actions.deactivate(by=cast["admin"], on=cast["clinician"])

    assert [client.get("/clinic/").status_code for client in clients] == [302, 302, 200]
    assert sign_in("clinician").get("/clinic/").status_code == 302


def test_every_token_ends(cast):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=30)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.get("/api/v1/patients/").status_code == 200

    actions.deactivate(by=cast["admin"], on=cast["clinician"])

    assert client.get("/api/v1/patients/").status_code == 401
    assert ApiToken.objects.filter(user=cast["clinician"]).count() == 1


def test_every_right_ends_and_its_row_stays(cast, studies):
    rows = StudyUserPermission.objects.filter(user=cast["scientist"])
    before = rows.count()

    actions.deactivate(by=cast["admin"], on=cast["scientist"])

    assert rows.filter(until__lte=clock.now()).count() == rows.count() == before > 0
    assert StudyUserPermission.objects.filter(user=cast["scientist2"], until__isnull=True).exists()


def test_waiting_jobs_are_cancelled_and_what_was_asked_stays(cast, patient, unplanned, worked):
    asked = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction

    actions.deactivate(by=cast["admin"], on=cast["clinician"])
    worked()

    job = Job.objects.get()
    assert (job.state, job.reason) == ("cancelled", "cancelled")
    assert AuditEvent.objects.filter(verb="job.cancelled", object_id=job.public_id, actor="system").count() == 1
    assert AuditEvent.objects.filter(verb="prediction.requested", actor="clinician", object_id=asked).count() == 1


def test_reactivating_opens_the_account_but_brings_no_right_back(cast, wards):
    actions.deactivate(by=cast["admin"], on=cast["clinician"])
    actions.reactivate(by=cast["admin"], on=cast["clinician"])

    client = sign_in("clinician")

    assert client.get("/clinic/").context["patients"] == []
    assert records.list_patients(by=cast["clinician2"]) != []


def test_the_list_of_tokens_shows_use_and_end_and_warns(cast):
    client = sign_in("clinician")
    page = client.post(reverse("account:tokens"), {"days": "3", "label": "ward script", "scopes": "patients:list"})
    token = page.context["issued"]
    Client(HTTP_AUTHORIZATION=f"Bearer {token}").get("/api/v1/patients/")

    listed = client.get(reverse("account:tokens")).content.decode()

    assert token in page.content.decode() and token not in listed
    assert "ends soon" in listed and "never" not in listed
    assert "Your token “ward script” ends on" in sign_in("clinician").get("/clinic/").content.decode()


def test_an_administrator_ends_a_token_without_ever_seeing_it(cast):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=30, label="script")
    row = ApiToken.objects.get(user=cast["clinician"])
    client = sign_in("admin")
    listed = client.get("/admin/accounts/apitoken/").content.decode()

    client.post("/admin/accounts/apitoken/", {"action": "withdraw", "_selected_action": [row.pk]})

    assert "script" in listed and token not in listed and row.digest not in listed
    assert Client(HTTP_AUTHORIZATION=f"Bearer {token}").get("/api/v1/patients/").status_code == 401


def test_changing_roles_asks_for_a_fresh_sign_in(cast, settings):
    client = sign_in("admin")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    path = f"/admin/accounts/user/{cast['clinician'].pk}/change/"

    answer = client.post(path, {"role_names": ["scientist"], "is_active": "on"})

    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert cast["clinician"].groups.get().name == "clinician"

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    client.post(answer.url, {"password": PASSWORD, "next": path})
    assert cast["clinician"].groups.get().name == "scientist"
