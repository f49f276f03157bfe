"""Who may sign in which seat, and that nothing that was signed can be changed unnoticed."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from portal.access.actions import set_roles
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.keys import new_signing_key
from portal.core.problems import Conflict
from portal.records.models import CareUnit
from portal.registry import actions, signing
from portal.registry.models import ModelEnvironment, ModelVersion, RegisteredModel, Signature
from portal.registry.review import seats
from portal.registry.standing import require_runnable
from tests import reviewing
from tests.reviewing import refused, signing_as

pytestmark = pytest.mark.django_db


def test_an_approval_takes_one_person_in_each_seat(cast, waiting, sign):
    seats.set_seats(by=SYSTEM, on=cast["reviewer2"], seats=["clinical"])
    sign(waiting, "reviewer")
    assert refused(actions.approve, **signing_as(cast["reviewer2"], waiting)) == "seat-taken"

    seats.set_seats(by=cast["admin"], on=cast["reviewer2"], seats=["data-science"])
    version = sign(waiting, "reviewer2")

    assert version.state == "approved"
    found = list(version.signatures.values_list("printed_name", "role", "meaning", "meaning_code"))
    assert found == [
        ("Ruth Adler", "Clinical owner", "approval", "1.2.840.10065.1.12.1.5"),
        ("Tomás Vega", "Data science", "approval", "1.2.840.10065.1.12.1.5"),
    ]


def test_one_person_in_two_seats_signs_once(cast, waiting, sign):
    seats.set_seats(by=SYSTEM, on=cast["reviewer"], seats=["clinical", "data-science"])
    version = sign(waiting, "reviewer", chair="data-science")
    assert version.signatures.get().role == "Data science"

    for chair in (None, "clinical", "data-science"):
        assert refused(actions.approve, **signing_as(cast["reviewer"], waiting, chair=chair)) == "signed"
    assert waiting.signatures.count() == 1


def test_two_rows_of_one_person_in_two_seats_are_not_enough(cast, waiting, sign):
    sign(waiting, "reviewer")
    with guard.unlocked():
        first = Signature.objects.get()
        copy = Signature.objects.get()
        copy.pk, copy.public_id, copy.seat = None, "x" * 20, "data-science"
        signing.close(copy)
    assert [one.pk for one in signing.approvals(waiting)] == [copy.pk]
    assert not signing.enough([first, copy])


def test_who_holds_no_seat_does_not_sign(cast, waiting):
    set_roles(by=cast["admin"], on=cast["scientist2"], role_names=["reviewer"])
    cast["scientist2"] = type(cast["scientist2"]).objects.get(pk=cast["scientist2"].pk)
    for verb in (actions.approve, actions.refuse):
        assert refused(verb, **signing_as(cast["scientist2"], waiting)) == "no-seat"

    seats.set_seats(by=SYSTEM, on=cast["reviewer"], seats=[])
    assert refused(actions.approve, **signing_as(cast["reviewer"], waiting)) == "no-seat"


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize("whose", ["author", "owner"])
def test_nobody_decides_on_what_is_theirs_whatever_else_they_are(whose, superuser, cast, waiting):
    set_roles(by=cast["admin"], on=cast["scientist"], role_names=["scientist", "reviewer"])
    seats.set_seats(by=SYSTEM, on=cast["scientist"], seats=["clinical"])
    person = cast["scientist" if whose == "author" else "reviewer2"]
    with guard.unlocked():
        type(person).objects.filter(pk=person.pk).update(is_superuser=superuser, is_staff=superuser)
        if whose == "owner":
            type(waiting.model).objects.update(owner=person)
    person = type(person).objects.get(pk=person.pk)

    for verb in (actions.approve, actions.refuse):
        assert refused(verb, **signing_as(person, waiting)) == "own-model"
    assert waiting.signatures.count() == 0


def test_nobody_decides_on_the_very_files_that_they_registered_under_another_name(cast, studies, trained, waiting):
    set_roles(by=cast["admin"], on=cast["scientist2"], role_names=["scientist", "reviewer"])
    seats.set_seats(by=SYSTEM, on=cast["scientist2"], seats=["clinical"])
    folder = trained["coronary-disease"]
    actions.register(by=cast["scientist2"], on=studies["other"], slug="mine", folder=folder)
    person = type(cast["scientist2"]).objects.get(pk=cast["scientist2"].pk)

    for verb in (actions.approve, actions.refuse):
        assert refused(verb, **signing_as(person, waiting)) == "own-model"


CHANGES = {
    "signer": None, "printed_name": "Somebody Else", "role": "Janitor", "seat": "data-science", "behalf_of": None,
    "behalf_name": "Nobody", "meaning": "refusal", "meaning_code": "1", "reason": "Not read.", "checklist": {"x": 1},
    "factors": ["none"], "payload_sha256": "0" * 64, "previous": "1" * 64, "signed_at": None, "jws": "a.b.c",
    "public_id": "another",
}  # fmt: skip


def test_every_field_of_a_signature_is_among_those_that_are_tried():
    assert {field.name for field in Signature._meta.concrete_fields} - {"id", "version"} == set(CHANGES)


@pytest.mark.parametrize("field", sorted(CHANGES))
def test_a_signature_row_that_was_changed_stops_every_run(field, cast, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    require_runnable(version)
    others = {
        "signer": cast["scientist2"],
        "behalf_of": cast["scientist2"],
        "signed_at": clock.now() - timedelta(days=900),
    }
    with guard.unlocked():
        row = version.signatures.first()
        Signature.objects.filter(pk=row.pk).update(**{field: others.get(field, CHANGES[field])})

    with pytest.raises(Conflict) as refusal:
        require_runnable(version)
    assert refusal.value.code == "signatures-broken"
    assert signing.approvals(version) == []


@pytest.mark.parametrize("which", ["the first", "the last"])
def test_a_signature_row_that_was_taken_away_stops_every_run(which, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    with guard.unlocked():
        (version.signatures.first() if which == "the first" else version.signatures.last()).delete()

    assert refused(require_runnable, version=version) in {"signatures-broken", "signatures-void"}


def test_a_signature_moved_to_another_version_does_not_hold(cast, studies, trained, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    other = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="coronary", folder=trained["coronary-disease"]
    )
    with guard.unlocked():
        version.signatures.update(version=other)
    assert not signing.intact(ModelVersion.objects.get(pk=other.pk))


# Everything else of a version and its model is signed, or this test asks for it.
NOT_SIGNED = {
    ModelVersion: {
        "id": "the signatures hang on it", "state": "what the decisions lead to", "created_at": "says nothing of the model",
        "submitted_at": "says nothing of the model", "approved_at": "comes with the last signature",
        "stopped_at": "comes after the signatures", "stopped_by": "comes after the signatures",
        "stop_reason": "comes after the signatures", "retired_at": "comes after the signatures",
        "retired_by": "comes after the signatures", "retire_reason": "comes after the signatures",
    },
    RegisteredModel: {
        "id": "the version hangs on it", "public_id": "says nothing; the slug is signed", "created_at": "says nothing",
        "study": "who sees it, not what it is", "created_by": "the version's own author is signed",
        "owner": "handed on without a new approval; whoever signed cannot take it over",
        "ownerless_since": "follows from the owner",
    },
}  # fmt: skip
CHANGED = {
    "digest": "0" * 64, "facts": {"inputs": []}, "overlay": {"title": "Else"}, "number": 7, "changes": "Nothing.",
    "expires_on": clock.now().date() + timedelta(days=9000), "engine": "else", "run": {"metrics": {"auroc": 0.99}},
    "public_id": "another", "slug": "another", "title": "Another model", "summary": "Good for everything.",
}  # fmt: skip
SIGNED = [
    (kind, field.name)
    for kind, left_out in NOT_SIGNED.items()
    for field in (*kind._meta.concrete_fields, *kind._meta.many_to_many)
    if field.name not in left_out
]


@pytest.mark.parametrize(("kind", "field"), SIGNED, ids=lambda part: getattr(part, "__name__", part))
def test_whatever_the_signatures_cover_stops_every_run_when_it_changes(kind, field, cast, studies, waiting, sign):
    with guard.unlocked():
        software = ModelEnvironment.objects.create(key="another", digest="0" * 64, requirements=[])
        other = RegisteredModel.objects.create(
            slug="other", title="Other", study=studies["demo"], created_by=cast["scientist"]
        )
    related = {"created_by": cast["scientist2"], "model": other, "environment": software}
    version = sign(waiting, "reviewer", "reviewer2")
    require_runnable(version)
    with guard.unlocked():
        if field == "care_units":
            version.care_units.add(CareUnit.objects.create(name="Another ward"))
        else:
            value = related[field] if field in related else CHANGED[field]
            rows = kind.objects.filter(pk=version.pk if kind is ModelVersion else version.model_id)
            rows.update(**{field: value})

    version = ModelVersion.objects.get(pk=version.pk)
    assert refused(require_runnable, version=version) in {"signatures-void", "signatures-broken"}


def test_signatures_hold_after_a_new_key_and_not_without_the_old_one(waiting, sign, settings):
    version = sign(waiting, "reviewer", "reviewer2")
    old, new = settings.SIGNING_KEYS, new_signing_key()
    settings.SIGNING_KEYS = f"{new}\n{old}"
    require_runnable(version)

    settings.SIGNING_KEYS = new
    assert refused(require_runnable, version=version) == "signatures-broken"


def test_a_withdrawn_approval_is_signed_and_stops_the_version(cast, waiting, sign):
    version = sign(waiting, "reviewer", "reviewer2")
    actions.withdraw(**signing_as(cast["reviewer"], version, reason="The unit is wrong after all."))

    version.refresh_from_db()
    assert (version.state, version.signatures.last().meaning) == ("suspended", "withdrawal")
    assert version.stop_reason == "Ruth Adler withdrew the approval: The unit is wrong after all."
    assert signing.intact(version)
    again = signing_as(cast["reviewer2"], version, reason="Run it again.")
    assert refused(actions.resume, **again) == "signatures-void"

    sign(version, "reviewer")
    actions.resume(**again)
    version.refresh_from_db()
    require_runnable(version)
    assert [one.meaning for one in version.signatures.all()] == ["approval", "approval", "withdrawal", "approval", "resumption"]  # fmt: skip


def test_an_approval_withdrawn_before_the_second_signature_sends_the_version_back(cast, waiting, sign):
    sign(waiting, "reviewer")
    actions.withdraw(**signing_as(cast["reviewer"], waiting, reason="I read it too fast."))
    waiting.refresh_from_db()
    assert waiting.state == "submitted"
    assert sign(waiting, "reviewer2", "reviewer").state == "approved"


def test_nobody_withdraws_what_they_did_not_sign(cast, waiting, sign):
    version = sign(waiting, "reviewer")
    assert refused(actions.withdraw, **signing_as(cast["reviewer2"], version)) == "no-approval"


def test_an_attempt_to_sign_that_is_refused_is_in_the_ledger(cast, waiting, sign):
    sign(waiting, "reviewer")
    refused(actions.approve, **signing_as(cast["reviewer"], waiting))
    rows = AuditEvent.objects.filter(verb="model.approval-signed").order_by("id")
    assert list(rows.values_list("actor", "outcome")) == [("reviewer", "ok"), ("reviewer", "failed")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("names", [("reviewer", "reviewer2"), ("reviewer", "reviewer")])
def test_two_who_sign_in_the_same_instant_sign_one_after_the_other(names, cast, waiting):
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    start, codes = threading.Barrier(len(names)), []

    def sign_now(name: str) -> None:
        start.wait()
        try:
            reviewing.approve(**signing_as(cast[name], waiting))
            codes.append("ok")
        except Conflict as refusal:
            codes.append(refusal.code)
        finally:
            connection.close()

    hands = [threading.Thread(target=sign_now, args=(name,)) for name in names]
    [hand.start() for hand in hands]
    [hand.join() for hand in hands]

    waiting.refresh_from_db()
    both = names[0] != names[1]
    assert sorted(codes) == (["ok", "ok"] if both else ["ok", "signed"])
    assert waiting.state == ("approved" if both else "in_review")
    assert signing.intact(waiting)
    assert len(signing.approvals(waiting)) == len(set(names))
