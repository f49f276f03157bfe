"""What a clinician sees of corrections, merged records, outcomes and reliability."""

from datetime import timedelta

import pytest

from portal.access.actors import SYSTEM
from portal.core import clock, guard
from portal.monitoring import reliability
from portal.predictions.models import Prediction
from portal.records import actions as records
from tests.monitoring.test_reliability import counted, past, share_of
from tests.predictions.test_corrections import creatinine, load
from tests.records.test_corrections import UNVERIFIED, WARD, of, person, replaced

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def ward(cast, unplanned, settings):
    """A ward with one person under two records."""
    start = {"period": {"start": (clock.now() - timedelta(days=30)).isoformat()}}
    load(WARD, person(), creatinine(), of("Condition", "C"), of("Encounter", "E", **start), person("p2"),
         of("Encounter", "E2", "p2", **start))  # fmt: skip
    ((unit, _),) = records.size_units(by=SYSTEM)
    records.assign(by=SYSTEM, on=unit, person=cast["clinician"])
    return records.list_patients(by=cast["clinician"])


def run(page, live_server, patient) -> str:
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/unplanned-admission/")
    page.click("main button[type=submit]")
    page.wait_for_selector("text=Whose answer this is")
    return page.url


def test_a_result_says_what_was_corrected_and_what_happened(visit, accessible, look, ward, working, live_server):
    first, second = (patient.public_id for patient in ward)
    page = visit("clinician")
    run(page, live_server, second)
    result = run(page, live_server, first)
    assert "Not yet known: so far no unplanned stay" in page.locator("main").inner_text()
    load(creatinine(1.1, status="corrected"), of("Condition", "C", **UNVERIFIED),
         of("Encounter", "later", **{"class": {"code": "EMER"}, "period": {"start": (clock.now() + timedelta(days=3)).isoformat()}}))  # fmt: skip

    page.reload()
    words = page.locator("main").inner_text()
    assert "Creatinine was 1.4 mg/dL when this ran; corrected to 1.1 mg/dL on " in words
    assert "Diabetes was Yes when this ran; withdrawn on " in words
    assert "An unplanned stay on " in words
    accessible(page)
    look(page, "corrected")

    load(replaced("p2", "p1"))
    page.goto(f"{live_server.url}/clinic/")
    assert page.locator("tbody tr").count() == 1
    assert "used a corrected value" in page.locator("tbody").inner_text()
    page.fill("#search", "MRN-p2")
    page.keyboard.press("Enter")
    page.wait_for_selector("tbody tr")
    look(page, "worklist-corrected")
    page.goto(f"{live_server.url}/clinic/patients/{second}/")
    assert page.url.endswith(f"/patients/{first}/")
    words = page.locator("main").inner_text()
    assert "The earlier record MRN-p2 was merged into this one" in words
    assert "Run under the earlier record MRN-p2, which was merged into this one on " in words
    accessible(page)
    look(page, "merged")
    assert result


def test_how_such_results_turned_out_is_one_click_away(visit, accessible, look, ward, unplanned, working, live_server):
    page = visit("clinician")
    result = run(page, live_server, ward[0].public_id)
    assert "Not checked on patients of this hospital yet: " in page.locator("main").inner_text()
    key = result.rstrip("/").rsplit("/", 1)[1]
    page.click("text=How reliable this version is")
    accessible(page)
    look(page, "reliability-empty")

    with guard.unlocked():
        model = Prediction.objects.select_related("job", "patient").get(public_id=key)
        for share, n, hits in ((share_of(key), 34, 10), (0.05, 90, 4), (0.35, 40, 15), (0.62, 25, 16), (0.9, 3, 3)):
            for place in range(n):
                past(model, place, share, place < hits, 500)
    counted(unplanned)
    assert reliability.refresh(by=SYSTEM) == 0
    page.goto(result)
    assert "results in the band" in page.locator("main").inner_text()
    look(page, "beside")
    page.click("text=How reliable this version is")
    words = page.locator("main").inner_text()
    assert "192 results here" in words
    assert "By group" in words
    accessible(page)
    look(page, "reliability")
