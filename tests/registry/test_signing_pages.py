"""What the signing post refuses: used codes, stale pages, one factor alone; and that the ledger has each attempt."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts import factors
from portal.audit.models import AuditEvent
from portal.core import signed
from portal.registry import actions, signing
from portal.registry.models import Signature
from portal.registry.studio import actions as studio
from tests import reviewing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD = "correct-horse-battery"


@pytest.fixture
def post(cast, waiting, client):
    """Post the decision of the first reviewer about a version."""
    client.force_login(cast["reviewer"], backend=BACKEND)

    def run(version=waiting, **given):
        fields = {
            "decision": "approve", "reason": "Read it all.", "password": PASSWORD,
            "code": factors.current_code(cast["reviewer"]), "seen": signing.payload_sha256(version), **given,
        }  # fmt: skip
        return client.post(reverse("oversight:approval", args=[version.public_id]), fields)

    return run


def attempts() -> list[tuple]:
    rows = AuditEvent.objects.filter(verb__in=("model.approval-signed", "person.proof-failed")).order_by("id")
    return [(row.verb, row.outcome, row.object_id, json.loads(row.payload)["detail"].get("factor", "")) for row in rows]


def test_a_code_that_was_used_signs_nothing_again(cast, studies, trained, waiting, post, prove):
    other = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="another", folder=trained["unplanned-admission"]
    )
    prove(other)
    for version in (waiting, other):
        reviewing.answer_all(cast["reviewer"], version)
    code = factors.current_code(cast["reviewer"])

    assert post(code=code).status_code == 302
    again = post(other, code=code)

    assert (again.status_code, list(again.context["errors"])) == (422, ["code"])
    assert Signature.objects.count() == 1
    assert attempts() == [
        ("model.approval-signed", "ok", waiting.public_id, ""),
        ("person.proof-failed", "failed", other.public_id, "code"),
    ]


@pytest.mark.parametrize("wanting", ["checklist", "reason"])
def test_a_signature_that_is_refused_for_something_else_does_not_use_up_the_code(wanting, cast, waiting, post):
    code = factors.current_code(cast["reviewer"])
    if wanting == "reason":
        reviewing.answer_all(cast["reviewer"], waiting)
    assert post(code=code, **({"reason": ""} if wanting == "reason" else {})).status_code in (409, 422)
    assert [row[:2] for row in attempts()] == [("model.approval-signed", "failed")]

    reviewing.answer_all(cast["reviewer"], waiting)
    assert post(code=code).status_code == 302
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("missing", ["password", "code"])
def test_one_factor_alone_does_not_sign_and_is_in_the_ledger(missing, cast, waiting, post):
    reviewing.answer_all(cast["reviewer"], waiting)
    assert post(**{missing: ""}).status_code == 422
    assert Signature.objects.count() == 0
    assert attempts() == [("person.proof-failed", "failed", waiting.public_id, missing)]


def test_a_page_that_is_out_of_date_does_not_sign(cast, waiting, post):
    reviewing.answer_all(cast["reviewer"], waiting)
    seen = signing.payload_sha256(waiting)
    studio.change_form(by=cast["reviewer2"], on=waiting, overlay={"inputs": {}}, why="A test.")

    answer = post(seen=seen)
    assert (answer.status_code, "Read it again, then sign" in answer.content.decode()) == (409, True)
    assert Signature.objects.count() == 0
    assert attempts() == [("model.approval-signed", "failed", waiting.public_id, "")]


def test_an_open_checklist_does_not_sign(waiting, post):
    answer = post()
    assert (answer.status_code, "Your checklist has" in answer.content.decode()) == (409, True)
    assert Signature.objects.count() == 0


def test_an_approval_is_withdrawn_and_the_version_resumed_by_pages(cast, waiting, sign, client):
    version = sign(waiting, "reviewer", "reviewer2")

    def send(name: str, page: str, **given):
        client.force_login(cast[name], backend=BACKEND)
        fields = {
            "reason": "Said on the page.",
            "password": PASSWORD,
            "code": factors.current_code(cast[name]),
            "seen": reviewing.seen(version),
            **given,
        }
        answer = client.post(reverse(f"oversight:{page}", args=[version.public_id]), fields)
        version.refresh_from_db()
        return answer

    assert (send("reviewer", "withdraw", code="000000").status_code, version.state) == (422, "approved")
    # What is refused for something else uses no code up: the very next press signs with it.
    stale = send("reviewer", "withdraw", seen="0" * 64)
    assert (stale.status_code, "Read it again, then sign" in stale.content.decode()) == (409, True)
    assert (send("reviewer", "withdraw").status_code, version.state) == (302, "suspended")
    refusal = send("reviewer2", "resume")
    assert (refusal.status_code, "has to be signed again first" in refusal.content.decode()) == (409, True)

    sign(version, "reviewer")
    assert send("reviewer2", "resume", seen="").status_code == 409
    answer = send("reviewer2", "resume")
    assert (answer.status_code, version.state) == (302, "approved"), answer.content.decode()
    assert [one.meaning for one in version.signatures.all()][-2:] == ["approval", "resumption"]


def test_what_is_signed_is_worked_out_once_for_a_page(cast, waiting, sign, client, monkeypatch):
    sign(waiting, "reviewer")
    digests, proofs = [], []
    digest, holds = signed.digest, signed.holds
    monkeypatch.setattr(signed, "digest", lambda value: digests.append("parts" in value) or digest(value))
    monkeypatch.setattr(signed, "holds", lambda *given: proofs.append(1) or holds(*given))
    client.force_login(cast["reviewer2"], backend=BACKEND)
    counted = {}
    for name in ("oversight:approval", "lab:version"):
        client.get(reverse(name, args=[waiting.public_id]))
        digests.clear(), proofs.clear()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name, args=[waiting.public_id])).status_code == 200
        counted[name] = (sum(digests), len(proofs), len(queries))
    assert {name: found[:2] for name, found in counted.items()} == {"oversight:approval": (1, 1), "lab:version": (1, 1)}
    assert counted["oversight:approval"][2] <= 36 and counted["lab:version"][2] <= 30, counted
