"""A model that is brought in from the browser, and what its files page says, through a real browser."""

import pickle

import pytest
from django.db import connection

from portal.access.actors import SYSTEM
from portal.compute.actions import reconcile
from portal.registry.models import ModelVersion
from tests.compute.test_environments import wheel
from tests.registry.test_arrivals import model, packed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings, tmp_path):
    settings.DEMO = True
    settings.DATASETS = tmp_path / "datasets"


def send(page, path, content: bytes, name: str) -> None:
    """Fill the form of a new model and send it with a zip."""
    path.write_bytes(content)
    page.fill("#name", name)
    page.set_input_files("#file", path)
    page.click("button[data-once]")


class Usual:
    """What a harmless pickle of a library's class looks like."""

    def __reduce__(self):
        from collections import OrderedDict

        return OrderedDict, ()


def test_a_scientist_brings_a_zip_and_sees_it_loaded(visit, accessible, look, studies, trained, working, tmp_path):
    page = visit("scientist")
    look(page, "models-none")
    page.click("text=Bring a model")
    accessible(page)
    look(page, "model-new")
    page.click("button[data-once]")
    assert page.locator("#errors a").first.inner_text().startswith("A model's name has small letters")
    accessible(page)
    look(page, "model-new-wrong")

    odd = tmp_path / "odd"
    (odd / "inner").mkdir(parents=True)
    (odd / "inner" / "notes.txt").write_text("no model here")
    send(page, tmp_path / "odd.zip", packed(odd), "unplanned-admission")
    page.wait_for_selector("#arrival-status:not([hx-get])", timeout=30_000)
    assert page.locator("#arrival-status li").inner_text().startswith("The zip holds no MLmodel file.")
    accessible(page)
    look(page, "arrival-refused")

    page.click("text=Bring it again")
    send(page, tmp_path / "good.zip", packed(trained["unplanned-admission"], "m/"), "unplanned-admission")
    page.wait_for_url("**/files/", timeout=30_000)
    page.wait_for_selector("#files-status:not([hx-get])", timeout=60_000)
    assert page.locator("text=It was ready").count() == 1
    assert page.locator("text=Nothing among the files can run code when it is read.").count() == 1
    accessible(page)
    look(page, "files-ready")
    page.click("nav.version-parts >> text=Overview")
    page.wait_for_url(lambda address: not address.endswith("/files/"))
    assert page.locator("#missing a[href$='/files/']").count() == 0


def test_software_that_cannot_be_had_is_said_with_what_was_done(
    visit, accessible, look, studies, worked, scorer, settings, tmp_path, live_server
):
    settings.WHEELS = str(tmp_path / "wheels")
    wheel(tmp_path / "wheels", "tinymath", "1.5")
    lines = "mlflow\ntinymath==1.5\nno-such-package==9\n"
    folder = model(tmp_path / "m", **{"requirements.txt": lines, "extra.pkl": pickle.dumps(Usual())})
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/models/new/")
    send(page, tmp_path / "m.zip", packed(folder), "own-software")
    page.wait_for_selector("#arrival-status[hx-get]")
    accessible(page)
    look(page, "arrival-waiting")
    worked()
    page.wait_for_url("**/files/", timeout=30_000)
    while ModelVersion.objects.get().environment.state != "failed":
        reconcile(by=SYSTEM)
        worked()
        connection.close()
        page.wait_for_timeout(500)
    page.wait_for_selector("#files-status:not([hx-get])", timeout=30_000)
    assert "No matching distribution found for" in page.locator("#files-status").inner_text()
    assert page.locator("pre.log").is_visible()
    assert page.locator("table:has(caption) th:has-text('extra.pkl')").count() == 1
    accessible(page)
    look(page, "files-failed")

    page.click("text=Put the software together")
    page.wait_for_selector("#files-status[hx-get]")
    accessible(page)
    look(page, "files-building")
