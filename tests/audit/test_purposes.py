"""No event is without a purpose of use, whatever its verb and whichever door it came through."""

import pytest
from django.test import Client

from portal.access import actions
from portal.access.action import ACTIONS
from portal.access.actors import SYSTEM
from portal.audit import context, log, purposes
from portal.audit.models import AuditEvent
from portal.audit.sentences import SENTENCES
from portal.core import guard

pytestmark = pytest.mark.django_db


def purpose_of(verb: str, **around) -> str:
    with guard.unlocked(), context.of(**around):
        log.write([log.Draft(verb=verb, actor="someone")])
        return AuditEvent.objects.order_by("-id").first().purpose


@pytest.mark.parametrize("verb", sorted({*SENTENCES, *ACTIONS}))
def test_every_verb_has_a_purpose(verb):
    assert purpose_of(verb) in purposes.WORDS


def test_a_named_purpose_wins_over_the_verb_s():
    assert purpose_of("patient.opened", purpose="ETREAT") == "ETREAT"


@pytest.mark.parametrize(
    ("person", "path", "verb", "purpose"),
    [
        ("clinician", "/clinic/", "patient.listed", "TREAT"),
        ("auditor", "/oversight/events/", "audit.viewed", "HOPERAT"),
        ("admin", "/system/", "system.viewed", "HSYSADMIN"),
        ("clinician", "/oversight/approvals/", "access.denied", "HOPERAT"),
        ("scientist", "/oversight/integrity/", "access.denied", "HOPERAT"),
    ],
)
def test_a_page_s_events_carry_the_purpose_of_its_door(person, path, verb, purpose, cast, wards):
    client = Client()
    client.force_login(cast[person], backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(path)

    found = AuditEvent.objects.filter(verb=verb, actor=person).values_list("purpose", flat=True)
    assert set(found) == {purpose}


def test_the_api_s_events_carry_the_purpose_of_what_is_read(cast, wards):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    Client(HTTP_AUTHORIZATION=f"Bearer {token}").get("/api/v1/patients/")

    found = AuditEvent.objects.filter(verb="patient.listed", actor="clinician").values_list("purpose", flat=True)
    assert set(found) == {"TREAT"}


def test_a_refusal_is_recorded_once(cast, wards):
    client = Client()
    client.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/oversight/events/")

    found = AuditEvent.objects.filter(actor="clinician", outcome="denied").values_list("verb", flat=True)
    assert list(found) == ["audit.viewed"]
