"""A person who is shut out is out everywhere, and nothing of theirs is lost."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.access.models import Grant
from portal.accounts.models import ApiToken, User
from portal.audit.models import AuditEvent
from portal.compute import leavers
from portal.compute.models import Job
from portal.core import clock
from portal.core.problems import Conflict
from portal.predictions import actions as predictions
from portal.records import actions as records
from portal.records.models import CareRelationship, CareUnitUserPermission
from portal.studies.actions import add_member
from portal.studies.models import StudyUserPermission
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def sign_in(name: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    return client


def test_every_session_ends_and_nobody_elses(cast):
    clients = [sign_in("clinician"), sign_in("clinician"), sign_in("clinician2")]

    leavers.leave(by=cast["admin"], on=cast["clinician"])

    assert [client.get("/clinic/").status_code for client in clients] == [302, 302, 200]
    assert sign_in("clinician").get("/clinic/").status_code == 302


def test_every_token_ends(cast):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=30)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.get("/api/v1/patients/").status_code == 200

    leavers.leave(by=cast["admin"], on=cast["clinician"])

    assert client.get("/api/v1/patients/").status_code == 401
    assert ApiToken.objects.filter(user=cast["clinician"]).count() == 1


def test_every_right_ends_and_its_row_stays(cast, studies):
    rows = StudyUserPermission.objects.filter(user=cast["scientist"])
    before = rows.count()

    leavers.leave(by=cast["admin"], on=cast["scientist"])

    assert rows.filter(until__lte=clock.now()).count() == rows.count() == before > 0
    assert StudyUserPermission.objects.filter(user=cast["scientist2"], until__isnull=True).exists()


def test_waiting_jobs_are_cancelled_and_what_was_asked_stays(cast, patient, unplanned, worked):
    asked = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction

    leavers.leave(by=cast["admin"], on=cast["clinician"])
    worked()

    job = Job.objects.get(kind="prediction")
    assert (job.state, job.reason) == ("cancelled", "cancelled")
    assert AuditEvent.objects.filter(verb="job.cancelled", object_id=job.public_id, actor="admin").count() == 1
    assert AuditEvent.objects.filter(verb="prediction.requested", actor="clinician", object_id=asked).count() == 1


def test_who_comes_back_begins_with_nothing(cast, wards):
    before = [patient.public_id for patient in records.list_patients(by=cast["clinician"])]
    leavers.leave(by=cast["admin"], on=cast["clinician"])
    actions.reactivate(by=cast["admin"], on=cast["clinician"])

    person, client = User.objects.get(username="clinician"), sign_in("clinician")
    assert (person.role_names, client.get("/clinic/").status_code) == (frozenset(), 403)
    assert '"roles_before":["clinician"]' in AuditEvent.objects.get(verb="person.reactivated").payload

    actions.set_roles(by=cast["admin"], on=person, role_names=["clinician"])
    assert (client.get("/clinic/").context["lines"], len(before)) == ([], 4)


def test_an_open_account_is_not_opened_again(cast):
    with pytest.raises(Conflict, match="open already"):
        actions.reactivate(by=cast["admin"], on=cast["clinician"])
    assert User.objects.get(username="clinician").role_names == {"clinician"}


def on_the_page(cast):
    sign_in("admin").post(reverse("hospital:leave", args=[cast["clinician"].public_id]))


def by_command(cast):
    call_command("setup", admin="grace", end_demonstration=True, json=True)


def by_the_verb(cast):
    leavers.leave(by=cast["admin"], on=cast["clinician"])


def by_the_part_that_accounts_know(cast):
    actions.deactivate(by=SYSTEM, on=cast["clinician"])


@pytest.mark.parametrize("road", [on_the_page, by_command, by_the_verb, by_the_part_that_accounts_know])
def test_whatever_the_road_everything_ends_and_nothing_is_removed(road, cast, studies, patient, unplanned, worked):
    person = cast["clinician"]
    add_member(by=SYSTEM, on=studies["demo"], person=person)
    records.assign(by=SYSTEM, on=person.care_relationships.get().care_unit, person=person, since=clock.now() + DAY)
    actions.issue_token(by=SYSTEM, on=person, scopes=["*"], days=30)
    theirs = sign_in("clinician")
    predictions.request(by=person, on=patient, version=unplanned, inputs={})
    kept = (CareRelationship, StudyUserPermission, Grant, ApiToken, Job)
    before = [model.objects.count() for model in kept]

    road(cast)

    now = clock.now()
    open_ended = [
        list(CareRelationship.objects.filter(person=person).exclude(until__lte=now)),
        list(StudyUserPermission.objects.filter(user=person).exclude(until__lte=now)),
        list(CareUnitUserPermission.objects.filter(user=person).exclude(until__lte=now)),
        list(Grant.objects.filter(person=person).exclude(until__lte=now)),
        list(ApiToken.objects.filter(user=person, revoked_at=None)),
        list(Job.objects.filter(created_by=person).exclude(state="cancelled")),
        list(UserSession.objects.filter(user=person)),
    ]
    assert open_ended == [[], [], [], [], [], [], []]
    assert theirs.get("/clinic/").status_code == 302
    assert [model.objects.count() for model in kept] == before


def test_the_admin_page_has_no_box_that_shuts_out_by_halves(cast):
    client, change = sign_in("admin"), reverse("admin:accounts_user_change", args=[cast["clinician"].pk])

    client.post(change, {"role_names": ["clinician"]})

    assert 'name="is_active"' not in client.get(change).content.decode()
    assert User.objects.get(username="clinician").is_active


def test_nobody_but_the_leavers_verb_calls_its_parts():
    callers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "portal").rglob("*.py")
        if "deactivate(by=" in path.read_text() and path.name != "actions.py"
    ]
    assert callers == ["portal/compute/leavers.py"]


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

    answer = client.post(path, {"role_names": ["scientist"]})

    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert cast["clinician"].groups.get().name == "clinician"

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    client.post(answer.url, {"password": PASSWORD, "next": path})
    assert cast["clinician"].groups.get().name == "scientist"
