"""A patient asks who looked: the officer goes from the name on the letter to a file in hand."""

import json

import pytest

from portal.audit.models import AuditEvent
from portal.records import actions as records

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_from_a_name_on_a_letter_to_a_file_in_hand(visit, live_server, cast, patient, accessible):
    asked = records.open_patient(by=cast["clinician"], on=patient).patient
    officer = visit("auditor")
    accessible(officer)
    officer.goto(f"{live_server.url}/oversight/events/")
    accessible(officer)
    officer.get_by_label("Who looked, or what did they do?").fill(asked.name)
    officer.get_by_label("Reason, for a patient’s name").select_option("PATRQT")
    officer.get_by_role("button", name="Open the report").click()
    assert officer.get_by_role("cell", name=asked.mrn, exact=True).count() == 1
    assert asked.name not in officer.url
    accessible(officer)

    officer.locator(f'tbody a:has-text("{asked.name}")').click()
    assert officer.get_by_role("cell", name="clinician", exact=False).first.is_visible()
    # What the officer sought heads the page, and stands neither in the address nor in the title that browsers keep.
    assert officer.get_by_role("heading", level=1).inner_text() == f"Who opened the record of {asked.name}"
    assert (officer.content().count(asked.name), asked.name in officer.title(), asked.name in officer.url) == (
        1,
        False,
        False,
    )
    accessible(officer)
    officer.get_by_label("Export for").select_option("PATRQT")
    officer.get_by_label("As", exact=True).select_option("fhir")
    with officer.expect_download() as download:
        officer.get_by_role("button", name="Download").click()
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]

    assert {line["resourceType"] for line in lines} == {"AuditEvent"}
    assert "clinician" in {line["agent"][2]["who"]["display"] for line in lines}
    told = AuditEvent.objects.filter(actor="auditor", patient=patient, outcome="ok").order_by("id")
    assert list(told.values_list("verb", "purpose")) == [
        ("audit.patients-identified", "PATRQT"),
        ("audit.patient-reported", "HOPERAT"),
        ("audit.exported", "PATRQT"),
    ]
