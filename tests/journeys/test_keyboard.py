"""Journeys without a mouse, and one without JavaScript; at every stop the focus is in sight."""

import pytest

from portal.accounts import factors
from portal.records import actions as records

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
PASSWORD = "correct-horse-battery"
# Where the keyboard stands: whether the focus is drawn, and whether something lies over it (WCAG 2.4.7 and 2.4.11).
STANDS = """() => {
  const el = document.activeElement;
  if (!el || el === document.body) return { at: "nothing", seen: true };
  const style = getComputedStyle(el), box = el.getBoundingClientRect();
  // Inside a date the browser itself draws where one is.
  const drawn = el.type === "date" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.2], [0.5, 0.8]];
  const free = points.some(([x, y]) => {
    const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return top && (el.contains(top) || top.contains(el));
  });
  return { at: el.outerHTML.replace(/\\s+/g, " ").slice(0, 120), seen: drawn && free };
}"""
IS = "([css, words]) => document.activeElement.matches(css) && document.activeElement.textContent.includes(words)"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def walk(page, css: str, words: str = "", most: int = 80) -> None:
    """Go on with Tab until the keyboard stands there; every stop on the way can be seen."""
    for _ in range(most):
        press(page, "Tab")
        stop = page.evaluate(STANDS)
        assert stop["seen"], f"out of sight: {stop['at']}"
        if page.evaluate(IS, [css, words]):
            return
    raise AssertionError(f"The keyboard never comes to {css} {words}.")


def enter(page) -> None:
    """Press Enter and wait for the page that it leads to."""
    with page.expect_navigation():
        press(page, "Enter")


@pytest.fixture
def key_in(chromium, live_server):
    """Sign in by keyboard; the page."""
    contexts = []

    def run(name: str):
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 800}))
        page = contexts[-1].new_page()
        page.set_default_timeout(8_000)
        page.goto(f"{live_server.url}/accounts/login/")
        walk(page, "#id_login")
        page.keyboard.type(name)
        walk(page, "#id_password")
        page.keyboard.type(PASSWORD)
        enter(page)
        return page

    yield run
    for context in contexts:
        context.close()


def test_a_member_of_the_committee_signs_by_keyboard(key_in, cast, studies, trained, prove):
    from portal.registry import actions
    from tests import reviewing

    folder = trained["unplanned-admission"]
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug=folder.name, folder=folder)
    prove(version)
    reviewing.answer_all(cast["reviewer"], version)
    page = key_in("reviewer")
    walk(page, "nav.rail a", "Approvals")
    enter(page)
    press(page, "Tab", "Enter")
    walk(page, "main tbody a", "version 1")
    enter(page)
    walk(page, "input[name=decision]")
    press(page, "Space")
    walk(page, "#reason")
    page.keyboard.type("Read the evidence; the limits are plain.")
    walk(page, "#password")
    page.keyboard.type(PASSWORD)
    walk(page, "#code")
    page.keyboard.type("000000")
    enter(page)
    back = page.evaluate("document.activeElement.closest('[role=alert]')?.innerText")
    assert "one-time code is not right" in back
    walk(page, "#password")
    page.keyboard.type(PASSWORD)
    walk(page, "#code")
    page.keyboard.type(factors.current_code(cast["reviewer"]))
    walk(page, "button[data-once]", "Sign as")
    enter(page)

    assert "Signed" in page.locator(".messages").inner_text()
    assert list(version.signatures.values_list("meaning", flat=True)) == ["approval"]


def test_a_clinician_opens_a_record_in_an_emergency_and_closes_it_by_keyboard(key_in, cast, patient):
    known = records.open_patient(by=cast["clinician"], on=patient).patient
    page = key_in("clinician2")
    walk(page, "main a", "Emergency access")
    enter(page)
    assert page.evaluate("document.activeElement.id") == "mrn"
    page.keyboard.type(known.mrn)
    press(page, "Tab")
    day = known.birth_date
    page.keyboard.type(f"{day[5:7]}{day[8:10]}{day[:4]}")
    walk(page, "button", "Find the patient")
    enter(page)
    assert page.evaluate("document.activeElement.id") == "code"
    page.keyboard.type("Cov")
    walk(page, "#password")
    page.keyboard.type(PASSWORD)
    walk(page, "#one_time_code")
    page.keyboard.type(factors.current_code(cast["clinician2"]))
    walk(page, "#attested")
    press(page, "Space")
    walk(page, "button", "Open the record")
    enter(page)
    assert page.url.endswith(f"/clinic/patients/{patient}/")
    banner = page.get_by_role("complementary", name="Emergency access")
    assert "Recorded and reviewed." in banner.inner_text()
    walk(page, "aside.emergency button", "End now")
    enter(page)

    assert page.locator("aside.emergency").count() == 0


def test_a_run_for_the_wrong_patient_is_taken_back_by_keyboard(key_in, result, live_server):
    page = key_in("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{result}/")
    walk(page, "summary", "Retract this result")
    press(page, "Enter")
    walk(page, "#retract-code")
    page.keyboard.type("It was run for")
    walk(page, "button", "Retract for good")
    enter(page)

    words = page.locator("main .notice.danger").first.inner_text()
    assert "wrong patient" in words.lower()
    assert page.locator("summary:has-text('Retract this result')").count() == 0


def test_escape_closes_a_menu_and_the_keyboard_goes_on_from_it(key_in, wards):
    page = key_in("clinician")
    walk(page, "header summary")
    press(page, "Enter", "Tab")
    inside = page.evaluate("document.activeElement.closest('details.menu') !== null")
    press(page, "Escape")

    assert (inside, page.locator("details.menu[open]").count()) == (True, 0)
    assert page.evaluate("document.activeElement.matches('header summary')")


def test_three_actions_lead_to_a_result_without_javascript(chromium, live_server, cast, wards, unplanned, working):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("#id_login", "clinician")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.click("a[data-run] >> nth=0")
    page.click("main button[data-once]")
    for _ in range(40):
        if page.locator(".headline:has-text('of 100')").count():
            break
        page.click("main noscript a")
        page.wait_for_timeout(250)
    words = page.locator("main").inner_text()
    shown = page.get_by_role("img", name="within 12 months").count()
    context.close()

    assert "of 100 patients like this one" in words and "Whose answer this is" in words
    assert shown >= 1
