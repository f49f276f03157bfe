"""Access through a real browser: sharing, taking back, asking, deciding, explaining."""

import pytest

from portal.records import actions as records

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_sharing_asking_deciding_and_explaining(visit, accessible, look, cast, patient, unplanned, live_server):
    giver = visit("clinician")
    giver.goto(f"{live_server.url}/clinic/patients/{patient}/")
    look(giver, "patient")
    giver.click("text=Share")
    giver.fill("#colleague", "clinician2")
    giver.fill("#words", "Second opinion on the heart failure")
    giver.click("button:has-text('Share')")
    accessible(giver)
    look(giver, "share")

    colleague = visit("clinician2")
    colleague.click("details.menu > summary")
    colleague.click("details.menu a[href='/account/access/']")
    accessible(colleague)
    look(colleague, "access")
    colleague.click(f"a[href='/clinic/patients/{patient}/']")
    assert colleague.locator("h1").inner_text() != "Not found"

    giver.reload()
    giver.click("button:has-text('Take back')")
    said = giver.locator(".messages").inner_text()
    assert "What cannot be taken back: pages about the patient were opened" in said
    look(giver, "taken-back")

    other = next(row for row in records.list_patients(by=cast["clinician"]) if row.public_id != patient)
    colleague.goto(f"{live_server.url}/account/access/ask/")
    accessible(colleague)
    look(colleague, "ask")
    colleague.check("input[value=patient]")
    colleague.fill("#mrn", other.mrn)
    colleague.fill("#birth_date", other.birth_date)
    colleague.fill("#words", "Consult for the cardiology round")
    colleague.click("text=Send the request")
    giver.goto(f"{live_server.url}/account/access/inbox/")
    accessible(giver)
    look(giver, "inbox")
    giver.fill("textarea", "Consult agreed on the round")
    giver.click("button:has-text('Grant')")
    assert colleague.goto(f"{live_server.url}/clinic/patients/{other.public_id}/").status == 200

    officer = visit("auditor")
    officer.goto(f"{live_server.url}/oversight/requests/?state=granted")
    accessible(officer)
    look(officer, "requests")
    officer.goto(f"{live_server.url}/oversight/access/")
    officer.fill("input[name=person]", "clinician2")
    officer.select_option("select[name=kind]", "patient")
    officer.fill("input[name=object]", other.public_id)
    officer.select_option("select[name=permission]", "patients:read")
    officer.click("button:has-text('Explain')")
    accessible(officer)
    look(officer, "why")
    text = officer.locator("main").inner_text()
    assert "Jonas Lind may" in text and "Out of reach with it: 1 in all." in text and other.name not in text
