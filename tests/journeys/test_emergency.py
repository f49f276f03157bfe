"""An emergency as its people live it: the clinician at the glass, the officer after."""

import re

import pytest

from portal.accounts import factors
from portal.records import actions as records

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_a_clinician_opens_one_record_and_an_officer_closes_the_case(
    visit, accessible, look, cast, patient, live_server
):
    known = records.open_patient(by=cast["clinician"], on=patient).patient
    page = visit("clinician2")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.click("text=Emergency access")
    page.fill("#mrn", known.mrn)
    page.fill("#birth_date", known.birth_date)
    page.click("text=Find the patient")
    accessible(page)
    words = page.locator("main").inner_text()
    assert (known.name in words, known.mrn in words) == (True, True)
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")

    page.select_option("#code", "covering")
    page.fill("#password", PASSWORD)
    page.fill("#one_time_code", "000000")
    page.check("#attested")
    page.click("text=Open the record")
    assert "one-time code is not right" in page.locator("[role=alert]").inner_text()
    assert page.input_value("#code") == "covering"

    page.fill("#password", PASSWORD)
    page.fill("#one_time_code", factors.current_code(cast["clinician2"]))
    page.click("text=Open the record")
    accessible(page)
    assert page.url == f"{live_server.url}/clinic/patients/{patient}/"
    assert "Emergency access" in page.locator("aside.emergency").inner_text()
    page.goto(f"{live_server.url}/account/notices/")
    marker = page.locator("aside.emergency")
    assert (marker.count(), page.locator("text=End now").count()) == (1, 0)
    assert re.sub(r"\d\d:\d\d", "WHEN", marker.inner_text()) == "Emergency access: 1 record open. Open it, until WHEN"
    assert known.name not in page.content()
    accessible(page)
    look(page, "emergency-elsewhere")
    marker.locator("a").click()
    assert page.locator("aside.emergency").inner_text().startswith(f"Emergency access to {known.name}'s record until ")
    look(page, "emergency-here")
    page.click("text=End now")
    assert page.locator("aside.emergency").count() == 0
    page.goto(f"{live_server.url}/clinic/patients/{patient}/")
    assert page.locator("h1").inner_text() == "Not found"

    officer = visit("auditor")
    assert "1" in officer.locator("nav.rail a:has-text('Cases')").inner_text()
    officer.click("nav.rail a:has-text('Cases')")
    accessible(officer)
    officer.click("tbody a >> nth=0")
    accessible(officer)
    assert "opened the patient's record" in officer.locator("main").inner_text()
    assert known.name not in officer.content()
    officer.check("input[value=appropriate]")
    officer.fill("#note", "Read all events of that hour; the colleague was ill.")
    officer.click("text=Close the case")
    assert "Nothing waits." in officer.locator("main").inner_text()


def test_an_officer_asks_why_somebody_has_access(visit, accessible, patient, live_server):
    officer = visit("auditor")
    officer.click("nav.rail a:has-text('Why access')")
    accessible(officer)
    officer.fill("[name=person]", "clinician")
    officer.select_option("[name=kind]", "patient")
    officer.fill("[name=object]", patient)
    officer.select_option("[name=permission]", "patients:read")
    officer.click("text=Explain")
    accessible(officer)

    words = officer.locator("main").inner_text()
    assert "No longer allowed. Out of reach with it: 4 in all." in words
