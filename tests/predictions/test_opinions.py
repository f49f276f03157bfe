"""What people make of a result: verdicts, retraction, reports of problems."""

import json

import pytest
from django.core.cache import cache
from django.test import Client

from portal.access import actions as access
from portal.access import notices, policy
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core.problems import BadInput, Conflict
from portal.predictions import actions, discussion, feedback, incidents, retraction
from portal.records import actions as records
from tests.predictions.test_drafts import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def colleague(cast, wards):
    """Somebody who works on the same ward and leads nothing."""
    person = access.add_person(
        by=SYSTEM, username="third", name="Third One", password="correct-horse-battery", role_names=["clinician"]
    )
    records.assign(by=SYSTEM, on=cast["clinician"].care_relationships.get().care_unit, person=person)
    return person


def opinions(person, result):
    return [(row.person, row.verdict, row.reason) for row in discussion.open_page(by=person, on=result).opinions]


@pytest.mark.embedded
def test_the_newest_verdict_of_each_person_counts(cast, colleague, result):
    feedback.give(by=cast["clinician"], on=result, verdict="disagree", code="picture")
    feedback.give(by=colleague, on=result, verdict="agree")
    feedback.give(by=cast["clinician"], on=result, verdict="not-applicable", code="goals", words="Palliative care.")

    assert opinions(colleague, result) == [
        ("Amara Okafor", "Not applicable", "The goals of care make it irrelevant"),
        ("Third One", "Agree", ""),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"verdict": "perhaps"}, "verdict"),
        ({"verdict": ""}, "verdict"),
        ({"code": ""}, "code"),
        ({"code": "mood"}, "code"),
        ({"code": "other", "words": "no"}, "words"),
        ({"words": "x" * 1001}, "words"),
    ],
)
def test_a_verdict_names_what_is_missing_and_keeps_nothing(changes, field, cast, result):
    with pytest.raises(BadInput) as refusal:
        feedback.give(by=cast["clinician"], on=result, **{"verdict": "disagree", "code": "picture"} | changes)

    assert (list(refusal.value.errors), opinions(cast["clinician"], result)) == ([field], [])


def test_what_is_no_result_yet_has_no_verdict(cast, patient, unplanned, worked):
    waiting = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    for work in (
        lambda: feedback.give(by=cast["clinician"], on=waiting, verdict="agree"),
        lambda: retraction.retract(by=cast["clinician"], on=waiting, code="wrong-patient"),
    ):
        with pytest.raises(Conflict):
            work()


def test_a_retracted_result_stays_with_its_reason_and_readers_are_told(cast, colleague, patient, result):
    actions.open_prediction(by=colleague, on=result)

    told = retraction.retract(by=cast["clinician"], on=result, code="other", words="Blood of another patient was used.")

    assert (told, [row.kind for row in notices.list_notices(by=colleague, unread=True)]) == (1, ["result-retracted"])
    found = discussion.open_page(by=colleague, on=result)
    assert (found.view.state, found.view.output is not None) == ("succeeded", True)
    assert found.view.banner.startswith("Retracted by Amara Okafor on ")
    assert found.retraction_words == "Blood of another patient was used."
    assert "Retracted" in actions.list_predictions(by=colleague, on=patient)[0].banner
    with pytest.raises(Conflict, match="retracted already"):
        retraction.retract(by=cast["clinician"], on=result, code="wrong-patient")
    event = AuditEvent.objects.get(verb="prediction.retracted", outcome="ok")
    assert (event.patient, "Blood" in event.payload) == (patient, False)


def test_of_two_who_retract_at_once_the_second_reads_a_sentence_and_readers_are_told_once(cast, colleague, result):
    actions.open_prediction(by=colleague, on=result)
    codes = ("wrong-patient", "wrong-input")
    works = [lambda code=code: retraction.retract(by=cast["clinician"], on=result, code=code) for code in codes]

    left = sorted(at_once(*works), key=str)
    assert (left[0], type(left[1]), left[1].sentence) == (1, Conflict, "This result was retracted already.")
    assert [row.kind for row in notices.list_notices(by=colleague, unread=True)] == ["result-retracted"]
    assert AuditEvent.objects.filter(verb="prediction.retracted", outcome="ok").count() == 1


def test_only_who_ran_it_or_leads_the_ward_retracts(cast, colleague, result):
    with pytest.raises(policy.Denied) as refusal:
        retraction.retract(by=colleague, on=result, code="wrong-patient")
    assert (refusal.value.status, "you ran it, or lead the patient's ward" in refusal.value.sentence) == (403, True)
    assert not discussion.open_page(by=colleague, on=result).retracting.allowed

    with pytest.raises(policy.Denied) as refusal:
        retraction.retract(by=cast["clinician2"], on=result, code="wrong-patient")
    assert refusal.value.status == 404


def test_a_problem_reaches_committee_and_study_and_the_answer_comes_back(cast, patient, result):
    words = "It says low risk, and the patient is septic."
    made = incidents.report(by=cast["clinician"], on=result, kind="harm", words=words)

    for name in ("reviewer", "reviewer2", "scientist"):
        assert [notices.TEXTS[row.kind] for row in notices.list_notices(by=cast[name], unread=True)] == [
            notices.TEXTS["incident-harm"]
        ]
    assert notices.list_notices(by=cast["scientist2"], unread=True) == []
    (waiting,) = incidents.list_incidents(by=cast["reviewer"])
    assert (waiting.words, waiting.kind) == (words, "harm")
    with pytest.raises(policy.Denied):
        incidents.open_incident(by=cast["scientist"], on=made.public_id)

    incidents.close(by=cast["reviewer"], on=made.public_id, answer="The version is stopped; thank you.")
    assert [row.kind for row in notices.list_notices(by=cast["clinician"], unread=True)] == ["incident-closed"]
    (told,) = discussion.open_page(by=cast["clinician"], on=result).incidents
    assert told.answer == "The version is stopped; thank you."
    with pytest.raises(Conflict):
        incidents.close(by=cast["reviewer2"], on=made.public_id, answer="Closed for a second time.")


def test_harm_stands_before_older_reports(cast, result):
    for kind in ("technical", "harm"):
        incidents.report(by=cast["clinician"], on=result, kind=kind, words="Something happened here.")

    assert [row.kind for row in incidents.list_incidents(by=cast["reviewer"])] == ["harm", "technical"]


def test_few_verdicts_are_not_counted_out(cast, patient, unplanned, worked, scorer, monkeypatch):
    monkeypatch.setattr(feedback, "SMALLEST", 3)
    ward, made = cast["clinician"].care_relationships.get().care_unit.name, []
    others = [row.public_id for row in records.list_patients(by=cast["clinician"]) if row.public_id != patient]
    for verdict, code, whom in (
        ("disagree", "data", patient),
        ("agree", "", patient),
        ("agree", "", others[0]),
        ("agree", "", others[1]),
    ):
        cache.clear()
        made.append(actions.request(by=cast["clinician"], on=whom, version=unplanned, inputs={}).prediction)
        worked()
        feedback.give(by=cast["clinician"], on=made[-1], verdict=verdict, code=code)
        rates = feedback.override_rates(by=cast["reviewer"])
        # Three opinions about two people are still about two people.
        if len(made) < 4:
            assert [(rate.given, rate.share, rate.reasons) for rate in rates] == [(0, None, ())]

    assert [(rate.ward, rate.given, round(rate.share, 2), rate.reasons) for rate in rates] == [
        (ward, 4, 0.25, ("The data it used is old or wrong",))
    ]


def test_programs_do_the_same(cast, result):
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    other = access.issue_token(by=SYSTEM, on=cast["clinician2"], scopes=["*"], days=1)
    mine, theirs = Client(HTTP_AUTHORIZATION=f"Bearer {token}"), Client(HTTP_AUTHORIZATION=f"Bearer {other}")
    url, json_ = f"/api/v1/predictions/{result}/", "application/json"

    assert mine.post(f"{url}feedback/", {"verdict": "no"}, content_type=json_).status_code == 422
    assert mine.post(f"{url}feedback/", json.dumps([1]), content_type=json_).status_code == 422
    assert mine.post(f"{url}feedback/", {"verdict": "agree"}, content_type=json_).status_code == 204
    assert theirs.post(f"{url}feedback/", {}, content_type=json_).status_code == 404
    assert mine.post(f"{url}retract/", {"code": "wrong-patient"}, content_type=json_).status_code == 204
    assert mine.get(url).json()["retracted_at"] is not None
    assert mine.post(f"{url}retract/", {"code": "wrong-patient"}, content_type=json_).status_code == 409
