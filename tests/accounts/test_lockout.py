"""Lock-out: counted per account and address, said in words, ended by time or an administrator."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.access import actions, policy
from portal.accounts import factors
from portal.audit.models import AuditEvent
from portal.core.problems import BadInput

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def attempt(name: str, password: str, address: str = "10.0.0.1"):
    return Client(REMOTE_ADDR=address).post(reverse("account_login"), {"login": name, "password": password})


def lock(name: str, **where) -> None:
    for _ in range(5):
        attempt(name, "wrong", **where)


def events(verb: str) -> list[tuple]:
    return list(AuditEvent.objects.filter(verb=verb).values_list("actor", "outcome"))


def test_after_five_wrong_passwords_the_right_one_is_refused_too(cast):
    lock("clinician")

    page = attempt("clinician", PASSWORD)

    assert page.status_code == 200
    assert "Too many wrong passwords. Wait 15 minutes, or ask an administrator" in page.content.decode()


def test_four_wrong_passwords_lock_nobody_out(cast):
    for _ in range(4):
        attempt("clinician", "wrong")

    assert attempt("clinician", PASSWORD).status_code == 302


def test_the_ledger_names_the_account_once_per_lock_out(cast):
    lock("clinician")
    for _ in range(3):
        attempt("clinician", PASSWORD)

    assert events("person.locked-out") == [("clinician", "denied")]
    assert events("person.sign-in-failed") == [("clinician", "failed")] * 5


def test_another_address_and_another_account_are_not_locked(cast):
    lock("clinician")

    assert attempt("clinician", PASSWORD, address="10.0.0.2").status_code == 302
    assert attempt("clinician2", PASSWORD).status_code == 302


def test_a_capital_letter_is_no_way_around(cast):
    for name in ("clinician", "Clinician", "CLINICIAN", "cliniciaN", "clinicIan"):
        attempt(name, "wrong")

    assert attempt("clinician", PASSWORD).status_code == 200


def test_an_administrator_lets_a_person_in_again(cast):
    lock("clinician")
    actions.unlock(by=cast["admin"], on=cast["clinician"])

    assert attempt("clinician", PASSWORD).status_code == 302
    assert events("person.unlocked") == [("admin", "ok")]


def test_nobody_else_lets_a_person_in_again(cast):
    lock("clinician")
    with pytest.raises(policy.Denied):
        actions.unlock(by=cast["clinician2"], on=cast["clinician"])

    assert attempt("clinician", PASSWORD).status_code == 200


def test_a_password_typed_as_a_name_is_written_nowhere(cast):
    lock("my-secret-password")
    attempt("my-secret-password", "x")

    assert events("person.locked-out") == [("nobody", "denied")]
    assert AuditEvent.objects.filter(payload__contains="my-secret-password").count() == 0


def test_wrong_codes_lock_out_too(cast, settings):
    settings.DEMO = False
    client = Client()
    client.post(reverse("account_login"), {"login": "clinician", "password": PASSWORD})
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": factors.current_code(cast["clinician"])})

    assert answer.status_code == 200 and "Too many" in answer.content.decode()


def test_a_signature_may_not_be_guessed_either(cast):
    reviewer = cast["reviewer"]
    for _ in range(5):
        with pytest.raises(BadInput):
            factors.prove(reviewer, password="wrong", code="000000")

    with pytest.raises(BadInput, match="Too many wrong tries"):
        factors.prove(reviewer, password=PASSWORD, code=factors.current_code(reviewer))
    assert events("person.proof-failed") == [("reviewer", "failed")] * 6
    assert factors.prove(cast["reviewer2"], password=PASSWORD, code=factors.current_code(cast["reviewer2"]))
