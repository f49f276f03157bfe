"""A stopped version is recalled: whoever saw its results is told, and the committee sees who knows."""

import pytest
from django.test import Client

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.accounts import factors
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.predictions import actions, recalls, worklist
from portal.predictions.models import Acknowledgement, Recall
from portal.records import actions as records
from portal.records.models import Patient
from portal.registry import actions as registry
from tests import reviewing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stopped(cast, result, unplanned):
    """The version of the clinician's result, stopped and recalled."""
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong units at the source.")
    assert recalls.sweep(by=SYSTEM) == 1
    return unplanned


def told_of(person) -> str:
    with guard.unlocked():
        return Acknowledgement.objects.get(person=person).public_id


def browser(person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def people() -> list[tuple[str, bool]]:
    with guard.unlocked():
        return [(row.person.username, row.at is not None) for row in Acknowledgement.objects.select_related("person")]


@pytest.mark.embedded
def test_whoever_asked_for_a_result_is_told_and_says_that_they_know(cast, patient, result, stopped):
    told = told_of(cast["clinician"])
    assert people() == [("clinician", False)]
    assert list(Notice.objects.filter(kind="model-stopped").values_list("person__username", "about")) == [
        ("clinician", told)
    ]

    found = recalls.open_told(by=cast["clinician"], on=told)
    assert [(view.public_id, view.patient.public_id) for view in found.results] == [(result, patient)]
    (overview,) = recalls.list_recalls(by=cast["reviewer2"])
    assert (overview.results, overview.patients, overview.people, overview.known) == (1, 1, 1, 0)

    recalls.acknowledge(by=cast["clinician"], on=told)
    recalls.acknowledge(by=cast["clinician"], on=told)
    assert people() == [("clinician", True)]
    assert AuditEvent.objects.filter(verb="recall.acknowledged").count() == 1
    assert recalls.open_recall(by=cast["reviewer"], on=overview.public_id).known == 1


def test_whoever_opened_a_result_is_told_as_well_and_nobody_else(cast, patient, result, unplanned):
    with guard.unlocked():
        ward = Patient.objects.get(public_id=patient).care_unit
    records.assign(by=SYSTEM, on=ward, person=cast["clinician2"])
    actions.open_prediction(by=cast["clinician2"], on=result)
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong units at the source.")
    recalls.sweep(by=SYSTEM)

    assert people() == [("clinician", False), ("clinician2", False)]


@pytest.mark.parametrize("before", [True, False])
def test_whoever_had_it_in_a_list_is_told_and_not_who_looked_before_it_was_there(
    cast, patient, unplanned, worked, scorer, before
):
    with guard.unlocked():
        ward = Patient.objects.get(public_id=patient).care_unit
    records.assign(by=SYSTEM, on=ward, person=cast["clinician2"])
    actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={})
    if before:
        actions.list_predictions(by=cast["clinician2"], on=patient)
    worked()
    if not before:
        worklist.open_worklist(by=cast["clinician2"])
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong units at the source.")
    recalls.sweep(by=SYSTEM)

    assert people() == [("clinician", False), *([] if before else [("clinician2", False)])]


def test_a_stop_is_recalled_once_and_a_later_stop_again(cast, stopped):
    assert recalls.sweep(by=SYSTEM) == 0
    proof = factors.Proof(cast["reviewer"].pk, clock.now())
    registry.resume(
        by=cast["reviewer"], on=stopped, reason="Units are mended.", proof=proof, seen=reviewing.seen(stopped)
    )
    assert recalls.sweep(by=SYSTEM) == 0
    registry.stop(by=cast["reviewer"], on=stopped, reason="Wrong units once more.")

    assert recalls.sweep(by=SYSTEM) == 1
    with guard.unlocked():
        assert Recall.objects.count() == 2


def test_a_version_that_runs_again_before_it_was_looked_at_is_not_recalled(cast, result, unplanned):
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong units at the source.")
    proof = factors.Proof(cast["reviewer"].pk, clock.now())
    registry.resume(
        by=cast["reviewer"], on=unplanned, reason="It was another model.", proof=proof, seen=reviewing.seen(unplanned)
    )

    assert (recalls.sweep(by=SYSTEM), recalls.begin(by=SYSTEM, on=unplanned)) == (0, False)


def test_results_of_practice_concern_nobody(cast, patient, result, unplanned):
    with guard.unlocked():
        Patient.objects.filter(public_id=patient).update(practice=True)
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong units at the source.")
    recalls.sweep(by=SYSTEM)

    (recall,) = recalls.list_recalls(by=cast["reviewer"])
    assert (recall.results, recall.people) == (0, 0)


def test_nobody_reads_or_acknowledges_for_somebody_else(cast, stopped):
    told = told_of(cast["clinician"])
    for verb in (recalls.open_told, recalls.acknowledge):
        with pytest.raises(policy.Denied) as refusal:
            verb(by=cast["clinician2"], on=told)
        assert refusal.value.status == 404
    assert people() == [("clinician", False)]


def test_the_committee_counts_patients_and_does_not_learn_who_they_are(cast, patient, result, stopped):
    name = records.open_patient(by=cast["clinician"], on=patient).patient.name
    (recall,) = recalls.list_recalls(by=cast["reviewer"])

    page = browser(cast["reviewer"]).get(f"/oversight/recalls/{recall.public_id}/").content.decode()
    assert ("1 of 1 patient" in page, name in page, patient in page, result in page) == (True, False, False, False)
    mine = browser(cast["clinician"]).get(f"/account/recalls/{told_of(cast['clinician'])}/").content.decode()
    assert ("Wrong units at the source." in mine, mine.count(name)) == (True, 1)


def test_who_lost_sight_of_the_patient_learns_of_the_stop_alone(cast, patient, stopped):
    with guard.unlocked():
        Patient.objects.filter(public_id=patient).update(care_unit=None)

    page = browser(cast["clinician"]).get(f"/account/recalls/{told_of(cast['clinician'])}/").content.decode()
    assert ("None that you may open now" in page, patient in page) == (True, False)


def test_a_duty_stays_on_top_until_it_is_done_and_cannot_be_marked_as_read(cast, result, stopped):
    client, told = browser(cast["clinician"]), told_of(cast["clinician"])
    notice = Notice.objects.get(kind="model-stopped")

    client.post("/account/notices/read/")
    client.post(f"/account/notices/{notice.public_id}/read/")
    page = client.get("/account/notices/").content.decode()
    notice.refresh_from_db()

    assert notice.read_at is None
    assert page.index("Waits for your word") < page.index("Not read yet")
    assert page.count(f"/account/recalls/{told}/") == 1
    assert f"/account/notices/{notice.public_id}/read/" not in page

    recalls.acknowledge(by=cast["clinician"], on=told)
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "Waits for your word" not in client.get("/account/notices/").content.decode()


def test_a_stop_stands_on_the_committee_s_page_before_the_keeper_has_come(cast, result, unplanned):
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Wrong units at the source.")
    page = browser(cast["reviewer2"]).get("/oversight/recalls/").content.decode()
    assert "People are being told" in page and "No version has been stopped" not in page

    recalls.sweep(by=SYSTEM)
    page = browser(cast["reviewer2"]).get("/oversight/recalls/").content.decode()
    assert "People are being told" not in page
