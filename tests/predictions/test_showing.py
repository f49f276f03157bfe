"""Showing a result to a colleague, and being told that a run has ended."""

from datetime import timedelta

import pytest
from django.core import mail

from portal.access import actions as access
from portal.access import notices, policy, post
from portal.access.actors import SYSTEM
from portal.access.models import Grant
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import BadInput
from portal.predictions import actions as predictions
from portal.predictions import discussion, showing, worklist
from portal.records import actions as records
from portal.records import sharing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def colleague(cast, wards):
    """Somebody who works on the same ward, with an address."""
    person = access.add_person(
        by=SYSTEM, username="weekend", name="Wanda Weekend", password="correct-horse-battery", role_names=["clinician"]
    )
    User.objects.filter(pk=person.pk).update(email="wanda@example.org")
    ward = cast["clinician"].care_relationships.get().care_unit
    records.assign(by=SYSTEM, on=ward, person=person)
    return User.objects.get(pk=person.pk)


def test_a_colleague_of_the_ward_is_told_without_words_about_anybody_and_it_shows_when_they_look(
    cast, colleague, result, patient
):
    name = showing.show(by=cast["clinician"], on=result, colleague="wanda  weekend", words="Zebra words, please look.")
    post.mail(by=SYSTEM)
    (before,) = discussion.open_page(by=cast["clinician"], on=result).shown
    (told,) = notices.open_notices(by=colleague)
    discussion.open_page(by=colleague, on=result)
    (after,) = discussion.open_page(by=cast["clinician"], on=result).shown

    (message,) = mail.outbox
    assert (name.name, name.until, before.to, before.words, before.opened_at) == (
        "Wanda Weekend", None, "Wanda Weekend", "Zebra words, please look.", None,
    )  # fmt: skip
    assert (told.notice.kind, told.subject.id, told.subject.patient) == ("result-shown", result, patient)
    assert (told.text, told.subject.words) == (
        "Amara Okafor shows you a result on Elin Trialberg.", "Unplanned admission within 12 months (synthetic)",
    )  # fmt: skip
    assert after.opened_at is not None
    assert notices.unread_count(by=colleague) == 0
    assert [word for word in ("Zebra", result, patient, "Amara") if word in message.body + message.subject] == []


def test_whom_it_is_shown_to_reads_by_whom_and_the_words_and_nothing_of_themselves(cast, colleague, result):
    showing.show(by=cast["clinician"], on=result, colleague="Wanda Weekend", words="Zebra words.")
    own, sent = (discussion.open_page(by=person, on=result) for person in (colleague, cast["clinician"]))

    assert [(one.by, one.words, one.to_reader) for one in own.shown] == [("Amara Okafor", "Zebra words.", True)]
    assert (own.shown_to_others, [one.to for one in sent.shown_to_others]) == ([], ["Wanda Weekend"])


def test_a_part_of_a_name_is_enough_where_it_fits_one_and_several_are_offered_to_choose_from(cast, colleague, result):
    add = {"password": "correct-horse-battery", "role_names": ["clinician"]}
    access.add_person(by=SYSTEM, username="other", name="Walter Elsewhere", **add)
    with pytest.raises(BadInput) as several:
        showing.show(by=cast["clinician"], on=result, colleague="wa")
    choices = showing.open_choice(by=cast["clinician"], on=result, colleague="wa").matches
    single = [showing.open_choice(by=cast["clinician"], on=result, colleague=text) for text in ("w", "zz")]
    one = showing.show(by=cast["clinician"], on=result, colleague="week").name

    assert several.value.errors == {"colleague": "2 colleagues fit “wa”. Choose one of them."}
    assert (sorted(choices), one) == (["Walter Elsewhere", "Wanda Weekend"], "Wanda Weekend")
    assert [(found.matches, found.offer) for found in single] == [((), None), ((), None)]


def test_a_part_of_a_name_tells_of_nobody_whom_the_list_does_not_offer(cast, colleague, result, patient):
    other = cast["clinician2"]
    sharing.share(by=cast["clinician"], on=patient, username=other.username, words="A second look.", until=in_days(2))
    add = {"password": "correct-horse-battery", "role_names": ["clinician"]}
    access.add_person(by=SYSTEM, username="other", name="Walter Elsewhere", **add)
    found = showing.open_choice(by=other, on=result, colleague="wal")
    with pytest.raises(BadInput) as refused:
        showing.show(by=other, on=result, colleague="wal")
    told = showing.show(by=other, on=result, colleague="wa")

    assert (found.may_share, found.matches, found.offer) == (False, (), None)
    assert refused.value.errors["colleague"].startswith("No colleague on the list has this name.")
    assert told.name == "Wanda Weekend"


def test_who_sees_a_patient_through_a_share_alone_is_told_by_whom_and_until_when(cast, colleague, patient):
    until = in_days(2)
    for person in (cast["clinician2"], colleague):
        sharing.share(by=cast["clinician"], on=patient, username=person.username, words="A second look.", until=until)
    pages = [records.open_patient(by=person, on=patient) for person in (cast["clinician2"], colleague)]
    listed = {line.patient.public_id: line.given for line in worklist.open_worklist(by=cast["clinician2"])}
    own = {line.given for line in worklist.open_worklist(by=colleague)}

    # Whoever works on the ward sees the patient after that day as well.
    assert [(page.given_by, page.given_until) for page in pages] == [("Amara Okafor", until), ("", None)]
    assert (listed[patient].by, listed[patient].until, own) == ("Amara Okafor", until, {None})
    assert [given for other, given in listed.items() if other != patient and given] == []


def in_days(days: int):
    return clock.now() + timedelta(days=days)


def test_who_may_not_see_the_patient_is_shown_nothing_until_the_patient_is_shared(cast, result, patient):
    other = cast["clinician2"]
    with pytest.raises(BadInput) as refused:
        showing.show(by=cast["clinician"], on=result, colleague=other.label)
    with pytest.raises(BadInput) as without:
        showing.show(by=cast["clinician"], on=result, colleague=other.label, reason=" ", share_until=in_days(7))
    offer = showing.open_choice(by=cast["clinician"], on=result, colleague=other.label).offer
    untold = notices.list_notices(by=other)

    assert (list(refused.value.errors), list(without.value.errors), untold) == (["colleague"], ["reason"], [])
    assert (offer.name, offer.allowed, offer.who) == (other.label, True, ())
    assert list(Grant.objects.filter(kind="share")) == []


def test_sharing_and_showing_in_one_leaves_one_notice_that_names_the_sender_inside_the_portal_alone(
    cast, result, patient
):
    User.objects.filter(username="clinician2").update(email="second@example.org")
    other = User.objects.get(username="clinician2")
    showing.show(
        by=cast["clinician"], on=result, colleague=other.label, words="Please look.", reason="A second look.",
        share_until=in_days(7),
    )  # fmt: skip
    post.mail(by=SYSTEM)

    (told,) = notices.open_notices(by=other)
    (message,) = mail.outbox
    assert (told.notice.kind, told.text) == ("result-shown", "Amara Okafor shows you a result on Elin Trialberg.")
    assert [word for word in ("Amara", "Trialberg", "Elin", patient, result) if word in message.body] == []
    grant = Grant.objects.get(kind="share")
    assert (grant.person, grant.words, grant.object_id) == (other, "A second look.", patient)
    assert discussion.open_page(by=other, on=result).view.public_id == result
    verbs = AuditEvent.objects.filter(patient=patient, outcome="ok", verb__in=("patient.shared", "prediction.shown"))
    assert sorted(verbs.values_list("verb", flat=True)) == ["patient.shared", "prediction.shown"]


def test_who_was_given_the_patient_cannot_give_it_on_and_reads_who_can(cast, colleague, result, patient):
    other = cast["clinician2"]
    sharing.share(by=cast["clinician"], on=patient, username=other.username, words="A second look.", until=in_days(1))
    add = {"username": "third", "name": "Third One", "password": "correct-horse-battery", "role_names": ["clinician"]}
    third = access.add_person(by=SYSTEM, **add)

    offer = showing.open_choice(by=other, on=result, colleague="third").offer
    assert (offer.name, offer.allowed, offer.who) == ("Third One", False, ("Amara Okafor", "Wanda Weekend"))
    with pytest.raises(policy.Denied):
        showing.show(by=other, on=result, colleague="third", reason="A second look.", share_until=in_days(7))
    assert (notices.list_notices(by=third), Grant.objects.filter(person=third, kind="share").count()) == ([], 0)


@pytest.mark.parametrize("name", ["", "Nobody Known", "scientist", "clinician"])
def test_nobody_else_can_be_chosen(cast, result, name):
    with pytest.raises(BadInput):
        showing.show(by=cast["clinician"], on=result, colleague=name)


@pytest.mark.parametrize(("seconds", "told"), [(19, []), (21, ["result-ready"])])
def test_who_waited_longer_than_one_looks_at_a_page_is_told_that_the_result_is_there(
    cast, patient, unplanned, scorer, worked, monkeypatch, seconds, told
):
    made = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    ended_after(monkeypatch, seconds)
    worked()

    assert [row.kind for row in notices.list_notices(by=cast["clinician"])] == told
    discussion.open_page(by=cast["clinician"], on=made)
    assert notices.unread_count(by=cast["clinician"]) == 0


def test_who_looks_within_a_minute_gets_no_mail(cast, patient, unplanned, scorer, worked, monkeypatch):
    User.objects.filter(username="clinician").update(email="amara@example.org")
    person = User.objects.get(username="clinician")
    made = [predictions.request(by=person, on=patient, version=unplanned, inputs={}).prediction for _ in range(2)]
    ended_after(monkeypatch, 30)
    worked()
    post.mail(by=SYSTEM)
    discussion.open_page(by=person, on=made[0])
    ended_after(monkeypatch, 60)
    post.mail(by=SYSTEM)

    assert [message.body.split("\n")[0] for message in mail.outbox] == ["A result that you asked for is there."]


def ended_after(monkeypatch, seconds: int) -> None:
    """Let so much time pass that it seems long to whoever asked."""
    then = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: then)


def test_a_run_that_gave_nothing_is_told_with_other_words(cast, patient, unplanned, scorer, worked, monkeypatch):
    from portal.compute.executors import Ended
    from portal.predictions.executor import PredictionExecutor

    predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={})
    monkeypatch.setattr(PredictionExecutor, "perform", lambda self, order: Ended(ok=False, reason="bad_output"))
    ended_after(monkeypatch, 30)
    worked()

    assert [row.kind for row in notices.list_notices(by=cast["clinician"])] == ["run-failed"]
