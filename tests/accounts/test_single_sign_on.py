"""Single sign-on against a real provider: who is let in, with which roles, and who is not."""

import json

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from portal.access import actions, notices
from portal.access import sso as sso_verbs
from portal.access.actors import SYSTEM
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.compute import work
from portal.compute.models import Job
from portal.core import sso
from portal.predictions import actions as predictions
from portal.records import actions as records
from tests import model_cards
from tests.accounts.provider import ROLES

pytestmark = pytest.mark.django_db


def nurse(provider, subject="u-1", **claims) -> None:
    known = {"preferred_username": "amy", "given_name": "Amy", "family_name": "Pond", "email": "amy@hospital.example"}
    provider.knows(subject, **known | {"groups": ["grp-ward"]} | claims)


def roles_of(username: str) -> list[str]:
    return sorted(User.objects.get(username=username).groups.values_list("name", flat=True))


def details(verb: str) -> list[dict]:
    rows = AuditEvent.objects.filter(verb=verb).order_by("id").values_list("payload", flat=True)
    return [json.loads(row)["detail"] for row in rows]


def test_the_environment_becomes_a_table_of_roles(provider, settings):
    assert settings.OIDC["roles"] == ROLES


def test_a_person_of_a_known_group_is_admitted_with_its_role(provider):
    nurse(provider)
    client = Client()

    answer = provider.pass_through(client, "u-1")

    person = User.objects.get(username="amy")
    assert (answer.status_code, roles_of("amy"), person.label) == (302, ["clinician"], "Amy Pond")
    assert not person.has_usable_password()
    assert details("person.admitted") == [{"issuer": provider.issuer, "roles": ["clinician"]}]
    assert AuditEvent.objects.filter(verb="person.signed-in", actor="amy").count() == 1


def test_the_second_factor_is_still_asked_for(provider):
    nurse(provider, amr=["pwd"])
    client = Client()
    provider.pass_through(client, "u-1")

    assert client.get("/clinic/").url == reverse("mfa_index")


@pytest.mark.parametrize(("methods", "trusted", "status"), [(["pwd", "otp"], True, 200), (["pwd"], True, 302),
                                                             (["otp"], False, 302), ("otp", True, 302)])  # fmt: skip
def test_a_provider_may_be_trusted_with_the_second_factor(methods, trusted, status, provider, settings):
    settings.OIDC["trust_second_factor"] = trusted
    nurse(provider, amr=methods)
    client = Client()
    provider.pass_through(client, "u-1")

    assert client.get("/clinic/").status_code == status


def test_a_person_in_no_mapped_group_is_not_let_in(provider):
    nurse(provider, groups=["grp-canteen", "clinician", "admin"])
    client = Client()

    answer = provider.pass_through(client, "u-1")

    assert answer.status_code == 403 and "none of your groups opens anything here" in answer.content.decode()
    assert not User.objects.filter(username="amy").exists()
    assert client.get("/clinic/").status_code == 302


@pytest.mark.parametrize("groups", [None, [], "", 7, {"grp-ward": 1}, [["grp-ward"]]])
def test_odd_groups_give_no_role(groups, provider):
    nurse(provider, groups=groups)

    answer = provider.pass_through(Client(), "u-1")

    assert (answer.status_code, User.objects.filter(username="amy").count()) == (403, 0)


def test_roles_follow_the_groups_at_each_sign_in(provider):
    nurse(provider)
    provider.pass_through(Client(), "u-1")
    nurse(provider, groups=["grp-lab", "grp-ward"])
    provider.pass_through(Client(), "u-1")
    assert roles_of("amy") == ["clinician", "scientist"]

    nurse(provider, groups=["grp-lab"])
    provider.pass_through(Client(), "u-1")
    provider.pass_through(Client(), "u-1")

    assert roles_of("amy") == ["scientist"]
    assert [change["after"] for change in details("person.roles-synchronised")] == [
        ["clinician", "scientist"],
        ["scientist"],
    ]


def test_a_removed_group_takes_its_role_at_once_from_every_session(provider, settings):
    settings.OIDC["trust_second_factor"] = True
    nurse(provider, amr=["otp"])
    before = Client()
    provider.pass_through(before, "u-1")
    assert before.get("/clinic/").status_code == 200

    nurse(provider, groups=[])
    answer = provider.pass_through(Client(), "u-1")

    assert (answer.status_code, roles_of("amy")) == (403, [])
    assert before.get("/clinic/").status_code == 403


def test_an_officer_who_is_an_administrator_is_refused_with_a_sentence(provider):
    nurse(provider, groups=["grp-it", "grp-privacy"])

    answer = provider.pass_through(Client(), "u-1")

    assert answer.status_code == 403 and "Nobody is both" in answer.content.decode()
    assert not User.objects.filter(username="amy").exists()


def test_a_person_is_known_by_subject_and_never_by_mail_or_name(provider, cast):
    victim = cast["admin"]
    victim.email = "ines@hospital.example"
    victim.save()
    nurse(provider, "u-2", preferred_username="admin", email="ines@hospital.example", email_verified=True)

    provider.pass_through(Client(), "u-2")

    assert roles_of("admin") == ["admin"] and roles_of("admin-2") == ["clinician"]
    assert AuditEvent.objects.filter(verb="person.signed-in", actor="admin").count() == 0


def test_the_same_subject_stays_the_same_person_when_name_and_mail_change(provider):
    nurse(provider)
    provider.pass_through(Client(), "u-1")
    nurse(provider, preferred_username="amelia", email="amelia@hospital.example")
    provider.pass_through(Client(), "u-1")

    assert User.objects.filter(username__startswith="am").count() == 1


def test_another_issuer_is_another_provider(monkeypatch, provider, settings):
    monkeypatch.setenv("FORMULARY_OIDC_ISSUER", "https://elsewhere.example")

    assert sso.from_environment(settings.IDLE_MINUTES)["id"] != settings.OIDC["id"]


def test_a_deactivated_person_stays_out(provider):
    nurse(provider)
    client = Client()
    provider.pass_through(client, "u-1")
    actions.deactivate(by=SYSTEM, on=User.objects.get(username="amy"))

    answer = provider.pass_through(Client(), "u-1")

    assert answer.url == reverse("account_inactive")
    assert client.get("/clinic/").status_code == 302


def test_who_is_taken_out_of_every_group_has_nothing_left_but_the_account(provider, cast, wards, unplanned, scorer):
    nurse(provider, amr=["pwd"])
    client = Client()
    provider.pass_through(client, "u-1")
    person = User.objects.get(username="amy")
    records.assign(by=SYSTEM, on=cast["clinician"].care_relationships.get().care_unit, person=person)
    patient = records.list_patients(by=person)[0].public_id
    token = actions.issue_token(by=SYSTEM, on=person, scopes=["*"], days=30)
    model_cards.read(unplanned, person)
    asked = predictions.request(by=person, on=patient, version=unplanned, inputs={}).prediction

    nurse(provider, groups=["grp-gone"])
    refused = provider.pass_through(Client(), "u-1")
    work.run(Job.objects.get(kind="prediction").public_id)

    program = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert (refused.status_code, client.get("/clinic/").status_code) == (403, 403)
    assert program.get("/api/v1/patients/").json()["results"] == []
    assert program.get(f"/api/v1/patients/{patient}/").status_code in (403, 404)
    job = Job.objects.get(kind="prediction")
    assert (job.subject, job.state, job.reason) == (asked, "failed", "refused")
    assert User.objects.get(username="amy").is_active


def test_an_answer_that_nobody_asked_for_is_refused(provider):
    nurse(provider)
    path = f"/accounts/oidc/{provider.id}/login/callback/"

    answer = Client().get(path, {"code": "stolen", "state": "guessed"})

    assert answer.status_code == 401 and "Try again from the start" in answer.content.decode()


def test_nobody_joins_a_foreign_account_to_their_own(provider, cast, settings):
    settings.DEMO = True
    nurse(provider)
    client = Client()
    client.post(reverse("account_login"), {"login": "clinician", "password": "correct-horse-battery"})

    answer = provider.pass_through(client, "u-1", process="connect")

    assert answer.status_code == 403 and "Accounts are not joined here" in answer.content.decode()


def test_a_provider_that_is_down_is_said_in_words(provider, settings):
    settings.OIDC["issuer"] = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = sso.providers(settings.OIDC)

    answer = Client().get(f"/accounts/oidc/{provider.id}/login/")

    assert answer.status_code == 503 and "does not answer" in answer.content.decode()


def test_where_passwords_are_off_only_those_kept_for_bad_days_use_one(provider, cast, settings):
    settings.DEMO, settings.LOCAL_LOGIN, settings.LOCAL_LOGIN_PEOPLE = True, False, ["admin"]
    statuses = {}
    for name in ("clinician", "admin"):
        client = Client()
        client.post(reverse("account_login"), {"login": name, "password": "correct-horse-battery"})
        statuses[name] = client.get("/").status_code, "login" in client.get("/").url

    assert statuses == {"clinician": (302, True), "admin": (302, False)}
    assert [notices.TEXTS[row.kind] for row in notices.list_notices(by=cast["auditor"], unread=True)] == [
        notices.TEXTS["sealed-account"]
    ]
    assert AuditEvent.objects.filter(verb="person.sealed-account-used", object_id=cast["admin"].public_id).count() == 1


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("FORMULARY_OIDC_ISSUER", "http://idp.example", "formulary.E009"),
        ("FORMULARY_OIDC_CLIENT_SECRET", "", "formulary.E010"),
        ("FORMULARY_OIDC_ROLES", "", "formulary.E012"),
    ],
)
def test_unsafe_settings_refuse_to_start(name, value, code, provider, settings, monkeypatch):
    settings.TESTING = False
    monkeypatch.setenv(name, value)
    settings.OIDC = sso.from_environment(settings.IDLE_MINUTES)

    assert code in [problem.id for problem in run_checks()]


def test_a_portal_without_any_sign_in_refuses_to_start(settings):
    settings.OIDC, settings.LOCAL_LOGIN = {}, False

    assert "formulary.E011" in [problem.id for problem in run_checks()]


@pytest.mark.parametrize("text", ["grp-ward=surgeon", "grp-ward", "=clinician"])
def test_a_group_with_an_unknown_role_refuses_to_start(text, provider, settings, monkeypatch):
    monkeypatch.setenv("FORMULARY_OIDC_ROLES", text)

    with pytest.raises(ImproperlyConfigured, match="write group=role"):
        sso.from_environment(settings.IDLE_MINUTES)


def test_the_command_says_what_the_provider_must_be_told(provider, capsys):
    call_command("single_sign_on")
    said = capsys.readouterr().out

    assert f"/accounts/oidc/{provider.id}/login/callback/" in said and "grp-ward: clinician" in said
    assert "a-secret-between-two-machines" not in said


@pytest.fixture
def office(cast, settings) -> Client:
    settings.DEMO = True
    client = Client()
    client.post(reverse("account_login"), {"login": "admin", "password": "correct-horse-battery"})
    return client


def pages_of(person) -> list[str]:
    return [reverse(f"admin:accounts_user_{name}", args=[person.pk]) for name in ("change", "link", "unlink")]


def test_an_administrator_links_an_account_and_the_person_comes_as_themselves(provider, cast, office):
    person = cast["scientist"]
    change, link, _ = pages_of(person)
    assert link in office.get(change).content.decode()

    done = office.post(link, {"subject": " u-7 "}, follow=True)
    nurse(provider, "u-7", groups=["grp-lab"])
    client = Client()
    provider.pass_through(client, "u-7")

    assert "signs in with Northside sign-in now" in done.content.decode()
    assert client.get("/lab/").wsgi_request.user == person
    assert details("person.account-linked") == [{"issuer": provider.issuer, "subject": "u-7"}]
    assert not User.objects.filter(username="amy").exists()


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [("", "1 to 191 characters"), ("x" * 192, "1 to 191 characters"), ("u-7", "is linked to Amy Pond already")],
)
def test_a_link_that_makes_no_sense_is_refused_in_words(subject, sentence, provider, cast, office):
    nurse(provider, "u-7")
    provider.pass_through(Client(), "u-7")

    answer = office.post(pages_of(cast["scientist"])[1], {"subject": subject})

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert sso_verbs.accounts_of(cast["scientist"]) == []


def test_nobody_links_an_account_to_themselves_or_a_second_one(provider, cast, office):
    sso_verbs.link(by=SYSTEM, on=cast["scientist"], subject="u-7")

    assert office.post(pages_of(cast["admin"])[1], {"subject": "u-8"}).status_code == 409
    assert "has an account" in office.post(pages_of(cast["scientist"])[1], {"subject": "u-8"}).content.decode()


def test_unlinking_says_what_is_left_and_ends_the_sessions(provider, cast, office):
    person = cast["scientist"]
    sso_verbs.link(by=SYSTEM, on=person, subject="u-7")
    nurse(provider, "u-7", groups=["grp-lab"])
    client = Client()
    provider.pass_through(client, "u-7")
    change, _, unlink = pages_of(person)

    asked = office.get(unlink).content.decode()
    done = office.post(unlink, follow=True)

    assert "can still sign in with the password here" in asked
    assert "can still sign in with the password here" in done.content.decode()
    assert client.get("/lab/").status_code == 302
    assert [fact["ways_left"] for fact in details("person.account-unlinked")] == [1]
    provider.pass_through(Client(), "u-7")
    assert User.objects.filter(username="amy").exists()


def test_nobody_is_locked_out_without_a_word(provider, cast, office, settings):
    nurse(provider)
    provider.pass_through(Client(), "u-1")
    person = User.objects.get(username="amy")
    change, _, unlink = pages_of(person)
    assert "cannot sign in at all" in office.get(unlink).content.decode()

    refused = office.post(unlink)
    assert (refused.status_code, len(sso_verbs.accounts_of(person))) == (422, 1)
    done = office.post(unlink, {"knowing": "yes"}, follow=True)

    assert "cannot sign in any more" in done.content.decode()
    assert "nothing: this person cannot sign in" in office.get(change).content.decode()
    assert sso_verbs.accounts_of(person) == []
    assert office.post(unlink).status_code == 422


def test_a_password_counts_as_a_way_in_only_where_passwords_do(provider, cast, settings):
    sso_verbs.link(by=SYSTEM, on=cast["scientist"], subject="u-7")
    settings.LOCAL_LOGIN, settings.LOCAL_LOGIN_PEOPLE = False, {"scientist2"}

    assert sso_verbs.ways_in(cast["scientist"]) == ["Northside sign-in as “u-7”"]
    assert sso_verbs.ways_in(cast["scientist2"]) == ["the password here"]


def test_linking_asks_for_a_fresh_sign_in_and_the_right(provider, cast, office, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = office.post(pages_of(cast["scientist"])[1], {"subject": "u-7"})

    other = Client()
    other.post(reverse("account_login"), {"login": "auditor", "password": "correct-horse-battery"})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert [other.get(page).status_code for page in pages_of(cast["scientist"])] == [403, 403, 403]
    assert sso_verbs.accounts_of(cast["scientist"]) == []
