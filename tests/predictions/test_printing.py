"""A result on paper: what stands on it, and who may take it out of the portal."""

import pytest

from portal.access import policy
from portal.accounts import factors
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.problems import Conflict
from portal.predictions import actions, printing, retraction
from portal.records import actions as records
from portal.records import emergency

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def result(cast, patient, unplanned, worked, scorer) -> str:
    made = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={"creatinine": ""}).prediction
    worked()
    return made


def texts(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for part in (value.values() if isinstance(value, dict) else value) for text in texts(part)]


def test_paper_says_whose_it_is_what_was_answered_and_by_what(cast, patient, result):
    view = actions.open_prediction(by=cast["clinician"], on=result)
    values = printing.values_of(view, "Amara Okafor")

    assert values["who"] == view.patient.name
    assert view.patient.mrn in values["identity"]
    assert values["sentence"] == view.sentence
    assumed = view.envelope["completeness"].pop("not_listed")
    said = f", {assumed} of them “No” because not on the problem list" if assumed else ""
    assert values["completeness"] == f"11 of 12 inputs were known{said}."
    assert printing.values_of(view, "Amara Okafor")["completeness"] == "11 of 12 inputs were known."
    assert values["missing"][0].startswith("Creatinine.")
    assert [row[0] for row in values["inputs"]] == [row["label"] for row in view.envelope["inputs"]]
    assert dict(map(tuple, values["facts"]))["Digest of its files"].replace(" ", "") == view.digest
    assert all(isinstance(text, str) for text in texts(values))
    assert printing.print_result(by=cast["clinician"], on=result).startswith(b"%PDF-1.7")
    with guard.unlocked():
        assert list(AuditEvent.objects.filter(verb="prediction.printed").values_list("patient", flat=True)) == [patient]


def test_a_retracted_result_says_so_on_paper(cast, result):
    retraction.retract(by=cast["clinician"], on=result, code="wrong-patient")
    view = actions.open_prediction(by=cast["clinician"], on=result)

    assert "do not use it" in printing.values_of(view, "x")["warnings"][0]


def test_what_waits_is_not_printed(cast, patient, unplanned):
    made = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction

    with pytest.raises(Conflict, match="no result to print"):
        printing.print_result(by=cast["clinician"], on=made)


def test_nobody_takes_a_record_out_that_an_emergency_opened(cast, patient, result, wards):
    shown = records.open_patient(by=cast["clinician"], on=patient).patient
    proof = factors.Proof(cast["clinician2"].pk, clock.now())
    given = {"code": "emergency", "text": "Needed at once for care.", "attested": True, "proof": proof}
    emergency.start(by=cast["clinician2"], on=shown.public_id, **given)

    assert actions.open_prediction(by=cast["clinician2"], on=result).sentence
    with pytest.raises(policy.Denied, match="emergency"):
        printing.print_result(by=cast["clinician2"], on=result)
    for person in ("scientist", "reviewer", "admin", "auditor"):
        with pytest.raises(policy.Denied):
            printing.print_result(by=cast[person], on=result)
