"""What a clinician does with a result: agree or not, report, retract; and what the committee makes of it."""

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_a_verdict_a_report_and_a_retraction(visit, accessible, look, patient, unplanned, working, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    page.click("main button[type=submit]")
    page.wait_for_selector("text=Whose answer this is")
    page.click("summary:has-text('Disagree')")
    page.click('button:has-text("picture says otherwise")')
    assert "You disagreed: the patient's picture says otherwise" in page.locator("#feedback").inner_text()
    accessible(page)

    found = page.url.partition("#")[0]
    page.goto(f"{live_server.url}/clinic/")
    page.click("tbody tr >> nth=2 >> button")
    accessible(page)
    look(page, "worklist")
    page.focus("tbody tr >> nth=0 >> a >> nth=0")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    page.click("text=Unplanned admission within 12 months (synthetic):")
    assert page.url == found

    page.click("summary:has-text('Report a problem')")
    page.select_option("#kind", "contradicts")
    page.fill("#report-words", "The ward round came to another result.")
    look(page, "result")
    page.click("button:has-text('Send the report')")
    page.click("summary:has-text('Retract this result')")
    page.select_option("#retract-code", "wrong-input")
    accessible(page)
    page.click("button:has-text('Retract for good')")
    assert "Nobody else had opened it" in page.locator(".messages").inner_text()
    assert "Retracted by Amara Okafor" in page.locator("main").inner_text()
    look(page, "retracted")

    reviewer = visit("reviewer")
    reviewer.goto(f"{live_server.url}/oversight/incidents/")
    accessible(reviewer)
    look(reviewer, "incidents")
    reviewer.click("tbody a >> nth=0")
    accessible(reviewer)
    look(reviewer, "incident")
    reviewer.fill("#answer", "We look at the inputs with the study.")
    reviewer.click("button:has-text('Close the report')")
    page.reload()
    assert "We look at the inputs with the study." in page.locator("#opinions").inner_text()
