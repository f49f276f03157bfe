"""A ward takes its packet, and its password, while the portal is there."""

import io

import pikepdf
import pytest

from portal.access.actors import SYSTEM
from portal.predictions import downtime

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


def test_a_ward_takes_its_packet(visit, accessible, look, wards, live_server, settings, tmp_path):
    settings.DEMO, settings.DOWNTIME = True, tmp_path / "downtime"
    page = visit("clinician")
    page.click("text=the ward's last results as a file")
    assert "Being written" in page.locator("main").inner_text()
    assert downtime.write_due(by=SYSTEM) > 1
    page.reload()
    page.click("button:has-text('Show the password')")
    password = page.locator("main [role=status] strong").inner_text()
    accessible(page)
    look(page, "downtime")
    with page.expect_download() as taken:
        page.click("button:has-text('Download')")
    with pikepdf.open(io.BytesIO(taken.value.path().read_bytes()), password=password) as pdf:
        assert len(pdf.pages) == 1
    page.click("button:has-text('Change the password')")
    assert page.locator("main [role=status] strong").inner_text() != password
