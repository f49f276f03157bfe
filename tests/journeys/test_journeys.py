"""One story each, through a real browser."""

import re

import pytest

from portal.accounts import factors
from portal.audit.models import AuditEvent
from portal.compute.models import Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.mark.embedded
def test_a_clinician_gets_an_answer_for_a_patient_of_theirs(visit, accessible, wards, unplanned, working):
    page = visit("clinician")
    accessible(page)
    assert page.locator("h1").inner_text() == "My patients"

    page.click("tbody a >> nth=0")
    accessible(page)
    page.click("a.card:has-text('Unplanned admission')")
    accessible(page)
    assert page.locator("text=from the birth date in the record").count() == 1
    page.click("button[data-once]")
    page.wait_for_selector(".headline:has-text('of 100')", timeout=20_000)
    accessible(page)

    # The heading was renewed with the result: nobody must reload to print it or show it.
    assert page.locator("#prediction-heading a").all_inner_texts() == ["Run again", "Show to a colleague", "PDF"]
    words = page.locator("main").inner_text()
    assert re.search(r"(About|Fewer than|More than) \d+ of 100 patients like this one", words)
    # A plain result folds what only the detailed one opens.
    whole = page.locator("main").text_content()
    assert "Approved by" in whole and "Ruth Adler, Tomás Vega" in whole and unplanned.digest in whole
    assert page.locator("#prediction-status").get_attribute("hx-trigger") is None
    assert page.locator("svg.array").get_attribute("aria-label").endswith("within 12 months.")


def test_wrong_input_keeps_what_was_typed_and_names_each_field(visit, accessible, wards, unplanned, worked):
    page = visit("clinician")
    page.click("tbody a >> nth=0")
    page.click("a.card:has-text('Unplanned admission')")
    page.fill("#f-bmi", "37,0")
    page.fill("#f-sbp", "loud")
    page.click("button[data-once]")
    accessible(page)

    assert page.locator("#errors li").all_inner_texts() == [
        "Body mass index: write 37.0 with a point; you wrote 37,0.",
        "Systolic blood pressure: “loud” is not a number. Write digits, for example 37.5.",
    ]
    assert [page.input_value(field) for field in ("#f-bmi", "#f-sbp")] == ["37,0", "loud"]
    assert worked.waiting == []


def test_another_ward_does_not_exist_and_the_officer_sees_the_attempt(
    visit, accessible, patient, unplanned, live_server
):
    stranger = visit("clinician2")
    answer = stranger.goto(f"{live_server.url}/clinic/patients/{patient}/")
    assert answer.status == 404
    accessible(stranger)

    officer = visit("auditor")
    accessible(officer)
    officer.goto(f"{live_server.url}/oversight/events/?patient={patient}&outcome=denied")
    assert officer.locator("tbody tr").count() == 1
    assert "clinician2" in officer.locator("tbody tr").inner_text()
    officer.goto(f"{live_server.url}/oversight/integrity/")
    accessible(officer)
    officer.click("text=Check the whole log now")
    assert "Intact" in officer.locator(".messages").inner_text()


def test_two_reviewers_sign_and_one_stops(visit, accessible, cast, studies, trained, prove, live_server):
    from portal.registry import actions
    from portal.registry.review import checklist

    version = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="coronary", folder=trained["coronary-disease"]
    )
    prove(version)
    for name, says in (("reviewer", "One more signature is needed"), ("reviewer2", "Approved until")):
        page = visit(name)
        page.goto(f"{live_server.url}/oversight/approvals/")
        accessible(page)
        page.click("tbody a")
        accessible(page)
        page.click("text=answer them first")
        accessible(page)
        for point in checklist.POINTS:
            page.check(f"input[name={point}][value=yes]")
        page.click("text=Keep my answers")
        assert "Your checklist is complete" in page.locator(".messages").inner_text()
        page.check("input[value=approve]")
        page.fill("#reason", "Read the evidence; the limits are plain.")
        page.fill("#password", "correct-horse-battery")
        page.fill("#code", "000000")
        page.click("button[data-once]")
        assert "one-time code is not right" in page.locator("[role=alert]").inner_text()
        page.fill("#password", "correct-horse-battery")
        page.fill("#code", factors.current_code(cast[name]))
        page.click("button[data-once]")
        assert says in page.locator(".messages").inner_text()
    version.refresh_from_db()
    assert version.state == "approved"

    page.goto(f"{live_server.url}/lab/versions/{version.public_id}/")
    accessible(page)
    page.click("text=Stop this version")
    accessible(page)
    page.fill("#reason", "Odd answers on the ward since Monday.")
    page.click("text=Stop it now")
    assert "Odd answers on the ward since Monday." in page.locator("[role=alert]").inner_text()


def test_an_administrator_sets_a_quota_and_sees_jobs_but_no_patient(
    visit, accessible, cast, patient, unplanned, worked, live_server
):
    from portal.predictions import actions

    actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={})
    page = visit("admin")
    page.goto(f"{live_server.url}/admin/compute/job/")
    accessible(page)
    assert page.locator("#result_list tbody tr").count() == Job.objects.count() > 0
    assert patient not in page.content()
    page.goto(f"{live_server.url}/admin/compute/quota/add/")
    page.select_option("#id_person", label="clinician")
    page.fill("#id_daily_limit", "7")
    page.click("input[name=_save]")
    assert AuditEvent.objects.filter(verb="quota.set", actor="admin", outcome="ok").count() == 1
    assert page.goto(f"{live_server.url}/clinic/patients/{patient}/").status == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_door_is_accessible_on_a_phone_too(scheme, visit, accessible, wards, unplanned, live_server):
    for name, path in (
        ("clinician", "/clinic/"),
        ("scientist", "/lab/"),
        ("reviewer", "/oversight/approvals/"),
        ("auditor", "/oversight/events/"),
        ("admin", "/system/"),
        ("clinician", "/account/tokens/"),
    ):
        page = visit(name, color_scheme=scheme)
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(live_server.url + path)
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_api_page_asks_no_other_host_and_keeps_the_policy(visit, live_server):
    page = visit("scientist")
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.wait_for_selector(".opblock", timeout=20_000)

    assert page.locator(".opblock").count() > 10


def test_the_first_visit_is_light(visit, wards, live_server):
    import gzip

    page = visit("clinician")
    sizes = []
    page.on(
        "response", lambda answer: sizes.append(len(gzip.compress(answer.body()))) if answer.status == 200 else None
    )
    page.goto(f"{live_server.url}/clinic/")
    page.reload()
    page.wait_for_load_state("networkidle")

    assert 0 < sum(sizes) <= 150 * 1024
