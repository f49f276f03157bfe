"""A model's form through a real browser: other units, warnings, ticks, what is missing."""

import pytest

from portal.core.shares import beside
from portal.predictions import actions

CORONARY = {
    "age": "64", "sex": "male", "trestbps": "140", "restecg": "normal", "thalch": "150", "oldpeak": "1.2", "fbs": "",
    "exang": "", "chol": "",
}  # fmt: skip
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
SIZES = ((1280, 800), (390, 844), (768, 1024), (1920, 1080))


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_the_form_says_what_it_makes_of_each_answer(visit, accessible, look, patient, unplanned, working, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    look(page, "form", SIZES)
    accessible(page)

    page.select_option("select[name='unit.creatinine']", "umol/L")
    page.fill("#f-creatinine", "106")
    assert page.inner_text("#f-creatinine-same") == "106 µmol/L = 1.199 mg/dL"
    page.fill("#f-sbp", "410")
    page.focus("#f-bmi")
    assert page.inner_text("#f-sbp-soft") == "Not possible: allowed 40 to 300 mmHg."
    assert page.get_attribute("#f-sbp", "aria-invalid") == "true"
    assert not page.is_visible("#f-sbp-tick")
    assert (
        "11 of 12 known, 2 of them “No” because not on the problem list; to correct: systolic blood pressure"
        in page.inner_text("#tally")
    )
    page.fill("#f-sbp", "250")
    page.fill("#f-hba1c", "")
    page.focus("#f-bmi")
    assert page.inner_text("#f-sbp-soft").startswith("Unusual: the model has seen ")
    assert (page.get_attribute("#f-sbp", "aria-invalid"), page.inner_text("#f-sbp-notes").count("has seen")) == (
        None,
        0,
    )
    assert page.inner_text("#f-sbp-tick") == "I have checked: 250 mmHg is right"
    line = page.inner_text("#tally")
    assert (
        "11 of 12 known, 2 of them “No” because not on the problem list; 1 missing: haemoglobin A1c; to check: " in line
        and "systolic blood pressure" in line
    )
    look(page, "form-warned")
    accessible(page)

    page.click("button[data-once]")
    page.wait_for_selector("#errors:focus")
    assert "250 mmHg" in page.inner_text("#errors")
    page.focus("#f-sbp")
    page.focus("#f-bmi")
    assert page.locator(".field:has(#f-sbp)").inner_text().count("has seen") == 1
    look(page, "form-refused")
    for box in page.locator("label.tick:visible input").all():
        box.check()
    page.fill("#f-sbp", "251")
    page.focus("#f-bmi")
    assert not page.is_checked("#f-sbp-tick input")
    page.check("#f-sbp-tick input")
    page.click("button[data-once]")
    page.wait_for_selector(".headline:has-text('of 100')", timeout=20_000)
    assert "106 µmol/L = 1.199 mg/dL" in page.text_content("main")
    assert "Checked by Amara Okafor." in page.text_content("main")


def test_typing_over_a_recorded_value_shows_at_once_and_can_be_taken_back(
    visit, accessible, look, patient, unplanned, live_server
):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    recorded = page.input_value("#f-sbp")
    notes = page.locator("#f-sbp-notes")
    assert "the record says" not in notes.inner_text()

    page.fill("#f-sbp", "131")
    assert notes.locator("[data-recorded]").is_hidden()
    assert notes.inner_text().strip().startswith(f"Typed; the record says {recorded} mmHg, ")
    page.fill("#f-sbp", "")
    assert notes.inner_text().strip().startswith("Not given; the record says ")
    accessible(page)
    look(page, "form-typed-over")
    notes.get_by_role("button", name="Use the record’s value").click()
    assert (page.input_value("#f-sbp"), page.evaluate("document.activeElement.id")) == (recorded, "f-sbp")
    assert notes.locator("[data-recorded]").is_visible() and notes.locator("[data-changed]").is_hidden()
    assert page.inner_text("#live").startswith("The record’s value is back: systolic blood pressure, ")


def test_what_was_typed_last_time_is_offered_and_taken_by_a_press(
    visit, accessible, look, cast, patient, approve, trained, worked, scorer, live_server
):
    coronary = approve("coronary", trained["coronary-disease"])
    actions.request(by=cast["clinician"], on=patient, version=coronary, inputs=CORONARY | {"cp": "typical angina"})
    worked()
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/coronary/")
    accessible(page)
    look(page, "form-last-time")
    assert page.locator("input[name='in.cp']:checked:not([value='unknown'])").count() == 0
    page.locator("#f-cp").get_by_role("button", name="Use it").click()
    assert page.is_checked("input[name='in.cp'][value='typical angina']")
    assert page.inner_text("#live").startswith("Taken from last time: chest pain, ")
    page.locator("#f-thalch-notes").get_by_role("button", name="Use it").click()
    assert page.input_value("#f-thalch") == "150"


def test_too_much_missing_is_said_before_run_is_pressed(visit, accessible, look, patient, unplanned, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    line = page.locator("[data-relied]")
    weights = {
        box.get_attribute("data-question"): float(box.get_attribute("data-weight"))
        for box in page.locator("[data-weight]").all()
    }
    gone = 0.0
    for input in page.locator(".field[data-weight] input[data-unit]").all():
        input.fill("")
        gone += weights[input.locator("xpath=ancestor::*[@data-question]").get_attribute("data-question")]
        assert (
            line.inner_text()
            .strip()
            .startswith(f"{beside(round(gone, 6), 0.3)} of what the model relies on is missing")
        )
        assert ("over" in line.get_attribute("class").split()) == (round(gone, 6) > 0.3)
    for box in page.locator("fieldset[data-weight] input[value=unknown]").all():
        box.check()
        gone += weights[box.locator("xpath=ancestor::fieldset").get_attribute("data-question")]
    assert gone > 0.3
    said = f"{beside(round(gone, 6), 0.3)} of what the model relies on is missing; above 30 % it gives no number."
    assert line.inner_text().strip() == said
    assert "over" in line.get_attribute("class").split()
    accessible(page)
    look(page, "form-too-little")
    page.click("button[data-once]")
    page.wait_for_load_state()


def test_a_phone_reads_what_the_model_is_for_before_the_first_input_and_nothing_is_covered(
    visit, accessible, look, patient, unplanned, live_server
):
    page = visit("clinician")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    tops = [page.locator(part).first.bounding_box()["y"] for part in (".before .notice", ".before .rules", "#f-age")]
    assert tops == sorted(tops)
    assert "Never use it for care." in page.inner_text(".before .notice")
    page.fill("#f-sbp", "410")
    page.click("button[data-once]")
    page.wait_for_selector("#errors:focus")
    banner, errors = page.locator(".patient").bounding_box(), page.locator("#errors").bounding_box()
    assert banner["y"] + banner["height"] <= errors["y"] and errors["y"] + errors["height"] < 844
    accessible(page)
    look(page, "form-phone-refused")


def test_on_a_low_screen_nothing_covers_the_form(visit, patient, unplanned, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    for size, expected in (((390, 844), ["sticky", "static"]), ((320, 256), ["static", "static"])):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        found = [
            page.evaluate(f"getComputedStyle(document.querySelector('{part}')).position")
            for part in (".patient", ".run")
        ]
        assert found == expected
        wide = "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.visually-hidden, svg')).map(e => e.outerHTML.slice(0, 90))"
        assert page.evaluate(wide) == []


def test_walking_a_phones_form_by_tab_never_hides_the_focus(visit, patient, unplanned, live_server):
    page = visit("clinician")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    page.focus("#f-age")
    hidden = """() => { const box = document.activeElement.getClientRects()[0];
      const x = box.left + box.width / 2, y = box.top + box.height / 2;
      const top = document.elementFromPoint(x, y);
      return top && (document.activeElement === top || document.activeElement.contains(top)) ? null : document.activeElement.name; }"""
    for _ in range(20):
        assert page.evaluate(hidden) is None
        page.keyboard.press("Tab")


@pytest.mark.embedded
def test_from_the_sign_in_to_a_result_it_takes_three_actions(visit, accessible, look, wards, unplanned, working):
    done = ["sign in"]
    page = visit("clinician")
    look(page, "list", SIZES)

    page.click("a[data-run] >> nth=0")
    done.append("open the form from the list")
    page.wait_for_selector("button[data-once]:focus")
    page.keyboard.press("Enter")
    done.append("run")
    page.wait_for_selector(".headline:has-text('of 100')", timeout=20_000)
    assert len(done) == 3


def test_the_whole_way_goes_by_keyboard_alone(visit, accessible, wards, unplanned, working):
    page = visit("clinician")
    page.wait_for_selector("[data-keys]")
    page.wait_for_load_state()
    page.keyboard.press("?")
    assert page.is_visible("dl.keys")
    page.keyboard.press("?")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    marked = page.evaluate("document.activeElement.id")
    page.keyboard.press("s")
    page.wait_for_selector("tbody tr:first-child [aria-pressed=true]")
    assert page.evaluate("document.activeElement.id") == marked
    page.keyboard.press("r")
    page.wait_for_selector("button[data-once]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector(".headline:has-text('of 100')", timeout=20_000)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Agree":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#feedback-receipt:has-text('You agreed')")
    accessible(page)


def test_going_back_from_one_patients_form_never_shows_what_was_typed_for_another(visit, wards, unplanned, live_server):
    page = visit("clinician")
    first, second = (page.locator("a[data-run]").nth(place).get_attribute("href") for place in (0, 1))
    page.goto(live_server.url + first)
    shown = page.input_value("#f-bmi")
    page.fill("#f-bmi", "77.7")
    page.goto(live_server.url + second)
    assert page.input_value("#f-bmi") != "77.7"
    page.go_back()
    page.wait_for_selector("[data-form]")
    assert page.url.endswith(first) and page.inner_text("button[data-once]").endswith(
        page.inner_text(".patient strong")
    )
    assert page.input_value("#f-bmi") in (shown, "77.7")
