"""Sessions: limits by role, what counts as activity, forms that survive, devices, closing."""

import json

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from portal.access import own, policy
from portal.access.actors import SYSTEM
from portal.accounts.models import KeptForm, KnownDevice
from portal.audit.models import AuditEvent
from portal.core.guard import Locked

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True  # the password alone signs in; these stories are about what comes after


def sign_in(name: str, client: Client | None = None, **headers) -> Client:
    client = client or Client(**headers)
    client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    return client


def pass_time(client: Client, *, idle: int = 0, started: int = 0) -> None:
    session = client.session
    session["active"] -= idle
    session["started"] -= started
    session.save()


def events(verb: str) -> list[tuple]:
    rows = AuditEvent.objects.filter(verb=verb).values_list("actor", "payload")
    return [(actor, json.loads(payload)["detail"].get("why")) for actor, payload in rows]


@pytest.mark.parametrize(
    ("name", "path", "minutes"),
    [("clinician", "/clinic/", 15), ("admin", "/admin/", 10), ("auditor", "/oversight/events/", 10)],
)
def test_each_role_has_its_idle_limit(name, path, minutes, cast):
    client = sign_in(name)
    pass_time(client, idle=minutes * 60 - 30)
    assert client.get(path).status_code == 200

    pass_time(client, idle=minutes * 60 + 1)
    answer = client.get(path)

    assert answer.status_code == 302 and f"login/?next={path}" in answer.url
    assert events("person.session-ended") == [(name, "idle")]
    assert f"after {minutes} minutes without activity" in client.get("/accounts/login/").content.decode()


def test_the_strictest_role_counts(cast):
    from portal.access import actions, sessions

    actions.set_roles(by=SYSTEM, on=cast["clinician"], role_names=["clinician", "admin"])

    assert sessions.idle_seconds(cast["clinician"]) == 600


def test_activity_prolongs_a_session_but_never_past_the_absolute_limit(cast):
    client = sign_in("clinician")
    for _ in range(3):
        pass_time(client, idle=14 * 60)
        assert client.get("/clinic/").status_code == 200

    pass_time(client, started=12 * 3600)
    assert client.get("/clinic/").status_code == 302
    assert events("person.session-ended") == [("clinician", "absolute")]


@pytest.mark.parametrize("headers", [{}, {"X-Background": "1"}])
def test_polling_is_no_activity(headers, cast):
    client = sign_in("clinician")
    pass_time(client, idle=14 * 60)
    path = "/clinic/" if headers else reverse("account:session-status")

    assert client.get(path, headers=headers).status_code == 200
    pass_time(client, idle=61)
    assert client.get("/clinic/").status_code == 302


def test_a_followed_prediction_is_no_activity(cast, patient, unplanned, worked):
    from portal.predictions import actions as predictions

    prediction = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    client = sign_in("clinician")
    before = client.session["active"] - 300
    pass_time(client, idle=300)

    assert client.get(reverse("clinic:prediction-status", args=[prediction])).status_code == 200
    assert client.session["active"] == before


def test_a_poll_of_an_ended_session_sends_the_whole_page_to_the_sign_in(cast):
    client = sign_in("clinician")
    pass_time(client, idle=3600)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/clinic/"}

    answer = client.get("/clinic/", headers=headers)

    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/accounts/login/?next=%2Fclinic%2F")


def test_the_status_says_what_is_left_and_extending_prolongs_it(cast):
    client = sign_in("clinician")
    pass_time(client, idle=800)
    left = client.get(reverse("account:session-status")).json()
    longer = client.post(reverse("account:session-extend")).json()

    assert 95 <= left["left"] <= 100 and left["longer"] is True
    assert 898 <= longer["left"] <= 900


def form_address(patient) -> str:
    return reverse("clinic:form", args=[patient, "unplanned-admission"])


def test_a_form_posted_after_the_end_comes_back_as_it_was_typed(cast, patient, unplanned, worked):
    client = sign_in("clinician")
    pass_time(client, idle=3600)
    answer = client.post(form_address(patient), {"in.bmi": "41.5", "in.sbp": "150"})
    page = client.get(answer.url).content.decode()

    assert (answer.url, worked.waiting) == (f"/accounts/login/?next={form_address(patient).replace('/', '%2F')}", [])
    assert "What you typed is kept" in page and "41.5" not in page
    sign_in("clinician", client)
    restored = client.get(form_address(patient)).content.decode()
    assert 'value="41.5"' in restored and "What you typed is back below" in restored
    assert 'value="41.5"' not in client.get(form_address(patient)).content.decode()


def test_what_was_typed_is_given_to_nobody_else(cast, patient, unplanned):
    client = sign_in("clinician")
    pass_time(client, idle=3600)
    client.post(form_address(patient), {"in.bmi": "41.5"})

    sign_in("auditor", client)

    assert "kept" not in client.session
    with pytest.raises(policy.Denied):
        own.take_form(by=cast["clinician2"], on=cast["clinician"], path=form_address(patient))


def test_what_is_kept_is_encrypted_and_holds_no_password(cast, patient):
    typed = {"in.bmi": ["41.5"], "password": ["hunter-two"], "code": ["123456"], "csrfmiddlewaretoken": ["t"]}
    own.keep_form(by=SYSTEM, on=cast["clinician"], path="/clinic/x/", typed=typed)

    with pytest.raises(Locked):
        KeptForm.objects.count()
    assert own.take_form(by=cast["clinician"], on=cast["clinician"], path="/clinic/x/") == {"in.bmi": ["41.5"]}


def test_what_is_kept_is_ciphertext_in_the_database(cast):
    from portal.core import guard

    own.keep_form(by=SYSTEM, on=cast["clinician"], path="/clinic/x/", typed={"in.bmi": ["41.5"]})

    with guard.unlocked(), connection.cursor() as cursor:
        cursor.execute("SELECT typed FROM accounts_keptform")
        assert "41.5" not in cursor.fetchone()[0]


def test_the_page_keeps_a_form_for_the_person_whose_session_just_ended(cast, patient, unplanned):
    client = sign_in("clinician")
    pass_time(client, idle=3600)
    client.get(reverse("account:session-status"))
    kept = client.post(reverse("account:keep"), {"kept-path": form_address(patient), "in.bmi": "39.9"})

    assert kept.status_code == 204
    sign_in("clinician", client)
    assert 'value="39.9"' in client.get(form_address(patient)).content.decode()


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/clinic/", "/clinic/emergency/", "/nowhere/", "https://elsewhere.example/", ""]
)
def test_nothing_is_kept_for_other_addresses(path, cast):
    client = sign_in("clinician")
    pass_time(client, idle=3600)
    client.get(reverse("account:session-status"))

    assert client.post(reverse("account:keep"), {"kept-path": path, "in.bmi": "39.9"}).status_code == 404


def test_nothing_is_kept_for_a_browser_that_nobody_used(cast, patient):
    assert Client().post(reverse("account:keep"), {"kept-path": form_address(patient), "x": "1"}).status_code == 404


def test_my_sessions_lists_mine_and_closes_them(cast):
    here, there, other = sign_in("clinician"), sign_in("clinician"), sign_in("clinician2")
    page = here.get(reverse("account:sessions"))
    assert [row["here"] for row in page.context["sessions"]] == [True, False]

    here.post(reverse("account:session-close", args=[page.context["sessions"][1]["row"].pk]))

    assert [client.get("/clinic/").status_code for client in (here, there, other)] == [200, 302, 200]


def test_closing_all_others_leaves_this_one(cast):
    here, *others = (sign_in("clinician") for _ in range(3))

    here.post(reverse("account:sessions-close-others"))

    assert [client.get("/clinic/").status_code for client in (here, *others)] == [200, 302, 302]


def test_nobody_closes_a_session_of_another_person(cast):
    mine, theirs = sign_in("clinician"), sign_in("clinician2")
    row = UserSession.objects.get(user=cast["clinician2"])

    assert mine.post(reverse("account:session-close", args=[row.pk])).status_code == 404
    assert theirs.get("/clinic/").status_code == 200


def test_a_new_device_is_told_by_mail_and_at_the_next_sign_in(cast, settings):
    settings.EMAIL_HOST = "mail.example"
    person = cast["clinician"]
    person.email = "amara@hospital.example"
    person.save()
    first = sign_in("clinician")
    assert len(mail.outbox) == 0

    sign_in("clinician", HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")

    assert [letter.to for letter in mail.outbox] == [["amara@hospital.example"]]
    assert "clinician" not in mail.outbox[0].body and "Okafor" not in mail.outbox[0].body
    first.post(reverse("account_logout"))
    sign_in("clinician", first)
    assert "Firefox on Windows signed in as you" in first.get("/clinic/").content.decode()
    assert KnownDevice.objects.filter(user=person).count() == 2


def test_a_known_device_is_no_news(cast):
    client = sign_in("clinician")
    client.post(reverse("account_logout"))
    sign_in("clinician", client)

    assert KnownDevice.objects.filter(user=cast["clinician"]).count() == 1
    assert AuditEvent.objects.filter(verb="person.device-added").count() == 1
