"""A version is stopped: a clinician reads which results that concerns, says so, and the committee sees it."""

import pytest

from portal.access.actors import SYSTEM
from portal.predictions import recalls
from portal.registry import actions as registry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_a_stop_reaches_who_saw_its_results_and_the_committee_sees_that_they_know(
    visit, accessible, look, cast, patient, result, unplanned, live_server
):
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Creatinine came in the wrong unit.")
    recalls.sweep(by=SYSTEM)

    page = visit("clinician")
    page.goto(f"{live_server.url}/account/notices/")
    page.click("text=Read which results")
    assert "Creatinine came in the wrong unit." in page.locator("main").inner_text()
    accessible(page)
    look(page, "recall-clinician")
    page.click("text=I know, and have looked at my patients")
    page.wait_for_selector("text=that you know.")

    reviewer = visit("reviewer")
    reviewer.goto(f"{live_server.url}/oversight/approvals/")
    reviewer.click("main >> text=Recalls")
    assert "1 of 1" in reviewer.locator("tbody").inner_text()
    accessible(reviewer)
    look(reviewer, "recalls")
    reviewer.click("tbody a")
    accessible(reviewer)
    look(reviewer, "recall")
