"""For how long events are kept, as an audit officer sees and sets it."""

import time
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from portal.access import ledger
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent, RetentionPolicy
from portal.core import clock
from portal.studies import actions as studies

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/oversight/retention/"
GIVEN = {"years": "10", "reason": "The hospital's own rule."}


@pytest.fixture
def officer(transactional_db, monkeypatch, request) -> Client:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: datetime(2014, 5, 4, 12, tzinfo=UTC))
    studies.open_study(by=SYSTEM, slug="old", title="An old study")
    monkeypatch.setattr(clock, "now", now)
    cast = request.getfixturevalue("cast")
    client = Client()
    client.force_login(cast["auditor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(cast["auditor"].pk)
    session.save()
    return client


def test_a_policy_is_shown_with_what_it_would_allow_before_it_is_set(officer):
    asked = officer.post(PAGE, GIVEN)

    assert (asked.context["older"], asked.context["now"], RetentionPolicy.objects.count()) == (1, None, 0)
    done = officer.post(PAGE, GIVEN | {"confirmed": "yes"}, follow=True)

    policy = RetentionPolicy.objects.get()
    assert (policy.years, policy.set_by, policy.reason) == (10, "auditor", "The hospital's own rule.")
    assert [text in done.content.decode() for text in ("10 years", "in force", "own rule")] == [True] * 3
    assert AuditEvent.objects.filter(verb="audit.retention-set", actor="auditor", outcome="ok").count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"years": "5"}, "Events are kept for 6 to 100 years; 5 were asked for."),
        ({"years": "101"}, "Events are kept for 6 to 100 years; 101 were asked for."),
        ({"years": "six"}, "Years: “six” is not a whole number."),
        ({"years": "-6"}, "Years: “-6” is not a whole number."),
        ({"reason": "no"}, "Write 5 to 500 characters"),
    ],
)
@pytest.mark.parametrize("step", [{}, {"confirmed": "yes"}])
def test_what_cannot_be_is_refused_in_words_at_either_step(step, changes, sentence, officer):
    answer = officer.post(PAGE, GIVEN | changes | step)

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert RetentionPolicy.objects.count() == 0


def test_a_shorter_policy_says_so_and_the_older_one_stays_listed(officer, cast):
    ledger.set_retention(by=cast["auditor"], years=12, reason="As long as we can.")

    assert "shorter than the policy in force" in officer.post(PAGE, GIVEN).content.decode()
    page = officer.post(PAGE, GIVEN | {"confirmed": "yes"}, follow=True).content.decode()
    assert [word in page for word in ("As long as we can.", "replaced", "in force")] == [True] * 3


def test_setting_one_asks_for_a_fresh_sign_in(officer, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = officer.post(PAGE, GIVEN | {"confirmed": "yes"})

    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert RetentionPolicy.objects.count() == 0
