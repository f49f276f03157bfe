"""What a signature covers of the evidence, and what holds it back."""

import pytest

from portal.accounts.factors import Proof
from portal.core import clock
from portal.core.problems import Conflict
from portal.registry import actions, bundle, signing
from portal.registry.standing import require_runnable
from tests import reviewing

pytestmark = pytest.mark.django_db


@pytest.fixture
def parts(monkeypatch):
    """The parts of the evidence, to add to."""
    monkeypatch.setattr(bundle, "_COVERED", dict(bundle._COVERED))
    monkeypatch.setattr(bundle, "_GATES", dict(bundle._GATES))
    return bundle


@pytest.fixture
def submitted(cast, studies, trained, prove):
    folder = trained["coronary-disease"]
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)
    prove(version)
    return version


def sign(cast, version, name: str):
    proof = Proof(cast[name].pk, clock.now())
    return reviewing.approve(by=cast[name], on=version, reason="Evidence read.", proof=proof)


def test_nobody_signs_while_a_part_says_what_is_missing(cast, submitted, parts, client):
    wanting = ["The card says nothing about the intended users."]
    parts.gate("overview", lambda version: wanting)
    with pytest.raises(Conflict) as refusal:
        sign(cast, submitted, "reviewer")
    assert (refusal.value.code, refusal.value.sentence) == ("not-ready", wanting[0])
    assert submitted.signatures.count() == 0
    client.force_login(cast["reviewer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert wanting[0] in client.get(f"/oversight/approvals/{submitted.public_id}/").content.decode()

    wanting.clear()
    sign(cast, submitted, "reviewer")
    assert submitted.signatures.count() == 1


def test_a_part_that_changes_after_the_signatures_stops_every_run(cast, submitted, parts):
    said = {"intended use": "adults"}
    parts.cover("card", lambda version: dict(said))
    for name in ("reviewer", "reviewer2"):
        sign(cast, submitted, name)
    submitted.refresh_from_db()
    assert require_runnable(submitted).version == submitted
    before = signing.payload_sha256(submitted)

    said["intended use"] = "children"
    assert signing.payload_sha256(submitted) != before
    with pytest.raises(Conflict) as refusal:
        require_runnable(submitted)
    assert refusal.value.code == "signatures-void"
