"""A scientist adds a case and sees the cases run; a reviewer has the model tried on the hospital's rows and reads the numbers."""

import pytest

from portal.registry import actions as registry
from tests.datasets.conftest import client_of, fresh, send  # noqa: F401  (fixtures)
from tests.registry.test_evaluation import NAMES, _own_store, tables  # noqa: F401  (fixtures)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_a_case_is_added_runs_and_is_read(visit, accessible, look, cast, studies, trained, working, live_server):
    folder = trained["diabetes-progression"]
    version = registry.register(by=cast["scientist"], on=studies["demo"], slug="progression", folder=folder)
    registry.submit(by=cast["scientist"], on=version)
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/versions/{version.public_id}/")
    page.click("nav[aria-label='Parts of this version'] >> text=Evidence")
    page.wait_for_selector("text=All 5 cases passed.")
    accessible(page)
    look(page, "evidence-cases")

    page.click("text=Add a case")
    accessible(page)
    look(page, "evidence-case")
    page.fill("[name='name']", "Somebody lean")
    page.click("main button.main")
    assert "needs a sentence that says why it is a case" in page.locator("#errors").inner_text()
    page.fill("[name='why']", "Nobody else is.")
    page.fill("[name='in.bmi']", "19")
    page.fill("[name='in.map']", "80")
    page.fill("[name='value.score']", "300")
    page.fill("[name='absolute.score']", "1")
    page.click("main button.main")
    page.wait_for_selector("text=1 of 6 acceptance cases failed.")
    assert "score should be 300, the model gave" in page.locator("main").inner_text()
    look(page, "evidence-failed")
    page.click("tr:has-text('Somebody lean') >> text=Remove")
    page.wait_for_selector("text=All 5 cases passed.")


def test_a_reviewer_names_rows_and_reads_how_well_the_model_does(
    visit, accessible, look, cast, unplanned, tables, working, live_server  # noqa: F811
):  # fmt: skip
    page = visit("reviewer")
    page.goto(f"{live_server.url}/lab/versions/{unplanned.public_id}/evidence/")
    assert "Nobody has named rows of this hospital to try it on." in page.locator("main").inner_text()
    page.click("text=Name rows")
    page.select_option("#choose-table", label="Rows tried, version 1")
    page.select_option("#choose-trained", label="Rows trained, version 1")
    page.click("text=Show the columns")
    accessible(page)
    look(page, "evaluation-rows")
    page.select_option("#label", "unplanned")
    page.fill("#thresholds", "10, 30")
    page.check("input[name=groups][value=ward]")
    page.select_option("#patient", "mrn")
    page.select_option("#training", "mrn")
    page.click("text=Name these rows")
    page.click("text=Try it on these rows")
    page.wait_for_selector("text=had the outcome. Of two, one with it and one without", timeout=60_000)
    said = page.locator("main").inner_text()
    assert "About 20 of these patients are also among the rows that it was trained on." in said
    assert "ZEBRA" not in said
    accessible(page)
    look(page, "evaluation")
