"""A draft of a form: kept while one types, one's own, of this patient and this model, and gone when it was run."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.predictions import actions, drafts
from portal.predictions.models import Draft
from portal.records.actions import list_patients

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = {"in.bmi": "41.5", "was.bmi": "28.8"}


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def sign_in(person) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": person.username, "password": "correct-horse-battery"})
    return client


def address(name: str, patient: str) -> str:
    return reverse(f"clinic:{name}", args=[patient, "unplanned-admission"])


def back(cast, name, patient, version):
    return actions.open_form(by=cast[name], on=patient, version=version).draft


def test_a_draft_comes_back_to_its_own_person_patient_and_model_alone(cast, patient, unplanned, approve, trained):
    other = next(row.public_id for row in list_patients(by=cast["clinician"]) if row.public_id != patient)
    second = approve("coronary", trained["coronary-disease"])
    drafts.keep(by=cast["clinician"], on=patient, version=unplanned, typed=TYPED)

    assert back(cast, "clinician", patient, unplanned).typed == TYPED
    assert back(cast, "clinician", other, unplanned) is None
    assert back(cast, "clinician", patient, second) is None
    with guard.unlocked():
        Draft.objects.update(person=cast["clinician2"])
    assert back(cast, "clinician", patient, unplanned) is None


def test_nobody_keeps_a_draft_about_a_patient_of_another_ward(cast, patient, unplanned):
    with pytest.raises(policy.Denied) as refusal:
        drafts.keep(by=cast["clinician2"], on=patient, version=unplanned, typed=TYPED)

    assert refusal.value.status == 404
    with guard.unlocked():
        assert Draft.objects.count() == 0


def test_a_draft_ends_after_a_day(cast, patient, unplanned):
    drafts.keep(by=cast["clinician"], on=patient, version=unplanned, typed=TYPED)
    with guard.unlocked():
        Draft.objects.update(kept_at=clock.now() - timedelta(hours=24, seconds=1))

    assert back(cast, "clinician", patient, unplanned) is None
    # Nobody has to type anything again for it to be gone.
    assert (drafts.sweep(by=SYSTEM), drafts.sweep(by=SYSTEM)) == (1, 0)
    with guard.unlocked():
        assert Draft.objects.count() == 0
        assert AuditEvent.objects.filter(verb="prediction.drafts-expired").count() == 1


def test_what_is_kept_is_ciphertext_and_only_its_beginning_is_an_event(cast, patient, unplanned):
    for value in ("41.5", "41.6", "41.7"):
        drafts.keep(by=cast["clinician"], on=patient, version=unplanned, typed={"in.bmi": value})

    with connection.cursor() as cursor, guard.unlocked():
        cursor.execute("SELECT typed FROM predictions_draft")
        assert ["41.7" in text for (text,) in cursor.fetchall()] == [False]
    seen = AuditEvent.objects.filter(verb="prediction.draft-kept")
    # The time of an event may hold any digits.
    said = [(event.patient, re.sub(r"T[\d:.]+", "", event.payload)) for event in seen]
    assert [(who, "41." in payload) for who, payload in said] == [(patient, False)]


def test_the_page_gives_a_draft_back_until_it_is_discarded_and_fills_the_rest_anew(cast, patient, unplanned):
    client = sign_in(cast["clinician"])
    known = actions.open_form(by=cast["clinician"], on=patient, version=unplanned).prefilled["sbp"].value
    posted = TYPED | {"in.sbp": "111", "was.sbp": "111", "csrfmiddlewaretoken": "secret", "password": "secret"}
    assert client.post(address("draft", patient), posted).status_code == 204
    with guard.unlocked():
        assert set(Draft.objects.get().typed) == {"in.bmi", "was.bmi", "in.sbp", "was.sbp"}

    page = client.get(address("form", patient)).content.decode()
    assert "Your draft of" in page and 'name="in.bmi" value="41.5"' in page
    assert f'name="in.sbp" value="{known:g}"' in page

    assert client.post(address("draft", patient), {"discard": "yes"}).url == address("form", patient)
    page = client.get(address("form", patient)).content.decode()
    assert "Your draft of" not in page and "41.5" not in page


def test_a_run_that_was_accepted_takes_its_draft_away_and_one_that_was_not_leaves_it(cast, patient, unplanned, worked):
    client = sign_in(cast["clinician"])
    client.post(address("draft", patient), TYPED)
    assert client.post(address("form", patient), {"in.bmi": "heavy"}).status_code == 422
    assert back(cast, "clinician", patient, unplanned) is not None

    assert client.post(address("form", patient), {}).status_code == 302
    assert back(cast, "clinician", patient, unplanned) is None


def test_typing_keeps_a_session_alive_and_the_pages_own_second_attempt_does_not(cast, patient, unplanned):
    client = sign_in(cast["clinician"])
    for headers, prolonged in (({"X-Background": "1"}, False), ({}, True)):
        session = client.session
        session["active"] -= 300
        session.save()
        before = session["active"]
        assert client.post(address("draft", patient), TYPED, headers=headers).status_code == 204
        assert (client.session["active"] > before) is prolonged


def test_a_draft_outlives_the_session_that_an_idle_limit_ended(cast, patient, unplanned):
    client = sign_in(cast["clinician"])
    client.post(address("draft", patient), TYPED)
    session = client.session
    session["active"] -= 3600
    session.save()
    assert client.post(address("draft", patient), {"in.bmi": "9"}).status_code == 302

    client.post(reverse("account_login"), {"login": "clinician", "password": "correct-horse-battery"})
    assert 'name="in.bmi" value="41.5"' in client.get(address("form", patient)).content.decode()


def test_what_was_still_on_its_way_when_a_form_was_run_does_not_bring_the_draft_back(cast, patient, unplanned, worked):
    client = sign_in(cast["clinician"])
    first, other = (page_of(client, patient) for _ in range(2))
    client.post(address("draft", patient), TYPED | {"page": first})
    assert client.post(address("form", patient), {"page": first}).status_code == 302

    late = client.post(address("draft", patient), TYPED | {"page": first})
    nameless = client.post(address("draft", patient), TYPED)
    assert (late.status_code, nameless.status_code) == (409, 409)
    assert back(cast, "clinician", patient, unplanned) is None
    # A second window on the same form loses nothing.
    assert client.post(address("draft", patient), TYPED | {"page": other}).status_code == 204
    assert back(cast, "clinician", patient, unplanned).typed == TYPED
    client.post(address("draft", patient), {"discard": "yes", "page": other})
    assert client.post(address("draft", patient), TYPED | {"page": other}).status_code == 409
    assert back(cast, "clinician", patient, unplanned) is None
    assert client.post(address("draft", patient), TYPED | {"page": page_of(client, patient)}).status_code == 204


def page_of(client, patient: str) -> str:
    found = set(re.findall(r'name="page" value="(\w{20})"', client.get(address("form", patient)).content.decode()))
    (page,) = found
    return page


def test_keeping_and_running_at_once_never_leaves_a_draft(cast, patient, unplanned):
    whose = {"by": cast["clinician"], "on": patient, "version": unplanned}
    for turn in range(6):
        page = f"page-{turn}"
        left = at_once(
            lambda page=page: drafts.keep(**whose, typed=TYPED, page=page),
            lambda page=page: drafts.drop(**whose, page=page),
        )
        assert ([error for error in left if isinstance(error, Exception)], back(cast, "clinician", patient, unplanned)) == (
            [], None,
        )  # fmt: skip


def at_once(*works) -> list:
    """Do several things in the same moment, each in its own connection; what each returned or raised."""
    barrier = threading.Barrier(len(works))

    def run(work):
        try:
            barrier.wait(10)
            return work()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
