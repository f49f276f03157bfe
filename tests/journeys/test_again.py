"""A run that failed is run again from its page, with the same answers or with others."""

import pytest

from portal.predictions import actions
from tests.compute.test_scorer import write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_a_failed_run_is_changed_and_answers(
    visit, accessible, look, live_server, cast, patient, approve, scorer, worked, tmp_path
):
    write(tmp_path / "m", "if model_input['x'].iloc[0] < 0: raise ValueError\nreturn pandas.DataFrame({'y': [0.5]})")
    version = approve("brittle", tmp_path / "m")
    failed = actions.request(by=cast["clinician"], on=patient, version=version, inputs={"x": "-1"}).prediction
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{failed}/")
    look(page, "waiting")
    worked()
    page.wait_for_selector("text=The model stopped in the middle of its work.")
    page.wait_for_selector("text=The same answers will probably fail again")
    accessible(page)
    look(page, "failed")

    page.click("text=Change the answers")
    page.wait_for_selector("[name='in.x']")
    assert page.input_value("[name='in.x']") == "-1"
    look(page, "changed")
    page.fill("[name='in.x']", "2")
    page.click("form button[type=submit]:has-text('Run')")
    page.wait_for_url("**/predictions/**")
    worked()
    page.wait_for_selector("text=The model answers: y 0.5")
