"""Who may decide about a version, in which seat, until when and over what: the edges of every decision."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.registry import actions, moving, queries, signing
from portal.registry.models import ModelVersion, RegisteredModel
from portal.registry.review import chairing, conflicts, deputies, ownership, paper, seats
from portal.registry.states import Seat
from portal.studies import actions as studying
from tests import reviewing
from tests.reviewing import refused, signing_as

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def text(client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.fixture
def reviewer():
    """Makes one more reviewer, with these seats."""

    def make(name: str, *held: str):
        person = access.add_person(
            by=SYSTEM, username=name, name=name.title(), password="correct-horse-battery", role_names=["reviewer"]
        )
        seats.set_seats(by=SYSTEM, on=person, seats=held)
        return person

    return make


@pytest.fixture
def stopped(cast, waiting, sign):
    """An approved version that somebody stopped."""
    version = sign(waiting, "reviewer", "reviewer2")
    actions.stop(by=cast["reviewer"], on=version, reason="A wrong unit.")
    version.refresh_from_db()
    return version


def test_who_declared_an_interest_does_not_let_a_stopped_version_run_again(stopped, reviewer):
    ada = reviewer("ada", "clinical")
    conflicts.declare(by=ada, on=stopped, reason="My brother made the training data.")
    assert refused(actions.resume, **signing_as(ada, stopped)) == "interest"


@pytest.mark.parametrize("why", ["own-model", "interest"])
def test_nothing_is_resumed_in_the_place_of_whoever_could_not_sign_themselves(why, stopped, reviewer):
    absent, ada = reviewer("own", "clinical"), reviewer("ada")
    deputies.name(by=absent, deputy=ada, until=clock.now().date())
    if why == "interest":
        conflicts.declare(by=absent, on=stopped, reason="My brother made the training data.")
    else:
        with guard.unlocked():
            type(stopped.model).objects.update(owner=absent)
    assert refused(actions.resume, **signing_as(ada, stopped)) == why

    seats.set_seats(by=SYSTEM, on=ada, seats=["data-science"])
    if why == "interest":
        signature = actions.resume(**signing_as(ada, stopped))
        assert (signature.seat, signature.behalf_name) == ("data-science", "")


def test_one_refusal_is_enough_in_a_seat_that_has_signed_too(cast, waiting, sign, reviewer, client):
    sign(waiting, "reviewer")
    ada = reviewer("ada", "clinical")
    assert refused(reviewing.approve, **signing_as(ada, waiting)) == "seat-taken"
    client.force_login(ada, backend=BACKEND)
    page = text(client, reverse("oversight:approval", args=[waiting.public_id]))
    assert [f'value="{word}"' in page for word in ("approve", "refuse")] == [False, True]
    assert "You can still refuse." in page

    actions.refuse(**signing_as(ada, waiting))
    waiting.refresh_from_db()
    assert waiting.state == "refused"


def test_a_draft_that_was_read_before_takes_an_approved_version_nowhere(cast, studies, trained, prove, sign):
    folder = trained["coronary-disease"]
    stale = actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)
    prove(ModelVersion.objects.get(pk=stale.pk))
    version = sign(stale, "reviewer", "reviewer2")
    assert (stale.state, version.state) == ("draft", "approved")

    with pytest.raises(Conflict, match="is approved and cannot become submitted"):
        actions.submit(by=cast["scientist"], on=stale)
    version.refresh_from_db()
    assert version.state == "approved"


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_a_model_over_while_one_of_its_versions_is_being_decided(cast, waiting):
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    held, done = threading.Event(), threading.Event()

    def decide() -> None:
        with transaction.atomic():
            moving.locked(waiting)
            held.set()
            done.wait(20)
        connection.close()

    hand = threading.Thread(target=decide)
    hand.start()
    try:
        assert held.wait(20)
        with pytest.raises(OperationalError, match="could not obtain lock"), transaction.atomic():
            RegisteredModel.objects.select_for_update(nowait=True).get(pk=waiting.model_id)
    finally:
        done.set()
        hand.join()


def over(version) -> None:
    """Let a version's last day be over."""
    with guard.unlocked():
        ModelVersion.objects.filter(pk=version.pk).update(expires_on=clock.now().date() - timedelta(days=1))
    version.refresh_from_db()


def test_nobody_approves_what_would_have_ended_before(cast, waiting, prove):
    over(waiting)
    assert refused(reviewing.approve, **signing_as(cast["reviewer"], waiting)) == "approval-expired"
    assert waiting.signatures.count() == 0


def test_what_has_run_out_does_not_run_again(cast, stopped, monkeypatch):
    later = clock.now() + timedelta(days=400)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert refused(actions.resume, **signing_as(cast["reviewer"], stopped)) == "approval-expired"
    assert not stopped.signatures.filter(meaning="resumption").exists()


def test_pages_and_paper_say_expired_not_approved_once_the_last_day_is_over(cast, waiting, sign, client):
    version = sign(waiting, "reviewer", "reviewer2")
    over(version)
    client.force_login(cast["reviewer"], backend=BACKEND)
    for address in (reverse("lab:version", args=[version.public_id]), reverse("lab:models")):
        assert [word in text(client, address) for word in ("> expired</span>", "> approved</span>")] == [True, False]
    printed = paper.values_of(version, list(version.signatures.all()), "Somebody")
    assert printed["state"].endswith("It is expired.")


def test_a_seat_ends_with_the_reviewers_role_for_its_deputy_too(cast, waiting, reviewer):
    ada = reviewer("ada")
    deputies.name(by=cast["reviewer"], deputy=ada, until=clock.now().date())
    assert [chair.words for chair in seats.chairs(ada)] == ["Clinical owner, for Ruth Adler"]

    access.set_roles(by=SYSTEM, on=cast["reviewer"], role_names=["clinician"])
    assert (seats.chairs(ada), seats.held_by(cast["reviewer"]), deputies.standing()) == ([], [], [])
    assert dict(deputies.sitting())[Seat.CLINICAL] == []
    assert refused(reviewing.approve, **signing_as(ada, waiting)) == "no-seat"


def test_who_is_no_reviewer_any_more_stands_in_for_nobody(cast, reviewer):
    ada = reviewer("ada")
    deputies.name(by=cast["reviewer"], deputy=ada, until=clock.now().date())
    access.set_roles(by=SYSTEM, on=ada, role_names=["clinician"])
    assert (seats.chairs(ada), deputies.standing()) == ([], [])


@pytest.mark.parametrize(("days", "told"), [(30, False), (-1, False), (200, True)])
def test_a_version_that_renews_an_ending_one_is_not_called_its_twin(days, told, cast, studies, trained, waiting, prove):
    folder = trained["coronary-disease"]
    again = actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)
    with guard.unlocked():
        ModelVersion.objects.filter(pk=waiting.pk).update(expires_on=clock.now().date() + timedelta(days=days))
    assert queries.twins(cast["reviewer"], again) == ([waiting] if told else [])
    actions.submit(by=cast["scientist"], on=again)
    assert queries.twins(cast["reviewer"], waiting) == [again]


@pytest.mark.parametrize("why", ["left the study", "is no scientist"])
def test_an_owner_who_left_the_study_or_the_role_answers_no_more(why, cast, studies, waiting, sign, client):
    version = sign(waiting, "reviewer", "reviewer2")
    assert ownership.watch(by=SYSTEM) == 0
    if why == "left the study":
        studying.remove_member(by=SYSTEM, on=studies["demo"], person=cast["scientist"])
    else:
        access.set_roles(by=SYSTEM, on=cast["scientist"], role_names=["clinician"])

    assert (ownership.watch(by=SYSTEM), ownership.watch(by=SYSTEM)) == (1, 0)
    version.model.refresh_from_db()
    assert version.model.ownerless_since
    with pytest.raises(Conflict) as refusal:
        chairing.check_owner(version)
    assert refusal.value.code == "no-owner"
    client.force_login(cast["reviewer"], backend=BACKEND)
    assert "Nobody answers for this model." in text(client, reverse("lab:version", args=[version.public_id]))


def test_a_model_whose_last_version_was_stopped_meanwhile_is_noted_without_a_word(cast, stopped):
    access.deactivate(by=SYSTEM, on=cast["scientist"])
    stopped.model.refresh_from_db()
    ownership._note(by=SYSTEM, on=None, model=stopped.model)
    stopped.model.refresh_from_db()
    assert stopped.model.ownerless_since


def reword(version, title: str) -> None:
    """Change a version's form under its signatures."""
    with guard.unlocked():
        ModelVersion.objects.filter(pk=version.pk).update(overlay=version.overlay | {"title": title})


def test_a_void_approval_is_withdrawn_before_an_interest_is_declared_and_never_counts_again(cast, waiting, sign):
    version, title = sign(waiting, "reviewer", "reviewer2"), waiting.overlay["title"]
    reword(version, "Something else")
    assert signing.approvals(ModelVersion.objects.get(pk=version.pk)) == []
    why = {"by": cast["reviewer"], "on": version, "reason": "My brother made the training data."}
    assert refused(conflicts.declare, **why) == "signed"

    actions.withdraw(**signing_as(cast["reviewer"], version))
    conflicts.declare(**why)
    reword(version, title)
    version = ModelVersion.objects.get(pk=version.pk)
    assert [one.signer for one in signing.approvals(version)] == [cast["reviewer2"]]


def test_what_is_being_reviewed_is_not_proposed_anew_under_a_signature(cast, waiting, sign):
    version, before = sign(waiting, "reviewer"), waiting.expires_on
    later = clock.today() + timedelta(days=700)
    assert refused(actions.submit, by=cast["scientist"], on=version, expires_on=later) == "conflict"

    version.refresh_from_db()
    assert (version.state, version.expires_on, len(signing.approvals(version))) == ("in_review", before, 1)


@pytest.mark.parametrize(("days", "taken"), [(3 * 365, True), (3 * 365 + 1, False)])
def test_a_last_day_lies_within_three_years(days, taken, cast, studies, trained):
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="x", folder=trained["coronary-disease"])
    try:
        actions.submit(by=cast["scientist"], on=version, expires_on=clock.today() + timedelta(days=days))
    except BadInput as problem:
        assert "within three years" in problem.errors["expires_on"]
    version.refresh_from_db()
    assert (version.state == "submitted") is taken


def test_a_deputy_signs_for_nobody_who_registered_the_same_files_elsewhere(cast, studies, trained, waiting, reviewer):
    access.set_roles(by=cast["admin"], on=cast["scientist2"], role_names=["scientist", "reviewer"])
    author = type(cast["scientist2"]).objects.get(pk=cast["scientist2"].pk)
    seats.set_seats(by=SYSTEM, on=author, seats=["clinical"])
    actions.register(by=author, on=studies["other"], slug="mine", folder=trained["coronary-disease"])
    other = reviewer("zoe")
    deputies.name(by=author, deputy=other, until=clock.today())
    assert refused(reviewing.approve, **signing_as(other, waiting)) == "own-model"
