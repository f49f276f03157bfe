"""A passkey as proof of both factors: asked for one posting of one session, answered once."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from portal.access import actions as access
from portal.access import cases
from portal.access.actors import SYSTEM
from portal.access.models import Grant
from portal.accounts import passkeys
from portal.audit.models import AuditEvent, PeriodReview
from portal.core import clock
from portal.records import actions as records
from portal.registry import actions as registry
from portal.registry import signing
from portal.registry.models import Signature
from portal.registry.review import seats
from portal.registry.studio import actions as studio
from tests import reviewing
from tests.accounts.passkey import Passkey

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def sso_person(cast):
    """Make somebody who has come by the single sign-on only: no password, and one passkey."""

    def run(name: str, role: str):
        person = access.add_person(
            by=SYSTEM,
            username=name,
            name=f"{name} Sso",
            password="correct-horse-battery",
            role_names=[role],
            enrol=False,
        )
        person.set_unusable_password()
        type(person).objects.filter(pk=person.pk).update(password=person.password)
        return type(person).objects.get(pk=person.pk), Passkey(person)

    return run


def client_of(person) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def asked(page) -> dict:
    return page.context["proof"]["passkey"]["request_options"]


@pytest.fixture
def submitted(cast, studies, trained, prove):
    version = registry.register(
        by=cast["scientist"], on=studies["demo"], slug="unplanned-admission", folder=trained["unplanned-admission"]
    )
    prove(version)
    return version


@pytest.fixture
def glass(cast, patient, sso_person):
    """A clinician of no ward before the glass: the page asks, `post` sends the form."""
    person, key = sso_person("ruth", "clinician")
    known = records.open_patient(by=cast["clinician"], on=patient).patient
    client = client_of(person)
    sought = {"mrn": known.mrn, "birth_date": known.birth_date}

    class Glass:
        passkey, who, sought_for = key, person, patient

        @staticmethod
        def ask(**other):
            return client.post(reverse("clinic:emergency"), sought | other)

        @staticmethod
        def post(credential, **other):
            given = sought | {"code": "emergency", "attested": "yes", "credential": credential}
            return client.post(reverse("clinic:emergency"), given | other)

    return Glass


def failures(person) -> list[tuple]:
    rows = AuditEvent.objects.filter(verb="person.proof-failed", actor=person.username).order_by("id")
    return [(row.patient, json.loads(row.payload)["detail"]["factor"]) for row in rows]


def test_a_reviewer_without_a_password_signs_with_a_passkey(sso_person, submitted):
    person, key = sso_person("ruth", "reviewer")
    seats.set_seats(by=SYSTEM, on=person, seats=["clinical"])
    reviewing.answer_all(person, submitted)
    client, page = client_of(person), reverse("oversight:approval", args=[submitted.public_id])
    shown = client.get(page)
    assert 'name="password"' not in shown.content.decode()

    credential = key.answer(asked(shown))
    seen = signing.payload_sha256(submitted)
    answer = client.post(
        page, {"decision": "approve", "reason": "Read it all.", "credential": credential, "seen": seen}
    )

    assert answer.url == reverse("oversight:approvals")
    assert Signature.objects.get().factors == ["passkey", "finger, face or PIN"]
    key.row.refresh_from_db()
    assert key.row.last_used_at is not None


def test_an_officer_signs_for_a_period_with_a_passkey(sso_person):
    person, key = sso_person("ruth", "auditor")
    client, page = client_of(person), reverse("oversight:reviews")

    credential = key.answer(asked(client.get(page)))
    answer = client.post(
        page, {"since": "2026-01-01", "until": "2026-01-02", "note": "Read.  All of it.", "credential": credential}
    )

    assert answer.status_code == 302, answer.context["errors"]
    assert PeriodReview.objects.get().factors == ["passkey", "finger, face or PIN"]


def test_a_clinician_breaks_the_glass_with_a_passkey(glass):
    answer = glass.post(glass.passkey.answer(asked(glass.ask())))

    assert answer.url == reverse("clinic:patient", args=[glass.sought_for])
    assert Grant.objects.get(kind="break-glass").person == glass.who


def test_an_answer_serves_once(glass):
    credential = glass.passkey.answer(asked(glass.ask()))
    glass.post(credential)
    grant = Grant.objects.get(kind="break-glass")
    from portal.records import emergency

    emergency.end(by=glass.who, on=grant.public_id)

    again = glass.post(credential)

    assert (again.status_code, list(again.context["errors"])) == (422, ["passkey"])
    assert Grant.objects.filter(kind="break-glass").count() == 1


def test_two_postings_of_one_answer_at_the_same_moment_let_one_through(glass, rf):
    shown = asked(glass.ask())
    request = rf.get("/")
    request.user = glass.who
    from django.contrib.sessions.models import Session

    kept = [row.get_decoded() for row in Session.objects.all() if "proof_questions" in row.get_decoded()]
    credential, about = glass.passkey.answer(shown), f"emergency {glass.sought_for}"
    from allauth.core.context import request_context

    found = []
    for _ in range(2):
        request.session = dict(kept[0])
        with request_context(request):
            found.append(passkeys.answers(request, about, credential))
    assert found == [True, False]


def test_an_answer_for_another_posting_is_none(glass, sso_person, submitted, prove):
    person, key = sso_person("rosa", "reviewer")
    seats.set_seats(by=SYSTEM, on=person, seats=["clinical"])
    client = client_of(person)
    elsewhere = key.answer(asked(client.get(reverse("oversight:approval", args=[submitted.public_id]))))
    person_glass = glass.passkey.answer(asked(glass.ask()))

    page = reverse("oversight:approval", args=[submitted.public_id])
    studio.change_form(by=person, on=submitted, overlay=submitted.overlay | {"summary": "Other."}, why="For the test.")
    submitted.refresh_from_db()
    prove(submitted)
    reviewing.answer_all(person, submitted)
    given = {"decision": "approve", "reason": "Read it all.", "seen": signing.payload_sha256(submitted)}
    client.post(page, given | {"credential": elsewhere})
    other = client.post(page, given | {"credential": person_glass})

    assert (Signature.objects.count(), other.status_code) == (0, 422)


@pytest.mark.parametrize("changes", [{"verified": False}, {"origin": "https://elsewhere.example"}])
def test_a_key_that_did_not_ask_for_finger_or_pin_or_that_spoke_to_another_site_is_refused(changes, glass):
    answer = glass.post(glass.passkey.answer(asked(glass.ask()), **changes))

    assert answer.status_code == 422
    assert "The passkey was not accepted" in answer.content.decode()
    assert failures(glass.who) == [(glass.sought_for, "passkey")]


def test_another_persons_passkey_is_refused(glass, sso_person):
    _, other = sso_person("rosa", "clinician")

    assert glass.post(other.answer(asked(glass.ask()))).status_code == 422
    assert Grant.objects.filter(kind="break-glass").count() == 0


def test_a_question_grows_old(glass, monkeypatch):
    credential = glass.passkey.answer(asked(glass.ask()))
    monkeypatch.setattr(passkeys, "LIFE", 0)

    assert glass.post(credential).status_code == 422


def test_a_failed_proof_at_the_glass_is_in_the_case_with_the_patient(glass, cast):
    glass.ask()
    glass.post("{}")
    glass.post(glass.passkey.answer(asked(glass.ask())))

    (case,) = cases.list_cases(by=cast["auditor"])
    evidence = cases.open_evidence(by=cast["auditor"], on=case.public_id)
    assert "person.proof-failed" in [event.verb for event in evidence.events]
    event = AuditEvent.objects.get(verb="person.proof-failed")
    assert (event.patient, event.purpose, event.outcome) == (glass.sought_for, "ETREAT", "failed")


def test_a_wrong_code_at_the_glass_names_the_patient_too(cast, patient):
    known = records.open_patient(by=cast["clinician"], on=patient).patient
    client = client_of(cast["clinician2"])
    client.post(
        reverse("clinic:emergency"),
        {"mrn": known.mrn, "birth_date": known.birth_date, "code": "emergency", "attested": "yes",
         "password": "correct-horse-battery", "one_time_code": "000000"},
    )  # fmt: skip

    assert failures(cast["clinician2"]) == [(patient, "one_time_code")]


def test_after_five_wrong_answers_no_right_one_counts(glass):
    for _ in range(5):
        glass.post("{}")
    answer = glass.post(glass.passkey.answer(asked(glass.ask())))

    assert "Too many wrong tries" in answer.content.decode()
    assert failures(glass.who)[-1] == (glass.sought_for, "locked")


def test_fresh_authentication_takes_a_passkey(sso_person, cast):
    person, key = sso_person("ruth", "admin")
    client = client_of(person)
    change = reverse("admin:accounts_user_change", args=[cast["scientist"].pk])

    sent = client.post(change, {"role_names": ["clinician"]}, follow=True)
    assert sent.redirect_chain[-1][0].startswith(reverse("mfa_reauthenticate_webauthn"))
    page = sent.redirect_chain[-1][0]
    refused = client.post(page, {"credential": "{}"})
    assert (refused.status_code, "not accepted" in refused.content.decode()) == (422, True)
    answer = client.post(
        page, {"credential": key.answer(refused.context["js_data"]["request_options"]), "next": change}
    )

    assert answer.status_code == 302
    cast["scientist"] = type(person).objects.get(pk=cast["scientist"].pk)
    assert cast["scientist"].role_names == {"clinician"}
    assert failures(person) == [("", "passkey")]


def test_who_has_nothing_to_prove_it_with_is_told_to_add_a_passkey(sso_person, cast, settings, monkeypatch):
    settings.SECOND_FACTOR_ROLES = set()
    person, key = sso_person("ruth", "admin")
    key.row.delete()
    client = client_of(person)

    answer = client.post(reverse("admin:accounts_user_change", args=[cast["scientist"].pk]), {"role_names": []})
    reviews = client_of(sso_person("rosa", "auditor")[0])
    type(key.row).objects.all().delete()
    # On the log's first day there is nothing to sign for yet.
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)

    assert (answer.status_code, "Add a passkey" in answer.content.decode()) == (409, True)
    assert "Add a passkey" in reviews.get(reverse("oversight:reviews")).content.decode()


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["id", "rawId", "response", "type", "clientDataJSON", "authenticatorData", "signature", "userHandle"]), inner),
)  # fmt: skip


@given(_anything | st.fixed_dictionaries({"rawId": st.just("AA"), "id": st.just("AA"), "type": st.just("public-key"),
       "response": st.fixed_dictionaries({"clientDataJSON": st.sampled_from(["", "AA", "e30", 5, None]),
       "authenticatorData": st.sampled_from(["", "AA", "A" * 60, "//8"]), "signature": st.sampled_from(["", "AA", 1])})}))  # fmt: skip
def test_no_answer_whatever_it_holds_is_an_error(written):
    class Request:
        user = type("Nobody", (), {"pk": 0})()
        session: dict = {}

    from allauth.core.context import request_context
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user, request.session = Request.user, {}
    with request_context(request):
        request.session["proof_questions"] = {
            passkeys._name("x"): {"challenge": "AA", "user_verification": "required", "at": int(time.time())}
        }
        from django.core.cache import cache

        cache.clear()
        assert passkeys.answers(request, "x", json.dumps(written)) is False


def test_the_ways_to_confirm_are_named_in_our_words(glass, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    from allauth.account.adapter import get_adapter

    assert [way["description"] for way in get_adapter().get_reauthentication_methods(glass.who)] == ["Use a passkey"]


@pytest.mark.parametrize("number", [2**16, 10**13, -(2**40), 1e300])
def test_no_stranger_makes_the_sign_in_fill_the_memory(number):
    answer = {
        "id": "AA",
        "rawId": "AA",
        "type": "public-key",
        "response": {"signature": number, "clientDataJSON": "AA"},
    }
    posted = Client().post(reverse("mfa_login_webauthn"), {"credential": json.dumps(answer)})

    assert (posted.status_code, "was not accepted" in posted.content.decode()) == (400, True)
