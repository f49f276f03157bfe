"""Learning the portal from the screen alone: first steps, practice, words in place, plain and detailed."""

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def steps(page) -> str:
    return " ".join(page.locator("aside.first-steps").inner_text().split())


def test_a_new_clinician_practises_and_the_steps_tick_themselves_off(
    visit, accessible, look, wards, unplanned, working, live_server
):
    page = visit("clinician")
    assert "New here? 5 first steps show you around. Begin here: Run a model for an invented patient" in steps(page)
    accessible(page)
    look(page, "first-steps")

    page.click("aside.first-steps p a")
    accessible(page)
    look(page, "practice-ward")
    page.click("text=Dov Practice")
    page.click("a.card >> nth=0")
    assert "takes none of your runs" in page.locator("main").inner_text()
    look(page, "practice-form")
    page.click("main form[data-form] button[type=submit], main form.fields button[type=submit]")
    page.wait_for_selector("text=Whose answer this is")
    assert page.locator("aside.practice").is_visible()
    accessible(page)
    look(page, "practice-result")
    page.emulate_media(media="print")
    assert page.locator("aside.practice").is_visible()
    page.emulate_media(media="screen")
    page.click("#opinions button:has-text('Agree') >> nth=0")

    page.goto(f"{live_server.url}/clinic/")
    assert "3 of 5 done. Next: Open one of your own patients" in steps(page)
    assert page.locator("main >> text=Practice").count() == 0
    page.click("aside.first-steps >> text=All steps")
    assert page.locator("li.past").count() == 3
    accessible(page)
    look(page, "guide")
    page.click("text=I know my way")
    page.goto(f"{live_server.url}/clinic/")
    assert page.locator("aside.first-steps").count() == 0


def test_a_word_opens_by_the_keyboard_closes_by_escape_and_covers_nothing_pressed(
    visit, accessible, look, unplanned, live_server
):
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/versions/{unplanned.public_id}/")
    word = page.locator("button.word:visible").first
    word.focus()
    page.keyboard.press("Enter")
    meaning = page.locator(".meaning:popover-open")
    meaning.wait_for()
    here, there = word.bounding_box(), meaning.bounding_box()
    assert there["y"] >= here["y"] + here["height"] - 1 or there["y"] + there["height"] <= here["y"] + 1
    assert here["height"] >= 24 and here["width"] >= 24
    accessible(page)
    look(page, "word")

    page.keyboard.press("Escape")
    assert page.locator(".meaning:popover-open").count() == 0
    assert word.evaluate("button => button === document.activeElement")

    page.click("header >> text=Help")
    accessible(page)
    look(page, "help")
    page.keyboard.press("/")
    page.keyboard.type("seal")
    assert page.locator("dl.words > div:visible").count() >= 1
    assert not page.locator("#digest").is_visible()


def test_words_and_depth_work_without_javascript(visit, unplanned, live_server, chromium):
    page = visit("scientist", java_script_enabled=False)
    page.goto(f"{live_server.url}/lab/versions/{unplanned.public_id}/")
    page.locator("button.word:visible").first.click()
    assert page.locator(".meaning:popover-open").count() == 1
    page.keyboard.press("Escape")

    assert not page.locator(f"text={unplanned.digest}").is_visible()
    page.click("summary:has-text('Files')")
    assert page.locator(f"text={unplanned.digest}").is_visible()
    page.click("button:has-text('Detailed')")
    assert page.locator("details.more:not([open])").count() == 0


def test_plain_and_detailed_are_remembered_and_print_has_it_all(visit, accessible, look, unplanned, live_server):
    page = visit("scientist")
    address = f"{live_server.url}/lab/versions/{unplanned.public_id}/"
    page.goto(address)
    digest = page.locator(f"text={unplanned.digest}")
    assert not digest.is_visible()
    accessible(page)
    look(page, "version-plain")
    page.emulate_media(media="print")
    assert digest.is_visible()
    page.emulate_media(media="screen")

    page.click("button:has-text('Detailed')")
    assert (page.url, digest.is_visible()) == (address, True)
    assert page.locator("button:has-text('Detailed')").get_attribute("aria-pressed") == "true"
    accessible(page)
    look(page, "version-detailed")

    again = visit("scientist")
    again.goto(address)
    assert again.locator(f"text={unplanned.digest}").is_visible()
