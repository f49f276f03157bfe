"""Reading what one was told, and choosing what reaches one."""

from datetime import timedelta

import pytest

from portal.access import actions as access
from portal.access import notices, preferences
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.accounts.models import User
from portal.core import clock, guard
from portal.records import sharing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


def tell(person, kind: str, about: str = "", **ago) -> None:
    with guard.unlocked():
        notices.tell([person], kind, about)
        Notice.objects.filter(kind=kind).update(created_at=clock.now() - timedelta(**ago))


def test_the_bell_leads_to_what_is_new_and_from_there_to_what_it_is_about(
    visit,
    accessible,
    cast,
    patient,
    live_server,
    look,
):
    until = clock.now() + timedelta(days=2)
    tell(cast["clinician2"], "emergency-digest", days=2)
    sharing.share(by=cast["clinician"], on=patient, username="clinician2", words="A second look.", until=until)
    page = visit("clinician2")
    page.get_by_role("link", name="2 notices not read").click()
    accessible(page)
    shown = [text.split("\n")[0] for text in page.locator(".told .unread").all_inner_texts()]
    page.get_by_role("button", name="People of a ward").click()
    left = page.locator(".told .unread").count()
    accessible(page)
    look(page, "notices")
    page.get_by_role("link", name="Open the patient").click()

    assert shown == [
        "Amara Okafor shared Elin Trialberg with you.",
        "People of a ward that you lead used emergency access in the last day. The privacy office reviews it.",
    ]
    assert (left, page.url) == (1, f"{live_server.url}/clinic/patients/{patient}/")


def test_what_reaches_a_person_is_chosen_with_the_keyboard_alone(visit, accessible, cast, wards, live_server, look):
    page = visit("clinician")
    page.goto(f"{live_server.url}/account/notices/settings/")
    accessible(page)
    look(page, "notice-settings")
    page.locator("#mail-share-made").focus()
    page.keyboard.type("In the daily")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.locator("#quiet-from").focus()
    page.keyboard.type("22:00")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.danger")
    wrong = page.locator(".notice.danger li").all_inner_texts()
    accessible(page)
    look(page, "notice-settings-wrong")
    page.locator(".notice.danger a").focus()
    page.keyboard.press("Enter")
    at_the_field = page.evaluate("document.activeElement.id")
    page.keyboard.type("6.30")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Saved.")

    chosen, _ = preferences.open_settings(by=User.objects.get(username="clinician"))
    assert wrong == ["Quiet hours need both a beginning and an end. Leave both empty for none."]
    assert at_the_field == "quiet-until"
    assert (chosen.way("share-made"), chosen.counts("share-made"), chosen.counts("share-ended")) == (
        "digest",
        False,
        True,
    )
    assert [hour.strftime("%H:%M") for hour in chosen.quiet] == ["22:00", "06:30"]
    assert page.locator("#mail-result-retracted option").all_inner_texts() == ["At once", "In the daily digest"]


def test_a_result_is_shown_to_a_colleague_found_by_name(
    visit, accessible, cast, patient, unplanned, scorer, worked, live_server, look
):
    from portal.predictions import actions as predictions

    until = clock.now() + timedelta(days=2)
    sharing.share(by=cast["clinician"], on=patient, username="clinician2", words="A second look.", until=until)
    made = predictions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={}).prediction
    worked()
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{made}/")
    page.get_by_role("link", name="Show to a colleague").click()
    accessible(page)
    look(page, "show")
    page.get_by_label("Colleague").fill("Somebody Else")
    page.get_by_role("button", name="Show it").click()
    refused = page.locator(".notice.danger li").inner_text()
    look(page, "show-wrong")
    page.get_by_label("Colleague").fill(cast["clinician2"].label)
    page.get_by_label("Your words").fill("Would you start treatment?")
    page.get_by_role("button", name="Show it").click()
    before = page.locator("#shown").inner_text()
    look(page, "shown")
    colleague = visit("clinician2")
    colleague.get_by_role("link", name="notices not read").click()
    colleague.get_by_role("link", name="Open the result").click()
    page.reload()

    assert refused.startswith("No colleague on the list has this name.")
    assert ("Would you start treatment?" in before, "not opened yet" in before) == (True, True)
    assert "not opened yet" not in page.locator("#shown").inner_text()
    assert notices.unread_count(by=cast["clinician2"]) == 1


def test_who_may_not_see_the_patient_is_given_it_and_shown_the_result_on_one_form(
    visit, accessible, cast, patient, result, live_server, look
):
    add = {"username": "third", "name": "Third One", "password": "correct-horse-battery", "role_names": ["clinician"]}
    access.add_person(by=SYSTEM, **add)
    access.add_person(by=SYSTEM, **(add | {"username": "fourth", "name": "Third Other"}))
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{result}/show/")
    page.get_by_label("Colleague").fill("thi")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fitting")
    assert page.locator("#fitting label").all_inner_texts() == ["Third One", "Third Other"]
    accessible(page)
    look(page, "show-which")
    page.get_by_label("Third Other").check()
    page.get_by_role("button", name="Show it").click()
    assert page.locator("#offer").inner_text().startswith("Third Other cannot see this patient yet")
    page.goto(f"{live_server.url}/clinic/predictions/{result}/show/")
    page.get_by_label("Colleague").fill(cast["clinician2"].label)
    page.get_by_label("Your words").fill("Would you start treatment?")
    page.get_by_role("button", name="Show it").click()
    offered = page.locator("#offer").inner_text()
    assert page.evaluate("document.activeElement.id") == "reason"
    accessible(page)
    look(page, "show-offer")
    page.keyboard.type("Short")
    page.get_by_role("button", name="Share for 7 days and show").click()
    assert page.locator(".notice.danger li").inner_text().startswith("Say why in 10 to 2000 characters")
    accessible(page)
    page.get_by_label("Why").fill("You know this treatment.")
    page.get_by_role("button", name="Share for 7 days and show").click()
    page.wait_for_selector("#shown")
    assert "Would you start treatment?" in page.locator("#shown").inner_text()
    assert f"{cast['clinician2'].label} can open this patient until the end of " in page.locator("main").inner_text()

    colleague = visit("clinician2")
    colleague.get_by_role("link", name="1 notice not read").click()
    assert colleague.locator(".told .unread p").first.inner_text() == (
        "Amara Okafor shows you a result on Elin Trialberg."
    )
    look(colleague, "shown-notice")
    colleague.get_by_role("link", name="Open the result").click()
    assert (
        colleague.locator("#shown-1")
        .inner_text()
        .startswith("Amara Okafor shows you this: “Would you start treatment?”")
    )
    assert colleague.locator("#shown").count() == 0
    accessible(colleague)
    look(colleague, "shown-to-me")
    colleague.goto(f"{live_server.url}/clinic/patients/{patient}/")
    assert colleague.locator("#given").inner_text().startswith("Shared with you by Amara Okafor until ")
    accessible(colleague)
    look(colleague, "shared-with-me")
    assert offered.startswith(f"{cast['clinician2'].label} cannot see this patient yet and is not on ")
    assert f"Share this patient with {cast['clinician2'].label} for 7 days and show this result." in offered

    colleague.goto(f"{live_server.url}/clinic/predictions/{result}/show/")
    colleague.get_by_label("Colleague").fill("third")
    colleague.get_by_role("button", name="Show it").click()
    assert "Third One cannot see this patient yet, and you cannot share the patient" in (
        colleague.locator("#offer").inner_text()
    )
    assert "Ask one of them: Amara Okafor." in colleague.locator("#offer").inner_text()
    accessible(colleague)
    look(colleague, "show-refused")
