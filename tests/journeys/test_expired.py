"""A version whose last day is over, on every page that speaks of it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.core import clock
from portal.registry.models import ModelVersion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture
def expired(unplanned, patient, monkeypatch, settings) -> ModelVersion:
    settings.DEMO = True
    version = ModelVersion.objects.get(pk=unplanned.pk)
    monkeypatch.setattr(clock, "today", lambda: version.expires_on + timedelta(days=1))
    return version


def test_everybody_reads_that_a_versions_last_day_is_over(visit, accessible, look, expired, patient, live_server):
    page = visit("scientist")
    for route, args in (("lab:models", []), ("lab:version", [expired.public_id])):
        page.goto(live_server.url + reverse(route, args=args))
        assert "expired" in page.inner_text("main") and "approved" not in page.inner_text(".title, td.state")
        accessible(page)
        look(page, f"expired-{route.partition(':')[2]}")
    assert "The approval of this version has ended; it cannot be run." in page.inner_text("main")

    page = visit("clinician")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/")
    assert expired.model.title not in page.inner_text("main")
    look(page, "expired-patient")
    page.goto(f"{live_server.url}/clinic/patients/{patient}/models/{expired.model.slug}/")
    look(page, "expired-form")
    assert f"ended on {expired.expires_on:%-d %b %Y}." in page.inner_text("main")
    accessible(page)
    assert page.locator("button[data-once]:has-text('Run')").count() == 0
