"""Model cards through a real browser: written by a scientist, read in plain words, and read by a nurse before the first run."""

import pytest

from portal.core import guard
from portal.registry import actions as registry
from portal.registry.cards.card import values_of
from portal.registry.models import Attestation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def draft(cast, studies, trained):
    folder = trained["coronary-disease"]
    return registry.register(by=cast["scientist"], on=studies["demo"], slug="coronary", folder=folder)


def test_a_scientist_writes_a_card_and_brings_a_file(visit, accessible, look, draft, live_server, tmp_path):
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/versions/{draft.public_id}/")
    page.click("nav.version-parts >> text=Model card")
    look(page, "card")
    accessible(page)

    page.click("#cautions >> text=Change")
    page.fill("[id='attribute.9.text']", "")
    page.click("button[data-once]")
    assert "When not to use it: not for (9) is blank." in page.inner_text("#missing")
    look(page, "card-blank")
    accessible(page)

    page.click("#making >> text=Change")
    page.uncheck("input[name='attribute.12.ticks'][value='sex']")
    look(page, "card-change")
    accessible(page)
    page.click("button[data-once]")
    assert "The form asks “Sex in the record”, but the card does not tick sex." in page.inner_text("#missing")

    page.click("#outside >> text=Change")
    page.fill("[id='attribute.17.text']", "Another hospital.")
    page.click("button[data-once]")
    assert "says something and “not available” as well" in page.inner_text("[id='attribute.17'] .error")
    page.uncheck("input[name='attribute.17.unavailable']")
    page.click("button[data-once]")
    assert values_of(draft)["attribute.17"] == {"text": "Another hospital."}

    page.click("#device >> text=Change")
    look(page, "card-device")
    accessible(page)
    page.goto(f"{live_server.url}/lab/versions/{draft.public_id}/card/")
    with page.expect_download() as taken:
        page.click("text=CHAI file")
    file = tmp_path / "card.xml"
    file.write_text(taken.value.path().read_text().replace("Another hospital.", "A hospital by the sea."))
    page.click("text=Bring a file")
    page.set_input_files("#file", str(file))
    page.click("button[data-once]")
    assert "The file would change 1 value." in page.inner_text(".headline")
    look(page, "card-file")
    accessible(page)
    page.click("button[data-once]")
    assert values_of(draft)["attribute.17"] == {"text": "A hospital by the sea."}


def test_a_nurse_reads_a_card_in_three_clicks_and_is_at_the_form(
    visit, accessible, look, patient, unplanned, live_server
):
    with guard.unlocked():
        Attestation.objects.all().delete()
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/")
    page.click(f"a[href$='/clinic/patients/{patient}/models/unplanned-admission/']")
    assert page.inner_text("h1") == "Unplanned admission within 12 months (synthetic)"
    look(page, "card-read")
    accessible(page)
    page.click("button[data-once]")
    assert "Tick that you have read it." in page.inner_text("[role=alert]")
    accessible(page)
    page.check("#read")
    page.click("button[data-once]")
    assert "/models/unplanned-admission/?version=1" in page.url
    assert "Run for" in page.inner_text("button[data-once]")

    page.click("text=Its model card")
    assert "Do not use it for" in page.inner_text("main")
    look(page, "card-plain")
    accessible(page)


def test_the_card_is_one_click_from_a_result(visit, result, live_server):
    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/predictions/{result}/")
    page.click("text=Its model card")
    assert page.url.endswith("/lab/models/unplanned-admission/card/?version=1")
