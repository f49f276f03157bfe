"""A table that a colleague may compute on without seeing it, through a real browser."""

import pytest

from portal.datasets import actions
from tests.datasets.conftest import people_table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings, tmp_path):
    settings.DEMO = True
    settings.DATASETS = tmp_path / "datasets"


def send(page, path, content: bytes) -> None:
    """Choose a file, send it, and wait until it was read."""
    path.write_bytes(content)
    page.set_input_files("#file", path)
    page.click("button[data-once]")
    page.wait_for_selector("#dataset-version-status:not([hx-get])", timeout=30_000)


def test_a_colleague_computes_without_seeing_until_the_right_ends(
    visit, accessible, look, studies, working, live_server, tmp_path
):
    owner = visit("scientist")
    owner.click("nav.rail >> text=Datasets")
    accessible(owner)
    look(owner, "datasets-none")
    owner.click("text=New dataset")
    owner.click("button[data-once]")
    look(owner, "dataset-new-wrong")
    assert owner.locator("#errors a").all_inner_texts()[0].startswith("Title: 3 to 120 characters")
    owner.fill("#title", "Chest films 2026")
    owner.fill("#description", "One row a film, from the reading room's own list.")
    owner.check("input[value=identified]")
    accessible(owner)
    owner.click("button[data-once]")
    accessible(owner)
    look(owner, "dataset-upload")
    send(owner, tmp_path / "odd.csv", b"mrn,ward\nMRN-1,north\nMRN-2\n")
    accessible(owner)
    look(owner, "dataset-refused")
    assert owner.locator("li:has-text('Line 3 has 1 values')").count() == 1

    owner.click("text=Upload it again")
    send(owner, tmp_path / "good.csv", people_table(400))
    accessible(owner)
    owner.click("text=Confirm the columns")
    accessible(owner)
    look(owner, "dataset-columns")
    assert owner.input_value("#holds-0") == "mrn" and owner.input_value("#holds-1") == "names"
    owner.click("button[data-once]")
    assert owner.locator("#errors a").inner_text().startswith("Column names: confirm")
    owner.check("#names")
    owner.click("button[data-once]")
    accessible(owner)
    look(owner, "dataset-version-owner")
    version = owner.url
    owner.click("a.button:has-text('Read rows')")
    accessible(owner)
    look(owner, "dataset-rows")
    assert owner.locator("td:has-text('Zebra49')").count() == 1

    owner.click("nav.crumbs >> text=Chest films 2026")
    accessible(owner)
    look(owner, "dataset")
    owner.click("text=Who may do what")
    owner.select_option("#person", label="Luca Ferri")
    owner.check("input[value=compute]")
    owner.fill("#words", "Planning the trial of the new reader")
    owner.click("button[data-once]")
    accessible(owner)

    guest = visit("scientist2")
    guest.goto(f"{live_server.url}/lab/datasets/")
    accessible(guest)
    look(guest, "datasets")
    guest.goto(version)
    accessible(guest)
    look(guest, "dataset-version-guest")
    assert "Zebra" not in guest.content() and "attic" not in guest.content()
    guest.click("text=Compute a summary")
    accessible(guest)
    guest.select_option("#by-1", "ward")
    guest.select_option("#by-2", "finding")
    look(guest, "dataset-summaries")
    guest.click("button[data-once]")
    guest.wait_for_selector("#summary-status:not([hx-get])", timeout=30_000)
    accessible(guest)
    look(guest, "summary")
    assert guest.locator(".headline").inner_text() == "400 rows in all."
    assert guest.locator("tbody tr").last.locator("td").last.inner_text() == "400"
    summary = guest.url
    guest.click("text=Ask for another")
    guest.select_option("#where-1", "age")
    guest.select_option("#where-1-test", "at-least")
    guest.fill("#where-1-value", "22")
    guest.click("button[data-once]")
    guest.wait_for_selector("#summary-status:not([hx-get])", timeout=30_000)
    look(guest, "summary-other")
    for closed in ("rows/", "columns/"):
        assert guest.goto(version + closed).status == 403
    accessible(guest)
    look(guest, "dataset-rows-refused")

    owner.reload()
    look(owner, "dataset-rights")
    owner.click("button:has-text('End now')")
    accessible(owner)
    look(owner, "dataset-rights-ended")
    assert "cannot be taken back" in owner.locator(".messages").inner_text()
    assert [guest.goto(address).status for address in (version, summary)] == [404, 404]
    owner.goto(f"{version}remove/")
    accessible(owner)
    look(owner, "dataset-remove")
    owner.click("text=Remove the rows for good")
    accessible(owner)
    assert "gone for good" in owner.locator(".messages").inner_text()
    assert actions is not None


def test_a_member_of_the_study_knows_of_it_and_no_more(
    visit, accessible, look, cast, studies, live_server, working, tmp_path
):
    from portal.access.actors import SYSTEM
    from portal.studies import actions as of_studies

    actions.create(
        by=cast["scientist"], on=studies["demo"], title="Chest films", description="", classification="identified"
    )  # fmt: skip
    of_studies.add_member(by=SYSTEM, on=studies["demo"], person=cast["scientist2"])
    page = visit("scientist2")
    page.goto(f"{live_server.url}/lab/datasets/")
    page.click("text=Chest films")
    accessible(page)
    look(page, "dataset-member")

    assert page.locator("text=You see its description, size").count() == 1
    assert page.locator("text=Who may do what").count() == page.locator("text=Upload a version").count() == 0
