"""The states that a page can be in, and where the keyboard goes on after something changed."""

import pytest

from portal.predictions import actions as predictions
from portal.predictions import retraction
from tests.journeys.sweeping import state_problems

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


@pytest.mark.slow
def test_every_state_of_a_run_is_clean(visit, cast, patient, unplanned, scorer, worked, live_server):
    def run() -> str:
        return predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction

    done, taken_back = run(), run()
    worked()
    retraction.retract(by=cast["clinician"], on=taken_back, code="wrong-input")
    cancelled, waiting = run(), run()
    predictions.cancel(by=cast["clinician"], on=cancelled)
    page, found = visit("clinician"), {}
    for state, prediction in {"done": done, "retracted": taken_back, "cancelled": cancelled, "waits": waiting}.items():
        page.goto(f"{live_server.url}/clinic/predictions/{prediction}/")
        found[state] = state_problems(page)

    assert found == dict.fromkeys(found, [])


def test_refusals_menus_and_the_way_in_are_clean(visit, chromium, wards, live_server):
    outside = chromium.new_page()
    outside.goto(f"{live_server.url}/accounts/login/")
    page, found = visit("clinician"), {"the way in": state_problems(outside)}
    outside.close()
    for name, path in {
        "nothing there": "/clinic/patients/00000000000000000000/",
        "not allowed": "/oversight/events/",
    }.items():
        page.goto(live_server.url + path)
        found[name] = state_problems(page)
    page.click("details.menu summary")
    found["the menu"] = state_problems(page)
    page.evaluate("document.getElementById('session').showModal()")
    found["the warning"] = state_problems(page)

    assert found == dict.fromkeys(found, [])


def test_after_a_form_came_back_one_goes_on_where_it_must_be_mended(visit, wards, patient, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/share/")
    page.fill("#colleague", "Nobody Known")
    page.fill("#words", "A second opinion.")
    page.keyboard.press("Tab")
    page.locator("main button[data-once]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("main .notice.danger")
    focused = page.evaluate("document.activeElement.className")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert (focused, page.evaluate("document.activeElement.id")) == ("notice danger", "colleague")


def test_the_first_key_leads_past_the_frame_and_following_a_run_does_not_steal_the_focus(
    visit, cast, patient, unplanned, live_server
):
    prediction = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{prediction}/")
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    page.keyboard.press("Enter")
    at = page.evaluate("document.activeElement.id")
    page.locator("#cancel-run").focus()
    with page.expect_response(lambda answer: answer.url.endswith("/status/")):
        pass
    page.wait_for_timeout(300)

    assert (skip, at, page.evaluate("document.activeElement.id")) == ("skip", "content", "cancel-run")


def test_the_session_warning_keeps_the_keyboard_and_gives_it_back(visit, wards, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/")
    page.locator("a.brand").focus()
    page.evaluate("document.getElementById('session').showModal()")
    inside = []
    for _ in range(3):
        page.keyboard.press("Tab")
        inside.append(page.evaluate("document.activeElement.closest('main, nav, header') === null"))
    with page.expect_response(lambda answer: "/extend/" in answer.url):
        page.keyboard.press("Escape")
    page.wait_for_function("!document.getElementById('session').open")

    assert (inside, page.evaluate("document.activeElement.className")) == ([True] * 3, "brand")
