"""An administrator changes the hospital, through a real browser."""

from pathlib import Path

import pytest

from portal.records.models import CareUnit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


def test_a_joiner_is_added_placed_moved_and_leaves(visit, accessible, look, wards, cast, live_server):
    page = visit("admin")
    page.click("nav.rail >> text=Hospital")
    accessible(page)
    look(page, "people")
    page.click("text=Add a person")
    page.fill("#name", "Jane Doe")
    page.fill("#username", "jane doe")
    page.check("input[value=clinician]")
    page.click("button[data-once]")
    accessible(page)
    look(page, "join-wrong")
    assert page.locator("#errors a").all_inner_texts() == [
        "User name: 2 to 40 letters, digits, points and hyphens, for example jane.doe."
    ]
    assert page.input_value("#name") == "Jane Doe" and page.is_checked("input[value=clinician]")
    page.fill("#username", "jane.doe")
    page.click("button[data-once]")
    accessible(page)
    look(page, "joined")
    assert len(page.locator("#password").inner_text()) >= 16

    first, second = CareUnit.objects.filter(care_relationships__isnull=False).order_by("name")
    page.click("text=Go on to Jane Doe")
    page.goto(f"{live_server.url}/hospital/wards/")
    accessible(page)
    look(page, "wards")
    page.click(f"text={first.name}")
    page.select_option("#person", label="Jane Doe")
    page.select_option("#covers", label="Jonas Lind")
    page.click("button[data-once]")
    assert page.locator("#errors a").inner_text() == "Until: a shift cover needs an end."
    page.fill("#until", "2099-11-08T07:00")
    page.click("button[data-once]")
    accessible(page)
    look(page, "ward")
    assert f"Jane Doe works on {first.name}" in page.locator(".messages").inner_text()

    page.click("tr:has-text('Jane Doe') >> text=Move")
    page.select_option("#to", label=second.name)
    accessible(page)
    look(page, "move")
    page.click("button[data-once]")
    accessible(page)
    look(page, "person")
    assert page.locator("section:has-text('Wards') tbody tr").first.inner_text().startswith(second.name)

    page.click("text=Leaves the hospital")
    accessible(page)
    look(page, "leave")
    assert page.locator("#ending dd").all_inner_texts() == ["0", "0", "1", "0", "0"]
    page.click("button[data-once]")
    assert "left" in page.locator(".title").inner_text()


def test_a_study_is_opened_and_the_officer_reads_the_routes(visit, accessible, look, studies, live_server):
    page = visit("admin")
    page.goto(f"{live_server.url}/hospital/studies/")
    page.fill("#title", "Stroke after 2027")
    page.fill("#slug", "stroke-2027")
    accessible(page)
    look(page, "studies")
    page.click("button[data-once]")
    page.select_option("#person", label="Mei Tanaka")
    page.click("button[data-once]")
    accessible(page)
    look(page, "study")
    assert page.locator("tbody tr").count() == 1

    officer = visit("auditor")
    officer.click("nav.rail >> text=Routes")
    accessible(officer)
    look(officer, "routes")
    officer.select_option("select[name=phi]", label="clinical")
    officer.click("button:has-text('Filter')")
    with officer.expect_download() as got:
        officer.click("text=Download as CSV")
    lines = Path(got.value.path()).read_text().splitlines()
    assert len(lines) == 1 + officer.locator("tbody tr").count() > 1


def test_somebody_without_the_role_is_told_why(visit, accessible, cast, live_server):
    page = visit("scientist")

    assert page.goto(f"{live_server.url}/admin/").status == 403
    assert "This needs the role Administrator" in page.locator("main").inner_text()
    accessible(page)
