"""My patients with their newest results: what is shown, what is first, what is due."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.predictions import actions, discussion, retraction, worklist
from portal.records import actions as records
from portal.records import imports
from portal.records.models import Encounter, Patient
from portal.records.queries import PatientSummary

pytestmark = pytest.mark.django_db(transaction=True)


def line(cast, patient):
    return next(row for row in worklist.open_worklist(by=cast["clinician"]) if row.patient.public_id == patient)


@pytest.mark.embedded
def test_the_newest_result_that_stands_is_shown(cast, patient, result, unplanned, worked):
    assert (line(cast, patient).newest.public_id, line(cast, patient).due) == (result, False)
    newer = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={"bmi": "20"}).prediction
    assert line(cast, patient).newest.public_id == result
    worked()
    assert line(cast, patient).newest.public_id == newer

    retraction.retract(by=cast["clinician"], on=newer, code="wrong-input")
    assert line(cast, patient).newest.public_id == result


def test_an_import_says_of_whom_it_brought_something_new(cast, wards, hospital_folder, tmp_path):
    with guard.unlocked():
        before = dict(Patient.objects.values_list("pk", "changed_at"))
        (tmp_path / "one.json").write_text(newer_bundle(hospital_folder))
    imports.import_paths(by=SYSTEM, paths=[tmp_path])

    with guard.unlocked():
        after = dict(Patient.objects.values_list("pk", "changed_at"))
    assert sum(after[pk] > before[pk] for pk in before) == 1


def newer_bundle(folder) -> str:
    """A bundle of the hospital in which one number changed."""
    import json

    for path in sorted(folder.glob("*.json")):
        bundle = json.loads(path.read_text())
        for entry in bundle["entry"]:
            if entry["resource"].get("valueQuantity"):
                entry["resource"]["valueQuantity"]["value"] += 1
                return json.dumps(bundle)
    raise AssertionError("no bundle has a number")


def test_marked_patients_come_first_on_their_ward_for_oneself_alone(cast, wards):
    last = worklist.open_worklist(by=cast["clinician"])[-1].patient.public_id

    assert records.mark(by=cast["clinician"], on=last) is True
    first = worklist.open_worklist(by=cast["clinician"])[0]
    assert (first.patient.public_id, first.marked) == (last, True)
    assert records.mark(by=cast["clinician"], on=last) is False
    assert not any(row.marked for row in worklist.open_worklist(by=cast["clinician"]))
    with pytest.raises(policy.Denied) as refusal:
        records.mark(by=cast["clinician2"], on=last)
    assert refusal.value.status == 404


def test_seeing_results_in_the_list_is_an_event_of_its_own(cast, patient, result):
    worklist.open_worklist(by=cast["clinician"])

    seen = AuditEvent.objects.filter(verb="prediction.worklist-seen")
    assert [(event.patient, event.outcome) for event in seen] == [(patient, "ok")]


def test_the_list_takes_the_same_queries_for_one_result_and_for_many(cast, wards, unplanned, worked, scorer):
    def run(patients):
        for row in patients:
            actions.request(by=cast["clinician"], on=row.patient.public_id, version=unplanned, inputs={})
        worked()
        with CaptureQueriesContext(connection) as captured:
            worklist.open_worklist(by=cast["clinician"])
        return len(captured)

    patients = worklist.open_worklist(by=cast["clinician"])
    assert run(patients[:1]) == run(patients[1:])


def test_a_result_says_what_changed_since_the_one_before(cast, patient, result, unplanned, worked):
    assert discussion.open_page(by=cast["clinician"], on=result).trend is None
    asked = {"by": cast["clinician"], "on": patient, "version": unplanned}
    gone = actions.request(**asked, inputs={"bmi": "50"}).prediction
    newer = actions.request(**asked, inputs={"bmi": "20", "hba1c": ""}).prediction
    worked()
    retraction.retract(by=cast["clinician"], on=gone, code="wrong-input")

    found = discussion.open_page(by=cast["clinician"], on=newer).trend
    first = actions.open_prediction(by=cast["clinician"], on=result)
    before = {row["name"]: row["shown"] for row in first.envelope["inputs"]}
    assert ([view.public_id for view in found.earlier], found.other_version) == ([result], False)
    assert {(change.label, change.before, change.now) for change in found.changes} == {
        ("Body mass index", before["bmi"], "20 kg/m²"),
        ("Haemoglobin A1c", before["hba1c"], ""),
    }


def test_the_list_shows_what_is_asked_for_and_counts_the_rest(cast, wards, patient, result):
    others = [row.patient.public_id for row in worklist.open_worklist(by=cast["clinician"])]
    records.mark(by=cast["clinician"], on=others[-1])
    with guard.unlocked():
        soon = clock.now() + timedelta(seconds=1)
        Patient.objects.filter(public_id=patient).update(changed_at=soon)
        Encounter.objects.filter(patient__public_id=patient).update(stored_at=soon)

    def opened(**asked):
        found = worklist.open_list(by=cast["clinician"], **asked)
        return [row.patient.public_id for row in found.lines], found.more

    assert worklist.open_list(by=cast["clinician"]).counts == {"all": len(others), "due": 1, "marked": 1}
    assert opened(show="due") == ([patient], 0)
    assert opened(show="marked") == ([others[-1]], 0)
    assert opened(sort="due")[0][:2] == [others[-1], patient]
    assert opened(sort="newest")[0][:2] == [others[-1], patient]
    assert opened(shown=2) == ([others[-1], others[0]], len(others) - 2)


def test_only_the_lines_that_are_shown_are_written_down_as_shown(cast, wards):
    before = AuditEvent.objects.filter(verb="patient.listed").count()
    found = worklist.open_list(by=cast["clinician"], shown=2)

    seen = AuditEvent.objects.filter(verb="patient.listed").order_by("-id")[:2]
    assert AuditEvent.objects.filter(verb="patient.listed").count() - before == 2
    assert {event.patient for event in seen} == {row.patient.public_id for row in found.lines}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("moreau", True), ("MOREAU, zoé", True), ("zoe mor", True), ("Zoë", True), ("inv-77", True), ("INV-7700", True),
        ("7700", True), ("inv 7700", True), ("INV7700", True), ("700", False), ("inv-7701", False),
        ("77", False), ("in", False), ("zoe lind", False), (",", False),
    ],
)  # fmt: skip
def test_a_search_takes_words_in_any_order_without_accents_or_the_start_of_a_number(typed, found):
    who = PatientSummary("p", "Zoé Moreau-Lys", "1960-01-02", 66, "female", "INV-7700", "North", "")

    assert records._matches(who, typed) is found


def test_a_list_offers_a_model_that_the_record_can_answer_alone(unplanned, approve, trained):
    coronary = approve("coronary", trained["coronary-disease"])

    assert worklist.first_choice([coronary, unplanned]) == unplanned
    assert worklist.first_choice([coronary]) == coronary
    assert worklist.first_choice([]) is None
    assert worklist.first_choice([unplanned, coronary], coronary.model.slug) == coronary
    assert worklist.first_choice([unplanned], coronary.model.slug) == unplanned


def test_a_list_offers_what_one_runs_oneself_for_real_patients(cast, patient, result, unplanned, ran):
    assert worklist.open_list(by=cast["clinician"]).habit == ""
    ran(2)
    assert worklist.open_list(by=cast["clinician"]).habit == unplanned.model.slug
    assert worklist.open_list(by=cast["clinician2"]).habit == ""
    with guard.unlocked():
        Patient.objects.filter(public_id=patient).update(practice=True)
    assert worklist.open_list(by=cast["clinician"]).habit == ""


@pytest.fixture
def ran(cast, patient, unplanned):
    """Ask for some more runs."""

    def more(number: int) -> None:
        for place in range(number):
            actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={"bmi": str(20 + place)})

    return more
