"""The states that a page can be in, and where the keyboard goes on after something changed."""

import os
import re

import pytest
from playwright.sync_api import Error

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.compute import actions as compute
from portal.compute.models import Job
from portal.core import guard
from portal.predictions import actions as predictions
from portal.predictions import retraction
from portal.predictions.models import Prediction
from portal.records import actions as records
from portal.records import practice
from portal.registry import actions as registry
from tests.journeys import states
from tests.journeys.stage import Stage, State
from tests.journeys.sweeping import problems
from tests.journeys.test_answer import OPTIONAL, grow_old

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def stage(chromium, live_server, cast, monkeypatch):
    """One page of one browser for all states."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(8_000)
    for name, roles in (("newcomer", ["clinician"]), ("norole", [])):
        access.add_person(
            by=SYSTEM, username=name, name=name.title(), password=states.PASSWORD, role_names=roles, enrol=False
        )
    yield Stage(page, live_server.url, monkeypatch)
    context.close()


def swept(stage, table: dict[str, State], settings) -> dict[str, list[str]]:
    """What is wrong in each state of a table; the states in which nothing is are left out."""
    only, found = os.environ.get("SWEEP", ""), {}
    for name, state in table.items():
        if not re.search(only, name):
            continue
        settings.DEMO = state.demo
        stage.be(state.who)
        try:
            answer = state.reach(stage)
            status = [] if answer.status == state.status else [f"answers {answer.status} instead of {state.status}"]
            wrong = status + problems(stage.page, state.came_back)
        except Error as problem:
            wrong = [f"cannot be reached: {str(problem)[:300]}"]
        if wrong:
            found[name] = wrong
    return found


def told(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}:\n  " + "\n  ".join(wrong) for name, wrong in found.items())


@pytest.mark.slow
def test_pages_on_which_there_is_nothing_yet_are_clean(stage, settings):
    found = swept(stage, states.EMPTY, settings)

    assert found == {}, told(found)


@pytest.mark.slow
def test_every_state_is_clean(stage, cast, studies, patient, unplanned, trained, scorer, worked, settings):
    stage.known |= runs(cast, patient, unplanned, worked)
    folder = trained["coronary-disease"]
    waiting = registry.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)
    registry.submit(by=cast["scientist"], on=waiting)
    stage.known["submitted"] = waiting.public_id
    found = swept(stage, states.FILLED, settings)
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Odd answers on the ward since Monday.")
    found |= swept(stage, states.STOPPED, settings)

    assert found == {}, told(found)


def runs(cast, patient, version, worked) -> dict[str, str]:
    """A run in every state, and the ids of what else the states name."""
    clinician = cast["clinician"]

    def run(**inputs) -> str:
        return predictions.request(by=clinician, on=patient, version=version, inputs=inputs).prediction

    known = {"done": run(), "stale": run(), "retracted": run(), "abstained": run(**dict.fromkeys(OPTIONAL, ""))}
    lesson = practice.open_ward(by=clinician)[0].patient.public_id
    known["practised"] = predictions.request(by=clinician, on=lesson, version=version, inputs={}).prediction
    worked()
    grow_old(known["stale"], 41)
    retraction.retract(by=clinician, on=known["retracted"], code="wrong-input")
    known |= {"waiting": run(), "running": run(), "cancelled": run(), "failed": run(), "refused": run()}
    predictions.cancel(by=clinician, on=known["cancelled"])
    worked.waiting.clear()
    with guard.unlocked():
        Job.objects.filter(subject=known["running"]).update(state="running")
        for name in ("failed", "refused"):
            sentence = "The model gave no answer that can be used. Nothing was shown to anybody."
            Prediction.objects.filter(public_id=known[name]).update(outcome=name, sentence=sentence)
    opened = records.open_patient(by=clinician, on=patient).patient
    job = Job.objects.get(subject=known["done"])
    quota = compute.set_quota(by=SYSTEM, on=clinician, daily_limit=500)
    return known | {
        "patient": patient, "mrn": opened.mrn, "born": opened.birth_date, "person": str(clinician.pk), "job": str(job.pk),
        "quota": str(quota.pk), "version": version.public_id,
    }  # fmt: skip


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
