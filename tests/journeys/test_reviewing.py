"""A second version from its proposal to two signatures, a withdrawal and a new owner, as people do it."""

import json
import shutil
from datetime import timedelta

import pytest

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.core import clock
from portal.records.models import CareUnit
from portal.registry import actions
from portal.registry.models import ModelVersion
from portal.registry.review import checklist, discussion
from portal.studies import actions as studying
from tests import evidence

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def second(cast, wards, approve, trained, studies, tmp_path, tried) -> ModelVersion:
    """The second version of an approved model, with another question and another library."""
    approve("coronary-disease", trained["coronary-disease"])
    folder = tmp_path / "second"
    shutil.copytree(trained["coronary-disease"], folder)
    proposed = json.loads((folder / "formulary.json").read_text())
    name = next(iter(proposed["inputs"]))
    proposed["inputs"][name]["label"] = "Chest pain, as the patient tells it"
    (folder / "formulary.json").write_text(json.dumps(proposed))
    (folder / "requirements.txt").write_text((folder / "requirements.txt").read_text() + "\nrfc8785>=0.1\n")
    version = actions.register(
        by=cast["scientist"], on=studies["demo"], slug="coronary-disease", folder=folder,
        run={"metrics": {"auroc": 0.81}},
    )  # fmt: skip
    tried(version)
    return version


def prove(page, person) -> None:
    page.fill("#password", PASSWORD)
    page.fill("#code", factors.current_code(person))


def said(page) -> str:
    return page.locator(".messages").inner_text()


def test_a_version_is_proposed_reviewed_and_signed(visit, accessible, look, cast, second, live_server, monkeypatch):
    address = f"{live_server.url}/lab/versions/{second.public_id}/"
    scientist = visit("scientist")
    scientist.goto(address)
    scientist.click("text=Submit for approval")
    accessible(scientist)
    look(scientist, "propose")
    scientist.fill("#changes", "One question is worded as patients say it.")
    scientist.check("input[value=some]")
    scientist.check("input[name=wards] >> nth=0")
    scientist.check("input[name=wards] >> nth=1")
    scientist.click("button[data-once]")
    assert "Submitted. Before anyone can sign: Its acceptance cases" in said(scientist)

    page = visit("reviewer")
    page.goto(f"{live_server.url}/oversight/approvals/")
    accessible(page)
    look(page, "approvals")
    page.click("tbody a")
    accessible(page)
    look(page, "approval")
    page.click("text=Limit the wards")
    accessible(page)
    look(page, "narrow")
    page.uncheck("input[name=wards]:checked >> nth=1")
    page.click("button[data-once]")
    assert "Limited" in said(page)
    assert second.care_units.count() == 1
    evidence.prove(second, cast["scientist"])

    page.goto(f"{address}review/")
    text = page.locator("#difference").inner_text()
    assert "Mei Tanaka writes: One question is worded as patients say it." in text
    assert "One part of the environment is new: rfc8785." in text
    assert "Chest pain, as the patient tells it" in text
    page.fill("#discussion > form textarea", "Why is the question worded anew?")
    page.click("#discussion > form button")
    assert "Said." in said(page)
    accessible(page)
    scientist.goto(f"{live_server.url}/account/notices/")
    scientist.click("text=Open the review")
    scientist.click("text=Answer Ruth Adler")
    scientist.fill(".remarks textarea", "Patients did not know the old word.")
    scientist.click(".remarks button[data-once]")
    accessible(scientist)

    page.goto(f"{address}review/")
    for point in checklist.POINTS:
        page.check(f"input[name={point}][value=yes]")
    page.check("input[name=fair][value=no]")
    page.click("text=Keep my answers")
    assert "say in a few words why not" in page.locator("main [role=alert]").inner_text()
    page.fill("#fair-note", "Too few women in the data to tell.")
    accessible(page)
    look(page, "review")
    page.click("text=Keep my answers")
    assert "You can sign now" in said(page)
    for number, name in enumerate(("reviewer", "reviewer2")):
        page = page if number == 0 else visit(name)
        if number:
            page.goto(f"{address}review/")
            assert "Too few women in the data to tell." in page.locator("main").inner_text()
            for point in checklist.POINTS:
                page.check(f"input[name={point}][value=yes]")
            page.click("text=Keep my answers")
        page.check("input[value=approve]")
        page.fill("#reason", "Read the evidence; the limits are plain.")
        prove(page, cast[name])
        page.click("aside form:has(#password) button[data-once]")
        assert page.locator("main [role=alert]").count() == 0, page.locator("main [role=alert]").inner_text()
        assert ("Approved until" if number else "One more signature is needed") in said(page)
    second.refresh_from_db()
    assert second.state == "approved"
    page.goto(address)
    shown = page.locator("aside").inner_text()
    assert ("Clinical owner" in shown, "Data science" in shown) == (True, True)
    accessible(page)
    look(page, "version-signed")
    with page.expect_download() as download:
        page.click("text=Approval as PDF")
    assert download.value.suggested_filename == "approval.pdf"


def test_an_approval_is_withdrawn_given_again_and_the_version_resumed(
    visit, accessible, look, cast, unplanned, live_server
):
    page = visit("reviewer")
    address = f"{live_server.url}/lab/versions/{unplanned.public_id}/"
    page.goto(address)
    page.click("text=Withdraw my approval")
    accessible(page)
    look(page, "withdraw")
    page.fill("#reason", "The unit of one value is in doubt.")
    prove(page, cast["reviewer"])
    page.click("button[data-once]")
    assert "Withdrawn" in said(page)
    assert "Ruth Adler withdrew the approval" in page.locator("main").inner_text()
    page.click("text=Sign again")
    accessible(page)
    page.check("input[value=approve]")
    page.fill("#reason", "The unit was right after all.")
    let_a_code_pass(cast["reviewer"])
    prove(page, cast["reviewer"])
    page.click("aside form:has(#password) button[data-once]")
    assert "Signed" in said(page)

    other = visit("reviewer2")
    other.goto(address)
    other.click("text=Let it run again")
    accessible(other)
    look(other, "resume")
    other.fill("#reason", "Checked with the laboratory.")
    prove(other, cast["reviewer2"])
    other.click("button[data-once]")
    assert "runs again" in said(other)
    unplanned.refresh_from_db()
    assert unplanned.state == "approved"


def let_a_code_pass(person) -> None:
    """A one-time code serves once: forget which one was used instead of waiting for the next half minute."""
    from django.core.cache import cache

    cache.clear()


def test_the_committee_names_a_deputy_and_declares_an_interest(visit, accessible, look, cast, second, live_server):
    actions.submit(by=cast["scientist"], on=second)
    page = visit("reviewer")
    page.goto(f"{live_server.url}/oversight/approvals/")
    page.click("text=Committee and deputies")
    page.select_option("#deputy", label="Tomás Vega")
    page.fill("#until", (clock.now().date() + timedelta(days=7)).isoformat())
    page.click("text=Name as deputy")
    assert "may sign in your place" in said(page)
    accessible(page)
    look(page, "committee")

    other = visit("reviewer2")
    other.goto(f"{live_server.url}/oversight/approvals/{second.public_id}/")
    assert "Clinical owner, for Ruth Adler" in other.locator("main").inner_text()
    other.click("text=I have an interest in this model")
    other.fill("#interest", "I trained the first version of it.")
    other.click("text=Declare it")
    assert "Declared" in said(other)
    page.goto(f"{live_server.url}/oversight/approvals/{second.public_id}/")
    assert "Tomás Vega does not sign for this model: I trained the first version" in page.locator("main").inner_text()
    accessible(page)
    look(page, "interest")


def test_a_model_is_handed_on(visit, accessible, look, cast, studies, unplanned, live_server):
    colleague = access.add_person(
        by=SYSTEM, username="cora", name="Cora Nyberg", password=PASSWORD, role_names=["scientist"]
    )
    studying.add_member(by=SYSTEM, on=studies["demo"], person=colleague)
    discussion.comment(by=cast["scientist"], on=unplanned, words="I leave in spring.")
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/versions/{unplanned.public_id}/")
    page.click("text=Hand it on")
    page.click("button[data-once]")
    assert "Choose somebody else" in page.locator("main [role=alert]").inner_text()
    accessible(page)
    page.select_option("#to", label="Cora Nyberg")
    look(page, "owner")
    page.click("button[data-once]")
    assert "Cora Nyberg is asked" in said(page)

    other = visit("cora")
    other.goto(f"{live_server.url}/account/notices/")
    other.click("text=Open the version")
    other.click("text=Hand it on")
    accessible(other)
    look(other, "owner-asked")
    other.click("text=I answer for it")
    assert "You answer for this model now" in said(other)
    unplanned.model.refresh_from_db()
    assert unplanned.model.owner == colleague


def test_an_administrator_gives_the_seats(visit, accessible, look, cast, live_server):
    page = visit("admin")
    page.goto(f"{live_server.url}/hospital/people/{cast['reviewer'].public_id}/")
    accessible(page)
    look(page, "seats")
    page.check("input[value=data-science]")
    page.click("text=Set seats")
    assert "are set" in said(page)
    assert CareUnit.objects.count() == 0
