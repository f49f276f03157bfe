"""Saying what one thinks of a result: one press to agree, two to disagree, and a receipt in their place."""

import re

import pytest

from portal.core import guard
from portal.predictions.models import Feedback

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
RECEIPT, MOMENT = "#feedback-receipt", r"\d{1,2} \w{3} \d{4}, \d\d:\d\d"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def pressing():
    """Press things and count the presses."""
    done = []

    def press(page, name: str) -> None:
        page.locator("#feedback").locator("button:visible, summary:visible", has_text=name).first.click()
        done.append(name)

    press.done = done
    return press


def said(page) -> str:
    return re.sub(MOMENT, "WHEN", page.locator(RECEIPT).inner_text())


def kept() -> list[tuple]:
    with guard.unlocked():
        return list(Feedback.objects.order_by("id").values_list("verdict", "code", "words"))


@pytest.mark.parametrize("script", [True, False])
def test_agreeing_is_one_press_and_disagreeing_two(
    visit, accessible, look, pressing, patient, result, live_server, script
):
    page = visit("clinician", java_script_enabled=script)
    page.goto(f"{live_server.url}/clinic/predictions/{result}/")
    pressing(page, "Agree")
    page.wait_for_selector(RECEIPT)
    assert (said(page), pressing.done) == ("You agreed · WHEN", ["Agree"])
    assert not page.locator("#feedback .verdicts").is_visible()

    pressing.done.clear()
    page.click("summary:has-text('Change')")
    pressing(page, "Disagree")
    if script:
        accessible(page)
        look(page, "disagree-reasons")
    pressing(page, "Too high for this patient")
    page.wait_for_selector(f"{RECEIPT}:has-text('disagreed')")
    assert (said(page), pressing.done) == (
        "You disagreed: too high for this patient · WHEN", ["Disagree", "Too high for this patient"],
    )  # fmt: skip
    assert page.url.endswith("#feedback-receipt")
    assert page.locator(RECEIPT).get_attribute("role") == "status"
    if script:
        assert page.evaluate("document.activeElement.id") == "feedback-receipt"
        accessible(page)
        look(page, "disagreed")
    assert kept() == [("agree", "", ""), ("disagree", "too-high", "")]


def test_by_keyboard_alone_with_words_of_ones_own(visit, accessible, look, patient, result, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{result}/")
    page.locator("summary", has_text="Not applicable").focus()
    page.keyboard.press("Enter")
    assert page.locator(".reason:visible").all_inner_texts() == [
        "The data it used is old or wrong", "It does not know something important", "It has been acted on already",
        "The patient is outside what the model is meant for", "The goals of care make it irrelevant",
    ]  # fmt: skip
    page.keyboard.press("Escape")
    assert (page.locator(".reason:visible").count(), page.evaluate("document.activeElement.tagName")) == (0, "SUMMARY")
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("no")
    page.keyboard.press("Enter")
    assert "Write the other reason in a few words." in page.locator("[role=alert]").inner_text()
    accessible(page)
    look(page, "disagree-wrong")
    page.click("[role=alert] a")
    assert page.evaluate("document.activeElement.id") == "words-not-applicable"
    page.keyboard.press("End")
    page.keyboard.type(" longer at home")
    page.keyboard.press("Enter")
    page.wait_for_selector(RECEIPT)
    assert said(page) == "You said that it does not apply: no longer at home · WHEN"
    assert kept() == [("not-applicable", "other", "no longer at home")]


def test_a_report_says_first_who_will_see_it_and_leaves_a_receipt(
    visit, accessible, look, patient, result, live_server
):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{result}/")
    page.click("summary:has-text('Report a problem')")
    assert page.locator("#report-readers strong").all_inner_texts() == [
        "The model committee", "The model's owners", "Whoever may open this result",
    ]  # fmt: skip
    accessible(page)
    look(page, "report")
    page.select_option("#kind", "misleading")
    page.fill("#report-words", "The picture hides half of the range.")
    page.click("button:has-text('Send the report')")
    page.wait_for_selector("#report-receipt")
    assert re.sub(MOMENT, "WHEN", page.locator("#report-receipt").inner_text()) == (
        "You reported: It is shown in a misleading way · WHEN\nThe model committee and the model's owners have been "
        "told. The committee's answer will stand here."
    )
    assert page.evaluate("document.activeElement.id") == "report-receipt"
    accessible(page)
