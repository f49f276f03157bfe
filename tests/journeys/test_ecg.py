"""An ECG from the file on somebody's disk to the beats on the screen, and the file of somebody else."""

import pytest

from portal.records import actions as records
from tests.signals.files import ecg, header_of, of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def files(cast, patient, tmp_path):
    """Files on a clinician's disk: of the patient, of somebody else, of nobody."""
    chosen = records.open_patient(by=cast["clinician"], on=patient).patient
    wrong = ecg(**header_of(chosen) | {"born": "1950-01-02"})
    made = {"mine": of(chosen), "wrong": wrong, "nobody": ecg(), "irregular": of(chosen, irregular=True, seed=4)}
    for name, content in made.items():
        (tmp_path / f"{name}.dcm").write_bytes(content)
    return {name: str(tmp_path / f"{name}.dcm") for name in made}


def test_an_ecg_is_sent_read_and_drawn(visit, accessible, look, patient, rhythm, working, live_server, files):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/")
    page.click("text=Irregular rhythm on a 12-lead ECG")
    accessible(page)
    look(page, "ecg-form")

    page.set_input_files("#f-ecg", files["wrong"])
    page.click("main button[type=submit]")
    page.wait_for_selector("[role=alert]")
    assert "The file says it is of another patient: birth date differs." in page.locator("[role=alert]").inner_text()
    accessible(page)
    look(page, "ecg-wrong")

    page.set_input_files("#f-ecg", files["nobody"])
    page.click("main button[type=submit]")
    page.wait_for_selector("text=I know that this ECG is of")
    accessible(page)
    look(page, "ecg-nobody")

    page.set_input_files("#f-ecg", files["mine"])
    page.click("main button[type=submit]")
    page.wait_for_selector("text=Whose answer this is")
    words = page.locator("main").inner_text()
    assert "The rhythm looks regular: probability of an irregular rhythm" in words
    assert "recorded 8 Nov 2026, 14:02" in words and "II of I, II, III" in words
    assert "Triangles: the beats that the model counted" in words
    accessible(page)
    look(page, "ecg-result")

    page.focus(".paper")
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('.paper').scrollLeft") > 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.click("summary:has-text('R–R intervals')")
    assert page.locator("caption:has-text('Beats that the model marked')").is_visible()


def test_without_scripts_and_on_paper(chromium, visit, look, patient, rhythm, working, live_server, files):
    page = visit("clinician", java_script_enabled=False)
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/irregular-rhythm/")
    page.set_input_files("#f-ecg", files["irregular"])
    page.click("main button[type=submit]")
    for _ in range(60):
        if page.locator("text=Whose answer this is").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert "The rhythm looks irregular" in page.locator("main").inner_text()
    page.emulate_media(media="print")
    look(page, "ecg-paper")
