"""Joiners, movers, leavers, shift cover and studies, as an administrator does them."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.access import actions as access
from portal.access import requests
from portal.access.actors import SYSTEM
from portal.access.policy import Denied
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.compute.models import Job
from portal.core import clock
from portal.predictions import actions as predictions
from portal.records import actions as records
from portal.records import staff
from portal.records.models import CareRelationship, CareUnit
from portal.registry.actions import register
from portal.studies.models import Study

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def office(cast, wards) -> Client:
    client = Client()
    client.force_login(cast["admin"], backend=BACKEND)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(cast["admin"].pk)
    session.save()
    return client


def at(**shift) -> str:
    return (clock.now() + timedelta(**shift)).strftime("%Y-%m-%dT%H:%M")


def ward_of(person) -> CareUnit:
    return person.care_relationships.first().care_unit


def other_ward(person) -> CareUnit:
    return CareUnit.objects.exclude(pk=ward_of(person).pk).get(care_relationships__isnull=False)


def seen_by(person) -> set[str]:
    return {patient.public_id for patient in records.list_patients(by=person)}


def assign(office, unit, somebody, **fields):
    return office.post(reverse("hospital:assign", args=[unit.public_id]), {"person": somebody.public_id, **fields})


def test_a_joiner_gets_a_password_and_a_factor_that_are_shown_once(office):
    fields = {"username": "jane.doe", "name": "Jane Doe", "roles": ["clinician"]}
    answer = office.post(reverse("hospital:join"), fields)
    shown, jane = answer.context["joined"], User.objects.get(username="jane.doe")

    assert jane.check_password(shown["password"]) and sorted(jane.role_names) == ["clinician"]
    assert shown["secret"] in answer.content.decode()
    again = office.get(reverse("hospital:person", args=[jane.public_id])).content.decode()
    assert (shown["password"] in again, shown["secret"] in again) == (False, False)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "j", "name": "Jane Doe"}, "User name: 2 to 40 letters"),
        ({"username": "jane doe", "name": "Jane Doe"}, "User name: 2 to 40 letters"),
        ({"username": "jane", "name": ""}, "Name: write it as others should see it"),
        ({"username": "clinician", "name": "Jane Doe"}, "is taken; names are never used again"),
        ({"username": "jane", "name": "Jane Doe", "roles": ["king"]}, "No such role: king"),
        ({"username": "jane", "name": "Jane Doe", "roles": ["admin", "auditor"]}, "never an administrator"),
    ],
)
def test_a_joiner_who_cannot_be_added_is_refused_in_words(fields, sentence, office):
    before = User.objects.count()
    answer = office.post(reverse("hospital:join"), fields)

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert User.objects.count() == before


def test_a_shift_cover_ends_by_itself(office, cast, monkeypatch):
    covering, covered = cast["clinician2"], cast["clinician"]
    own = seen_by(covering)
    assign(office, ward_of(covered), covering, until=at(hours=8), covers=covered.public_id)
    during = seen_by(covering)
    moment = clock.now() + timedelta(hours=9)
    monkeypatch.setattr(clock, "now", lambda: moment)

    assert during == own | seen_by(covered)
    assert seen_by(covering) == own
    event = AuditEvent.objects.filter(verb="unit.person-assigned", actor="admin").first()
    assert covered.public_id in event.payload


def test_who_is_covered_stands_on_the_assignment_and_on_both_pages(office, cast):
    covering, covered = cast["clinician2"], cast["clinician"]
    assign(office, ward_of(covered), covering, until=at(hours=8), covers=covered.public_id)

    assert CareRelationship.objects.get(covers=covered).person == covering
    shown = [
        office.get(reverse(f"hospital:{page}", args=[on.public_id])).content.decode()
        for page, on in (("ward", ward_of(covered)), ("person", covering), ("person", covered))
    ]
    said = f"covers for {covered.label}"
    assert [said in page for page in shown] == [True, True, False]
    assert ("Covered by" in shown[2], covering.label in shown[2]) == (True, True)


def test_an_assignment_that_begins_later_opens_nothing_before(office, cast, monkeypatch):
    person, unit = cast["clinician2"], ward_of(cast["clinician"])
    before = seen_by(person)
    assign(office, unit, person, since=at(hours=2), until=at(hours=10))
    assert seen_by(person) == before
    moment = clock.now() + timedelta(hours=3)
    monkeypatch.setattr(clock, "now", lambda: moment)

    assert seen_by(person) == before | seen_by(cast["clinician"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"person": ""}, "Who: choose one of the people in the list."),
        ({"until": "tomorrow"}, "Until: “tomorrow” is not a moment. Write it as 2026-11-08 07:00."),
        ({"until": "1999-01-01T00:00"}, "Until: 1 Jan 1999, 00:00 lies in the past."),
        ({"since": at(days=3), "until": at(days=2)}, "The end must come after the beginning."),
        ({"covers": "same"}, "Until: a shift cover needs an end."),
        ({"covers": "same", "until": at(days=1)}, "choose the colleague whose shift it is"),
    ],
)
def test_an_assignment_that_makes_no_sense_is_refused_in_words(fields, sentence, office, cast):
    person = cast["clinician2"]
    fields = {name: person.public_id if text == "same" else text for name, text in fields.items()}
    before = CareRelationship.objects.count()
    answer = assign(office, ward_of(cast["clinician"]), person, **fields)

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert CareRelationship.objects.count() == before


def test_ending_a_cover_leaves_the_standing_assignment_alone(office, cast):
    person = cast["clinician"]
    before, unit = seen_by(person), ward_of(person)
    assign(office, unit, person, until=at(hours=1))
    cover = CareRelationship.objects.exclude(until=None).get()
    office.post(reverse("hospital:end", args=[cover.public_id]))

    assert seen_by(person) == before
    office.post(reverse("hospital:end", args=[person.care_relationships.get(until=None).public_id]))
    assert seen_by(person) == set()


def test_a_mover_sees_the_new_ward_and_no_longer_the_old_one(office, cast):
    person, to = cast["clinician"], other_ward(cast["clinician"])
    new = seen_by(cast["clinician2"])
    row = person.care_relationships.get()
    answer = office.post(reverse("hospital:move", args=[row.public_id]), {"to": to.public_id})

    assert (answer.status_code, seen_by(person)) == (302, new)
    verbs = ("unit.assignment-ended", "unit.person-assigned", "unit.person-moved")
    assert AuditEvent.objects.filter(actor="admin", verb__in=verbs).count() == 3


@pytest.mark.parametrize("to", ["", "nowhere"])
def test_a_move_to_no_ward_changes_nothing(to, office, cast):
    row = cast["clinician"].care_relationships.get()
    answer = office.post(reverse("hospital:move", args=[row.public_id]), {"to": to})

    assert (answer.status_code, "choose one of the wards" in answer.content.decode()) == (422, True)
    assert len(seen_by(cast["clinician"])) == 4


def test_a_leaver_is_out_everywhere_and_what_ends_is_counted_before(office, cast, patient, unplanned, worked):
    person = cast["clinician"]
    theirs = Client()
    theirs.force_login(person, backend=BACKEND)
    token = access.issue_token(by=SYSTEM, on=person, scopes=["*"], days=1)
    predictions.request(by=person, on=patient, version=unplanned, inputs={})
    ending = office.get(reverse("hospital:leave", args=[person.public_id])).context["ending"]
    assert vars(ending) == {"sessions": 1, "tokens": 1, "assignments": 1, "memberships": 0, "jobs": 1}

    office.post(reverse("hospital:leave", args=[person.public_id]))

    assert theirs.get("/clinic/").status_code == 302
    bearer = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert bearer.get("/api/v1/patients/").status_code == 401
    assert Job.objects.get(kind="prediction").state == "cancelled"
    assert person.care_relationships.get().until <= clock.now()
    with pytest.raises(Denied):
        records.list_patients(by=User.objects.get(pk=person.pk))
    event = AuditEvent.objects.get(verb="person.left")
    assert (event.actor, event.object_id) == ("admin", person.public_id)


def test_somebody_who_left_comes_back_with_nothing(office, cast, settings):
    person = cast["clinician"]
    office.post(reverse("hospital:leave", args=[person.public_id]))
    page = reverse("hospital:come-back", args=[person.public_id])
    assert page in office.get(reverse("hospital:person", args=[person.public_id])).content.decode()

    assert "begins with nothing" in office.get(page).content.decode()
    answer = office.post(page, follow=True)

    person = User.objects.get(pk=person.pk)
    assert (person.is_active, person.role_names) == (True, frozenset())
    assert "Give the roles and wards that the work needs now." in answer.content.decode()
    assert office.post(page).status_code == 409


def test_nobody_shuts_themselves_out_and_somebody_stays_to_administer(office, cast):
    answer = office.post(reverse("hospital:leave", args=[cast["admin"].public_id]))

    assert (answer.status_code, "cannot shut yourself out" in answer.content.decode()) == (422, True)
    assert User.objects.get(username="admin").is_active


def test_the_last_administrator_keeps_the_role(office, cast):
    change = reverse("admin:accounts_user_change", args=[cast["admin"].pk])
    refused = office.post(change, {"role_names": ["clinician"]}, follow=True)
    office.post(change, {"role_names": ["admin"]})

    assert "Nobody changes their own roles" in refused.content.decode()
    admin = User.objects.get(pk=cast["admin"].pk)
    assert (sorted(admin.role_names), admin.is_active) == (["admin"], True)


def test_an_administrator_may_go_when_another_is_there(office, cast):
    access.set_roles(by=SYSTEM, on=cast["reviewer2"], role_names=["admin"])
    other = Client()
    other.force_login(cast["reviewer2"], backend=BACKEND)
    other.post(reverse("hospital:leave", args=[cast["admin"].public_id]))

    assert User.objects.get(pk=cast["admin"].pk).is_active is False


def test_a_study_is_opened_and_its_members_come_and_go(office, cast, trained):
    office.post(reverse("hospital:studies"), {"slug": "stroke-2027", "title": "Stroke after 2027"})
    study, person = Study.objects.get(slug="stroke-2027"), cast["scientist"]
    page = reverse("hospital:study", args=[study.public_id])
    office.post(page, {"person": person.public_id, "until": at(days=30)})
    version = register(by=person, on=study, slug="stroke", folder=trained["unplanned-admission"])
    assert version.model.study == study

    office.post(reverse("hospital:member-end", args=[study.public_id, person.public_id]))
    with pytest.raises(Denied):
        register(by=person, on=study, slug="stroke", folder=trained["unplanned-admission"])
    assert "ended" in office.get(page).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"slug": "Not Good", "title": "A title"}, "Short name: 2 to 50 small letters"),
        ({"slug": "fine", "title": ""}, "Title: 3 to 120 characters."),
        ({"slug": "s" * 51, "title": "A title"}, "Short name: 2 to 50 small letters"),
    ],
)
def test_a_study_without_a_proper_name_is_refused(fields, sentence, office):
    answer = office.post(reverse("hospital:studies"), fields)

    assert (answer.status_code, sentence in answer.content.decode(), Study.objects.count()) == (422, True, 0)


def test_a_member_must_be_a_scientist(office, cast, studies):
    page = reverse("hospital:study", args=[studies["demo"].public_id])
    answer = office.post(page, {"person": cast["clinician"].public_id})

    assert (answer.status_code, "Who: choose one of the people" in answer.content.decode()) == (422, True)


def test_who_leads_a_ward_decides_and_the_page_says_who_was_let_in(office, cast):
    ward, other = other_ward(cast["clinician"]), cast["clinician"]
    assign(office, ward, cast["clinician"], leads="yes", until=at(days=9))
    page = reverse("hospital:ward", args=[ward.public_id])

    third = access.add_person(
        by=SYSTEM, username="third", name="Third One", password="correct-horse-battery", role_names=["clinician"]
    )
    asked = requests.ask(
        by=third, what="ward", named={"name": ward.name}, purpose="TREAT", words="Cover on the night shift.",
        until=clock.now() + timedelta(days=2),
    )  # fmt: skip
    requests.decide(by=other, on=asked.public_id, granted=True, words="Agreed with the office.")
    words = office.get(page).content.decode()
    assert ("leads the ward" in words, "Third One until" in words) == (True, True)

    records.end_assignment(by=SYSTEM, on=other.care_relationships.get(care_unit=ward))
    assert other.pk not in staff.leads(ward)


def test_who_leads_a_study_is_said_on_its_page(office, cast, studies):
    page = reverse("hospital:study", args=[studies["other"].public_id])
    office.post(page, {"person": cast["scientist"].public_id, "leads": "yes"})

    assert office.get(page).content.decode().count("leads the study") == 2  # both members


def test_leaving_says_which_ward_falls_to_nobody(office, cast):
    ward, page = ward_of(cast["clinician"]), reverse("hospital:leave", args=[cast["clinician"].public_id])
    assert f"Nobody else works on <strong>{ward.name}</strong>" in office.get(page).content.decode()

    records.assign(by=SYSTEM, on=ward, person=cast["clinician2"])
    assert "Nobody else works on" not in office.get(page).content.decode()
