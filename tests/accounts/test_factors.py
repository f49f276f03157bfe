"""The second factor: asked for by roles, added by people, never left without one."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


def sign_in(name: str, *, code: str | None = None) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    if code:
        client.post(reverse("mfa_authenticate"), {"code": code})
    return client


def events(verb: str) -> list[tuple]:
    return list(AuditEvent.objects.filter(verb=verb).values_list("actor", "outcome"))


@pytest.fixture
def newcomer(cast):
    """A clinician who has an account and no second factor yet."""
    return actions.add_person(
        by=SYSTEM, username="newcomer", name="New Comer", password=PASSWORD, role_names=["clinician"], enrol=False
    )


def test_the_password_alone_does_not_sign_in_a_person_with_an_app(cast):
    client = sign_in("clinician")

    assert client.get("/clinic/").url == "/accounts/login/?next=/clinic/"


def test_password_and_code_sign_in_and_a_code_serves_once(cast):
    code = factors.current_code(cast["clinician"])

    assert sign_in("clinician", code=code).get("/clinic/").status_code == 200
    assert sign_in("clinician", code=code).get("/clinic/").status_code == 302
    assert ("clinician", "failed") in events("person.sign-in-failed")


@pytest.mark.parametrize("path", ["/clinic/", "/", "/account/tokens/", "/admin/", "/oversight/"])
def test_a_role_that_needs_a_factor_opens_nothing_without_one(path, newcomer):
    client = sign_in("newcomer")

    assert client.get(path).url == reverse("mfa_index")


def test_a_post_before_the_factor_is_added_changes_nothing(newcomer):
    client = sign_in("newcomer")

    client.post("/account/tokens/", {"days": "30", "label": "early"})

    assert newcomer.tokens.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_person_adds_an_app_and_the_pages_open(newcomer):
    client = sign_in("newcomer")
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})

    assert client.get("/clinic/").status_code == 200
    assert events("person.factor-added") == [("newcomer", "ok"), ("newcomer", "ok")]
    assert sorted(Authenticator.objects.filter(user=newcomer).values_list("type", flat=True)) == [
        "recovery_codes",
        "totp",
    ]


def test_the_secret_of_an_app_is_not_stored_in_clear(newcomer):
    client = sign_in("newcomer")
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})

    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_a_recovery_code_signs_in_once(newcomer):
    client = sign_in("newcomer")
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    paper = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]

    assert sign_in("newcomer", code=paper[0]).get("/clinic/").status_code == 200
    assert sign_in("newcomer", code=paper[0]).get("/clinic/").status_code == 302


def test_the_last_factor_of_a_role_that_needs_one_stays(cast):
    client = sign_in("clinician", code=factors.current_code(cast["clinician"]))
    page = client.post(reverse("mfa_deactivate_totp"))

    assert "add another before you remove this one" in page.content.decode()
    assert factors.has_one(cast["clinician"])


def test_a_role_that_needs_none_may_remove_the_last_factor(cast):
    client = sign_in("scientist", code=factors.current_code(cast["scientist"]))
    client.post(reverse("mfa_deactivate_totp"))

    assert not factors.has_one(cast["scientist"])
    assert events("person.factor-removed") == [("scientist", "ok")]


def test_changing_a_factor_long_after_the_sign_in_asks_for_the_password_again(cast, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    client = sign_in("scientist", code=factors.current_code(cast["scientist"]))

    assert client.post(reverse("mfa_deactivate_totp")).url.startswith(reverse("account_reauthenticate"))
    assert factors.has_one(cast["scientist"])


def test_an_administrator_resets_a_lost_device(cast):
    actions.reset_factors(by=cast["admin"], on=cast["clinician"])

    client = sign_in("clinician")

    assert client.get("/clinic/").url == reverse("mfa_index")
    assert events("person.factors-reset") == [("admin", "ok")]


def test_the_demonstration_asks_for_the_password_alone_and_changes_no_factor(cast, settings):
    settings.DEMO = True
    client = sign_in("clinician")

    assert client.get("/clinic/").status_code == 200
    assert "a user name and a password are enough to sign in" in client.get(reverse("mfa_index")).content.decode()
    assert client.get(reverse("mfa_activate_totp")).url == reverse("mfa_index")


def change_password(client: Client, old: str, new: str):
    return client.post(reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new})


def test_a_new_password_ends_the_other_sessions_and_the_old_password(cast):
    here = Client()
    here.force_login(cast["scientist"], backend="allauth.account.auth_backends.AuthenticationBackend")
    there = Client()
    there.force_login(cast["scientist"], backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = change_password(here, PASSWORD, "staple-battery-horse-9")

    cast["scientist"].refresh_from_db()
    assert answer.url == reverse("account:sessions")
    assert [client.get("/lab/").status_code for client in (here, there)] == [200, 302]
    assert not cast["scientist"].check_password(PASSWORD)
    assert events("person.password-changed") == [("scientist", "ok")]


@pytest.mark.parametrize(
    ("old", "new", "said"), [(PASSWORD, "short", "too short"), ("wrong", "staple-battery-horse-9", "current password")]
)
def test_a_password_is_not_changed_to_a_weak_one_or_without_the_old(old, new, said, cast):
    client = Client()
    client.force_login(cast["scientist"], backend="allauth.account.auth_backends.AuthenticationBackend")

    page = change_password(client, old, new).content.decode()

    cast["scientist"].refresh_from_db()
    assert said in page and cast["scientist"].check_password(PASSWORD)


def code_for(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
