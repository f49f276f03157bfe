"""A form is shaped in a real browser: worded, previewed as one types, saved with a reason, and put back."""

import pytest

from portal.registry import actions, spec
from portal.registry.models import FormRevision, ModelVersion
from tests.predictions import small

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def submitted(cast, studies, trained):
    folder = trained["coronary-disease"]
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="coronary-disease", folder=folder)
    actions.submit(by=cast["scientist"], on=version)
    return version


def opened(page, field: str) -> None:
    page.click(f"#p-{field} > summary")


def test_a_reviewer_changes_a_label_in_three_clicks_and_goes_back_in_one(
    visit, accessible, look, submitted, live_server
):
    page = visit("reviewer")
    page.goto(f"{live_server.url}/oversight/approvals/{submitted.public_id}/")
    page.click("a:has-text('Change the form')")
    accessible(page)
    look(page, "studio")
    opened(page, "chol")
    page.fill("[id='s-chol.label']", "Cholesterol in the blood")
    page.wait_for_selector("#form-preview label:has-text('Cholesterol in the blood')")
    assert FormRevision.objects.count() == 1
    look(page, "studio-open")
    accessible(page)

    page.fill("[id='s-chol.units']", "kg")
    page.wait_for_selector("#form-preview >> text=kg cannot be converted to mg/dL.")
    look(page, "studio-unfit")
    page.fill("#why", "Wards say it so.")
    page.click("button:has-text('Save the form')")
    page.wait_for_selector("#p-chol[open] .error >> text=kg cannot be converted to mg/dL.")
    look(page, "studio-refused")
    accessible(page)
    page.fill("[id='s-chol.units']", "mmol/L")
    page.click("button:has-text('Save the form')")
    page.wait_for_selector("text=Saved as form 2.")
    assert "label Total cholesterol → Cholesterol in the blood" in page.inner_text("#history")
    assert "Wards say it so." in page.inner_text("#history")
    look(page, "studio-saved")

    page.click("text=Go back to form 1")
    page.wait_for_selector("text=Form 1 stands again, as form 3.")
    assert spec.form_of(ModelVersion.objects.get())["chol"].label == "Total cholesterol"


def test_without_scripts_a_form_is_previewed_and_saved_too(visit, chromium, live_server, cast, submitted):
    page = visit("reviewer", java_script_enabled=False)
    page.goto(f"{live_server.url}/lab/versions/{submitted.public_id}/form/")
    opened(page, "age")
    page.fill("[id='s-age.label']", "Age today")
    page.click("button:has-text('Preview')")
    page.wait_for_selector("#form-preview label:has-text('Age today')")
    assert FormRevision.objects.count() == 1
    page.fill("#why", "Wards say it so.")
    page.click("button:has-text('Save the form')")
    page.wait_for_selector("text=Saved as form 2.")


def test_others_read_the_form_and_its_states(visit, accessible, look, submitted, live_server):
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/versions/{submitted.public_id}/form/")
    assert page.locator("text=Save the form").count() == 0
    assert "As it came with the model's files." in page.inner_text("#history")
    accessible(page)
    look(page, "studio-read")


def test_a_scientist_says_what_the_answer_is_called(visit, accessible, look, cast, studies, live_server, tmp_path):
    columns = {"score": (1, 0, 0), "low": (1, 0, -1), "high": (1, 0, 1)}
    folder = small.write(tmp_path / "small", columns, {"title": "A small model"}, "Identity")
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="small", folder=folder)
    page = visit("scientist")
    page.goto(f"{live_server.url}/lab/versions/{version.public_id}/form/edit/")
    opened(page, "answer")
    page.select_option("[id='s-answer.kind']", "number")
    page.select_option("[id='s-answer.column']", "score")
    page.fill("[id='s-answer.label']", "Progression in a year")
    page.fill("[id='s-answer.unit']", "points")
    page.wait_for_selector("#form-preview >> text=Progression in a year: about 12.3 points.")
    accessible(page)
    look(page, "studio-answer")
    page.fill("#why", "Clinicians should read words.")
    page.click("button:has-text('Save the form')")
    page.wait_for_selector("text=Saved as form 2.")
    assert ModelVersion.objects.get(pk=version.pk).overlay["output"]["label"] == "Progression in a year"
