"""The page of a result: what it rests on, when there is no number, whom it is not for, when it is old, and on paper."""

import io
from datetime import timedelta

import pikepdf
import pytest

from portal.core import guard
from portal.predictions import actions
from portal.predictions.models import Prediction
from portal.records.actions import list_patients
from portal.records.models import Patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
OPTIONAL = ("bmi", "sbp", "creatinine", "hba1c", "cholesterol", "haemoglobin")
BREAST = {"menostat": "Post", "tsize": 21, "tgrade": "II", "pnodes": 3, "progrec": 48, "estrec": 66, "horTh": "no"}


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def result(cast, scorer, worked):
    """Run a model for a patient; the result's public id."""

    def run(patient, slug, inputs) -> str:
        version = actions.Choice(slug)
        found = actions.request(by=cast["clinician"], on=patient, version=version, inputs=inputs).prediction
        worked()
        return found

    return run


def grow_old(prediction: str, days: int) -> None:
    with guard.unlocked():
        row = Prediction.objects.get(public_id=prediction)
        row.ended_at -= timedelta(days=days)
        row.save(update_fields=("ended_at",))


def test_what_a_result_rests_on_and_when_it_is_old(visit, accessible, look, patient, unplanned, result, live_server):
    page = visit("clinician")
    found = result(patient, "unplanned-admission", {"creatinine": "", "hba1c": "", "bmi": "60"})
    grow_old(found, 41)
    page.goto(f"{live_server.url}/clinic/predictions/{found}/")

    words = page.locator("main").inner_text()
    assert "This result is 41 days old. Run it again before you use it." in words
    assert "instead the model used the median of its training data" in words
    assert page.inner_text("#unseen").startswith("Outside what the model has seen: body mass index 60 kg/m². ")
    doubts = (
        "Less certain than that: 2 values missing, 1 outside what the model has seen. All in all, the answer could lie"
    )
    assert page.inner_text("#doubts").startswith(doubts)
    assert "of the invented patients it was trained on; this answer is above it." in words
    assert "1 of them lies outside what the model has seen" in words
    assert ("this patient" in words, "Limits set by the model’s author; no source is given." in words) == (True, True)
    order = [words.index(title) for title in ("What it rests on", "What was missing", "What moved the answer", "What it does not consider", "Whose answer this is", "What do you think of it?")]  # fmt: skip
    assert order == sorted(order)
    accessible(page)
    look(page, "answer")
    page.emulate_media(forced_colors="active")
    drawn = ".standing .point", ".standing .band.here", ".array .on"
    colours = [
        page.eval_on_selector(part, "part => getComputedStyle(part).stroke + getComputedStyle(part).fill")
        for part in drawn
    ]
    behind = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert [set(colour.replace(behind, "")) == set() for colour in colours] == [False, False, False]
    accessible(page)
    page.emulate_media(media="print", forced_colors="none")
    look(page, "paper", sizes=((800, 1100),))
    assert "Printed by Amara Okafor" in page.locator("main").inner_text()
    assert not page.locator("#feedback").is_visible()
    assert page.locator(".patient").inner_text().count("INV-") == 1
    paper = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "15mm"))
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        assert len(pdf.pages) in (1, 2, 3)


def test_a_result_without_a_number_and_one_for_the_wrong_patient(
    visit, accessible, look, cast, wards, approve, trained, unplanned, result, live_server
):
    approve("breast-cancer-recurrence", trained["breast-cancer-recurrence"])
    people = list_patients(by=cast["clinician"])
    # On this ward lie only women; one of them is a man in the record from here on.
    man = people[0].public_id
    with guard.unlocked():
        row = Patient.objects.get(public_id=man)
        row.person = {**row.person, "sex": "male"}
        row.save()
    page = visit("clinician")

    page.goto(
        f"{live_server.url}/clinic/predictions/{result(man, 'unplanned-admission', dict.fromkeys(OPTIONAL, ''))}/"
    )
    words = page.locator("main").inner_text()
    assert "of what this model relies on is missing" in words
    assert (page.locator("svg.array").count(), page.locator("#contributions").count()) == (0, 0)
    accessible(page)
    look(page, "abstained")

    page.goto(f"{live_server.url}/clinic/predictions/{result(man, 'breast-cancer-recurrence', BREAST)}/")
    assert (
        "Not validated for this patient: all patients it was made from were women." in page.locator("main").inner_text()
    )
    accessible(page)
    look(page, "survival")
    page.goto(f"{live_server.url}/clinic/")
    assert "at 3 years" in page.locator("main").inner_text()
