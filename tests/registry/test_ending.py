"""The two ways out that need no signature: taking back what was proposed, and retiring what was approved."""

import pytest
from django.urls import reverse

from portal.access import actions as access
from portal.access import policy
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.accounts.factors import Proof
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.predictions import recalls
from portal.predictions.models import Recall
from portal.registry import actions, queries
from portal.registry.models import ModelVersion
from portal.registry.review import conflicts, discussion, seats
from portal.registry.standing import require_runnable
from portal.studies import actions as studying
from tests import reviewing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def refused(verb, **given) -> str:
    with pytest.raises(Conflict) as refusal:
        verb(**given)
    return refusal.value.code


def test_what_nobody_has_signed_is_taken_back_by_a_page_and_proposed_anew(cast, waiting, client):
    reviewing.answer_all(cast["reviewer"], waiting)
    client.force_login(cast["scientist"], backend=BACKEND)
    page = reverse("lab:take-back", args=[waiting.public_id])
    assert page in client.get(reverse("lab:version", args=[waiting.public_id])).content.decode()
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "The wrong wards."}).status_code == 302

    waiting.refresh_from_db()
    assert (waiting.state, waiting.submitted_at, waiting.expires_on) == ("draft", None, None)
    assert [said.words for said in discussion.remarks(waiting)] == ["Taken back: The wrong wards."]
    assert list(queries.waiting(cast["reviewer"])) == []
    assert not waiting.review_answers.exists()

    actions.submit(by=cast["scientist"], on=waiting)
    waiting.refresh_from_db()
    assert waiting.state == "submitted"


def test_what_somebody_has_signed_is_not_taken_back_and_reviewers_take_nothing_back(cast, waiting, sign):
    with pytest.raises(policy.Denied):
        actions.take_back(by=cast["reviewer"], on=waiting, reason="I do not like it.")
    version = sign(waiting, "reviewer")
    again = {"by": cast["scientist"], "on": version, "reason": "I found a fault."}
    assert refused(actions.take_back, **again) == "signed"

    proof = Proof(cast["reviewer"].pk, clock.now())
    actions.withdraw(
        by=cast["reviewer"], on=version, reason="Theirs to mend.", proof=proof, seen=reviewing.seen(version)
    )
    actions.take_back(**again)
    version.refresh_from_db()
    assert version.state == "draft"


@pytest.mark.parametrize("who", ["scientist", "reviewer2"])
def test_the_owner_or_a_seated_reviewer_retires_a_version_for_good(who, cast, waiting, sign, client):
    version = sign(waiting, "reviewer", "reviewer2")
    client.force_login(cast[who], backend=BACKEND)
    page = reverse("lab:retire", args=[version.public_id])
    assert page in client.get(reverse("lab:version", args=[version.public_id])).content.decode()
    assert client.post(page, {"reason": "Version 2 does it better."}).status_code == 302

    version = ModelVersion.objects.get(pk=version.pk)
    assert (version.state, version.retired_by) == ("retired", cast[who])
    assert refused(require_runnable, version=version) == "version-not-approved"
    shown = client.get(reverse("lab:version", args=[version.public_id])).content.decode()
    assert "Version 2 does it better." in shown and page not in shown
    with pytest.raises(Conflict, match="is retired and cannot become"):
        actions.stop(by=cast["reviewer"], on=version, reason="Once more.")


def test_who_has_neither_seat_nor_model_or_an_interest_retires_nothing(cast, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    seats.set_seats(by=SYSTEM, on=cast["reviewer"], seats=[])
    again = {"by": cast["reviewer"], "on": version, "reason": "It has had its day."}
    assert refused(actions.retire, **again) == "no-seat"

    proof = Proof(cast["reviewer"].pk, clock.now())
    actions.withdraw(by=cast["reviewer"], on=version, reason="An interest.", proof=proof, seen=reviewing.seen(version))
    seats.set_seats(by=SYSTEM, on=cast["reviewer"], seats=["clinical"])
    conflicts.declare(by=cast["reviewer"], on=version, reason="My brother sells another one.")
    assert refused(actions.retire, **again) == "no-seat"


def test_a_draft_is_not_retired_and_a_reason_is_needed(cast, waiting, sign):
    assert refused(actions.retire, by=cast["scientist"], on=waiting, reason="It has had its day.") == "no-seat"
    version = sign(waiting, "reviewer", "reviewer2")
    with pytest.raises(BadInput):
        actions.retire(by=cast["scientist"], on=version, reason=" ")


def test_the_recall_of_a_stop_begins_though_the_version_was_retired_at_once(cast, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    actions.stop(by=cast["reviewer"], on=version, reason="A wrong unit.")
    actions.retire(by=cast["scientist"], on=version, reason="It has had its day.")
    assert recalls.sweep(by=SYSTEM) == 1
    assert Recall.objects.get().version == version


def test_the_author_is_told_when_a_colleague_takes_back(cast, studies, waiting):
    colleague = access.add_person(
        by=SYSTEM, username="cora", name="Cora Nyberg", password="correct-horse-battery", role_names=["scientist"]
    )
    studying.add_member(by=SYSTEM, on=studies["demo"], person=colleague)
    actions.take_back(by=colleague, on=waiting, reason="The wrong wards.")
    told = Notice.objects.filter(kind="review-comment").values_list("person__username", flat=True)
    assert list(told) == ["scientist"]
