"""A question that hangs on another one appears and goes as one answers, and never sends its last value."""

import pytest

from portal.predictions.models import Prediction
from tests.predictions import small

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
OVERLAY = {
    "title": "Level of a drug",
    "inputs": {
        "x": {"label": "Dose", "unit": "mg", "unit_label": "mg", "units": ["g"]},
        "y": {"label": "Days of it", "required": True, "when": {"input": "x", "above": 5}},
    },
    "output": {"kind": "number", "column": "level", "label": "Level"},
}


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def address(approve, tmp_path, live_server, patient) -> str:
    approve("small", small.write(tmp_path / "small", {"level": (2, 3, 5)}, OVERLAY))
    return f"{live_server.url}/clinic/patients/{patient}/models/small/"


def test_what_hangs_on_another_answer_comes_and_goes(visit, accessible, look, address, working):
    page = visit("clinician")
    page.goto(address)
    assert not page.is_visible("#f-y")
    page.fill("#f-x", "7")
    page.wait_for_selector("#f-y:visible")
    assert "still needed: days of it" in page.inner_text("#tally")
    page.fill("#f-y", "100")
    page.select_option("select[name='unit.x']", "g")
    page.fill("#f-x", "0.004")
    page.wait_for_selector("#f-y", state="hidden")
    assert "1 of 1 known" in page.inner_text("#tally")
    page.fill("#f-x", "0.006")
    page.wait_for_selector("#f-y:visible")
    look(page, "condition")
    accessible(page)
    page.fill("#f-x", "0.001")
    page.wait_for_selector("#f-y", state="hidden")

    page.click("button[data-once]")
    page.wait_for_selector(".headline:has-text('about 13')", timeout=20_000)
    assert "Days of it was not asked. Asked only when Dose is above 5 mg." in page.inner_text("#rests-on")


def test_without_scripts_it_stands_there_and_the_server_decides(visit, address, working, cast):
    page = visit("clinician", java_script_enabled=False)
    page.goto(address)
    assert page.is_visible("#f-y")
    page.fill("#f-x", "1")
    page.fill("#f-y", "100")
    page.click("button[data-once]")
    page.wait_for_url("**/predictions/**")
    from portal.core import guard

    with guard.unlocked():
        assert Prediction.objects.get().inputs["values"] == {"x": 1.0}
