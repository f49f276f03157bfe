"""A model's form as a page: what is shown before a run, what a tick does, for whom it runs."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.core import guard
from portal.predictions.models import Envelope, Prediction
from portal.records.actions import list_patients

pytestmark = pytest.mark.django_db(transaction=True)
USUAL = {
    "in.age": "64", "in.male": "1.0", "in.visits_12m": "3", "in.heart_failure": "0.0", "in.diabetes": "0.0",
    "in.copd": "0.0", "in.bmi": "27", "in.sbp": "130", "in.creatinine": "", "in.hba1c": "", "in.cholesterol": "",
    "in.haemoglobin": "",
}  # fmt: skip
ODD = USUAL | {"in.sbp": "240"}
TICK = {"tick.sbp": "240 mm[Hg]"}


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def client(cast) -> Client:
    found = Client()
    found.force_login(cast["clinician"])
    return found


@pytest.fixture
def address(patient, unplanned) -> str:
    return reverse("clinic:form", args=[patient, unplanned.model.slug])


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def predictions() -> int:
    with guard.unlocked():
        return Prediction.objects.count()


def test_an_unusual_value_waits_for_its_tick_and_says_who_checked_it(client, address, worked, scorer):
    answer = client.post(address, ODD)
    assert (answer.status_code, predictions()) == (422, 0)
    assert "240 mmHg is outside what the model has seen" in text(answer)
    assert "1 unusual value to confirm" in text(answer) and 'aria-invalid="true"' not in answer.content.decode()
    assert 'name="tick.sbp" value="240 mm[Hg]"' in answer.content.decode()
    assert client.post(address, ODD | {"tick.sbp": "130 mm[Hg]"}).status_code == 422

    assert client.post(address, ODD | TICK).status_code == 302
    worked()
    with guard.unlocked():
        content = Envelope.objects.get().content
    row = next(row for row in content["inputs"] if row["name"] == "sbp")
    assert row["checked_by"] == "Amara Okafor"
    assert [entry["sentence"].endswith("Checked by Amara Okafor.") for entry in content["out_of_range"]] == [True]


def test_what_is_not_possible_is_refused_whatever_is_ticked(client, address):
    answer = client.post(address, USUAL | {"in.sbp": "410", "tick.sbp": "410 mm[Hg]"})

    assert (answer.status_code, predictions()) == (422, 0)
    assert "Systolic blood pressure: 410 mmHg is not possible. Allowed: 40 to 300 mmHg." in text(answer)
    assert text(answer).count("Not possible: allowed 40 to 300 mmHg.") == 1
    assert 'data-judged="wrong"' in answer.content.decode() and "unusual value" not in text(answer)


def test_what_is_wrong_and_what_is_unusual_come_back_together(client, address):
    answer = client.post(address, ODD | {"in.bmi": "900"})

    assert (answer.status_code, predictions()) == (422, 0)
    assert "1 answer to correct" in text(answer) and "1 unusual value to confirm" in text(answer)
    assert re.findall(r'data-judged="(\w+)"', answer.content.decode()) == ["wrong", "unusual"]
    assert "Please confirm." in text(answer)
    assert re.findall(r'<li><a href="#f-(\w+)">', answer.content.decode()) == ["bmi", "sbp"]
    assert "7 of 12 known; still needed" not in text(answer) and "7 of 12 known" in text(answer)


def test_another_unit_comes_back_with_the_same_value_in_both(client, address):
    typed = ODD | {"in.creatinine": "88.4", "unit.creatinine": "umol/L", "tick.creatinine": ""}
    answer = client.post(address, typed)

    page = answer.content.decode()
    assert "88.4 µmol/L = 1 mg/dL" in text(answer)
    assert re.search(r'<option value="umol/L" data-factor="0\.01131\d*" data-offset="0\.0" selected>', page)


def test_the_line_above_the_button_counts_what_is_known(client, address):
    answer = client.post(address, ODD)

    assert "8 of 12 known" in text(answer)
    assert "; 4 missing: creatinine, haemoglobin A1c, total cholesterol, haemoglobin" in text(answer)
    assert "; to check: systolic blood pressure" in text(answer)


def test_a_model_that_is_not_for_the_patient_has_no_button_and_names_the_others(
    client, cast, address, patient, approve, trained, settings
):
    approve("coronary", trained["coronary-disease"])
    adults = reverse("clinic:form", args=[patient, "coronary"])
    assert "Met: Made for adults of 18 and over." in text(client.get(adults))

    born = next(row for row in list_patients(by=cast["clinician"]) if row.public_id == patient).birth_date
    settings.AS_OF = date.fromisoformat(born) + timedelta(days=12 * 365)
    answer = client.get(adults)
    assert "this model cannot be run here. Made for adults of 18 and over." in text(answer)
    assert "Run for" not in text(answer)
    assert f'<li><a href="{address}">' in answer.content.decode()


def test_a_form_runs_for_the_patient_in_its_address_though_another_was_opened_since(
    client, cast, address, patient, unplanned, worked
):
    other = next(row for row in list_patients(by=cast["clinician"]) if row.public_id != patient)
    first = client.get(address)
    second = client.get(reverse("clinic:form", args=[other.public_id, unplanned.model.slug]))
    assert f"Run for {other.name}" in text(second)
    assert f"Run for {other.name}" not in text(first)
    assert first["Cache-Control"] == "no-store, private"

    client.post(address, USUAL)
    with guard.unlocked():
        assert [row.patient.public_id for row in Prediction.objects.all()] == [patient]


def test_what_is_no_only_because_it_is_not_on_the_problem_list_is_counted_apart(client, address, patient):
    page = client.get(address)
    unlisted = page.content.decode().count(" data-not-listed")

    assert unlisted > 0
    assert f"known , {unlisted} of them “No” because not on the problem list" in text(page)
    typed = text(client.post(address, ODD | {"in.heart_failure": "1.0", "in.diabetes": "1.0", "in.copd": "1.0"}))
    assert "because not on the problem list" not in typed


def test_the_share_that_is_missing_is_said_with_the_limit_as_the_form_comes(client, address):
    gone = dict.fromkeys(("in.sbp", "in.bmi"), "")
    page = client.post(address, ODD | gone | {"in.age": ""}).content.decode()

    assert "data-relied>" in page
    assert "% of what the model relies on is missing; above 30 % it gives no number." in page
