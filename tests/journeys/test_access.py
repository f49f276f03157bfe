"""Access through a real browser: breaking the glass and its review, sharing, asking, explaining."""

import time

import pytest

from portal.access.models import Case, Grant
from portal.accounts import factors
from portal.core import guard
from portal.records import actions as records
from portal.records.models import Patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def look(tmp_path):
    """Keep a picture of a page, wide and narrow, light and dark, where FORMULARY_PICTURES says."""
    import os
    from pathlib import Path

    folder = os.environ.get("FORMULARY_PICTURES")

    def take(page, name: str) -> None:
        if not folder:
            return
        for width, height in ((1280, 800), (390, 844)):
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": height})
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=width == 390)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})

    return take


def identity(patient: str) -> dict:
    with guard.unlocked():
        return Patient.objects.get(public_id=patient).person


def test_the_glass_is_broken_in_few_actions_and_the_review_closes_it(
    visit, accessible, look, cast, patient, unplanned, live_server
):
    page = visit("clinician2")
    page.set_viewport_size({"width": 1280, "height": 800})
    code, mrn = factors.current_code(cast["clinician2"]), identity(patient)["mrn"]
    began = time.monotonic()

    page.click("header >> text=Emergency")
    accessible(page)
    look(page, "emergency-find")
    page.fill("#mrn", mrn)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Why you need it")
    accessible(page)
    look(page, "emergency")
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    assert mrn not in page.url and identity(patient)["family"] in page.locator("main").inner_text()
    page.check("text=Emergency treatment")
    page.check("text=I need this record now")
    page.fill("#password", PASSWORD)
    page.fill("#one_time_code", code)
    page.click("text=Open the record")
    page.wait_for_url(f"**/clinic/patients/{patient}/")
    assert time.monotonic() - began < 20

    accessible(page)
    look(page, "emergency-open")
    banner = page.locator(".glass")
    assert "3 h 59 min left" in banner.inner_text()
    share = page.locator("button:has-text('Share')")
    assert (
        share.is_disabled()
        and share.get_attribute("title")
        == "This patient is open to you for that only if you work on the patient's ward."
    )
    page.goto(f"{live_server.url}/account/tokens/")
    assert page.locator(".glass").count() == 1
    page.goto(f"{live_server.url}/clinic/?search={mrn}")
    assert page.locator("tbody tr").count() == 0
    page.click("text=End now")
    assert page.locator(".glass").count() == 0
    assert page.goto(f"{live_server.url}/clinic/patients/{patient}/").status == 404
    look(page, "not-found")

    officer = visit("auditor")
    officer.set_viewport_size({"width": 1280, "height": 800})
    officer.goto(f"{live_server.url}/oversight/cases/")
    accessible(officer)
    look(officer, "cases")
    officer.click("tbody a >> nth=0")
    accessible(officer)
    look(officer, "case")
    officer.check("label:has-text('Inappropriate')")
    officer.fill("#note", "No handover, no order and no visit explains this access.")
    officer.click("text=Close the case")
    accessible(officer)
    look(officer, "assessment")
    for name in ("nature", "who", "acquired", "mitigation"):
        officer.fill(f"#{name}", "Looked into and written down.")
    officer.check("label:has-text('Low probability')")
    officer.click("button:has-text('Conclude')")
    assert "Low probability of compromise" in officer.locator("main").inner_text()
    assert Case.objects.get().outcome == "inappropriate"


def test_a_mistake_keeps_what_was_typed_and_spends_no_code(visit, accessible, cast, patient):
    page = visit("clinician2")
    code = factors.current_code(cast["clinician2"])
    page.click("header >> text=Emergency")
    page.fill("#mrn", identity(patient)["mrn"])
    page.keyboard.press("Enter")
    page.check("text=Another reason")
    page.fill("#text", "too short")
    page.check("text=I need this record now")
    page.fill("#password", PASSWORD)
    page.fill("#one_time_code", code)
    page.click("text=Open the record")
    accessible(page)
    assert "Say in at least 15 characters what the reason is." in page.locator("main").inner_text()
    assert (page.input_value("#text"), page.input_value("#password")) == ("too short", "")

    page.fill("#text", "Found unconscious, nobody of the ward is here")
    page.fill("#password", PASSWORD)
    page.fill("#one_time_code", code)
    page.click("text=Open the record")
    page.wait_for_url(f"**/clinic/patients/{patient}/")
    assert Grant.objects.get(kind="break-glass").reason == "Found unconscious, nobody of the ward is here"


def test_who_may_open_the_record_anyway_goes_straight_to_it(visit, patient):
    page = visit("clinician")
    page.click("header >> text=Emergency")
    page.fill("#mrn", identity(patient)["mrn"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/clinic/patients/{patient}/")
    assert Case.objects.count() == 0


def test_sharing_asking_deciding_and_explaining(visit, accessible, look, cast, patient, unplanned, live_server):
    giver = visit("clinician")
    giver.goto(f"{live_server.url}/clinic/patients/{patient}/")
    look(giver, "patient")
    giver.click("text=Share")
    giver.fill("#colleague", "clinician2")
    giver.fill("#reason", "Second opinion on the heart failure")
    giver.click("button:has-text('Share')")
    accessible(giver)
    look(giver, "share")

    colleague = visit("clinician2")
    colleague.click("header a[href='/account/access/']")
    accessible(colleague)
    look(colleague, "access")
    colleague.click(f"a[href='/clinic/patients/{patient}/']")
    assert colleague.locator("h1").inner_text() != "Not found"

    giver.reload()
    giver.click("button:has-text('Take back')")
    said = giver.locator(".messages").inner_text()
    assert "What cannot be taken back: the patient's pages were opened" in said
    look(giver, "taken-back")

    other = next(row for row in records.list_patients(by=cast["clinician"]) if row.public_id != patient)
    colleague.goto(f"{live_server.url}/account/access/ask/")
    accessible(colleague)
    look(colleague, "ask")
    colleague.check("label:has-text('Patient:')")
    colleague.fill("#mrn", other.mrn)
    colleague.fill("#birth_date", other.birth_date)
    colleague.fill("#reason", "Consult for the cardiology round")
    colleague.click("text=Send the request")
    giver.goto(f"{live_server.url}/account/access/inbox/")
    accessible(giver)
    look(giver, "inbox")
    giver.fill("textarea", "Consult agreed on the round")
    giver.click("button:has-text('Grant')")
    assert colleague.goto(f"{live_server.url}/clinic/patients/{other.public_id}/").status == 200

    officer = visit("auditor")
    officer.goto(f"{live_server.url}/oversight/access/")
    officer.fill("input[name=person]", "clinician2")
    officer.select_option("select[name=type]", "patient")
    officer.fill("input[name=object]", other.public_id)
    officer.click("button:has-text('Explain')")
    accessible(officer)
    look(officer, "why")
    text = officer.locator("main").inner_text()
    assert "Jonas Lind may" in text and "Out of reach with it: 1 in all." in text and other.name not in text
