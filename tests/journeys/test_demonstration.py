"""The demonstration's models on their pages: a risk, grades, a number, survival over time, each with what moved it."""

import pytest

from portal.predictions import actions

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
HEART = {"cp": "typical angina", "trestbps": 150, "chol": 250, "fbs": "", "restecg": "normal", "thalch": 130, "exang": "", "oldpeak": 1.2}  # fmt: skip
WOMAN = {"menostat": "Post", "tsize": 21, "tgrade": "II", "pnodes": 3, "progrec": 48, "estrec": 66, "horTh": "no"}
SUGAR = {"bmi": 31, "map": 101, "hdl": 38, "triglycerides": 190, "glucose": ""}


@pytest.fixture(autouse=True)
def demonstration(settings):
    settings.DEMO = True


@pytest.fixture
def opened(cast, patient, approve, trained, scorer, worked, visit, live_server):
    """Approve a model of the demonstration, run it for the clinician's patient and open the result."""
    page = visit("clinician")

    def run(slug: str, inputs: dict):
        approve(slug, trained[slug])
        made = actions.request(by=cast["clinician"], on=patient, version=actions.Choice(slug), inputs=inputs).prediction
        worked()
        page.goto(f"{live_server.url}/clinic/predictions/{made}/")
        return page

    return run


def moved(page) -> dict[str, str]:
    """The table of what moved the answer, by input."""
    rows = page.locator("#contributions tbody tr:not(.note)")
    return {row.locator("td").first.inner_text(): row.inner_text() for row in rows.all()}


def test_a_direction_that_surprises_says_why_and_what_is_not_known_moves_nothing(opened, accessible, look):
    page = opened("coronary-disease", HEART)

    found = moved(page)
    assert "makes it less likely" in found["Chest pain"]
    note = page.locator("#contributions tr.noted:has-text('Chest pain') + tr.note").inner_text()
    assert note.endswith("That is how patients were chosen, not how the disease works.")
    assert not {"Fasting blood sugar above 120 mg/dL", "Angina during exercise"} & set(found)
    assert (
        "instead the model used the average of its answers, which moves the answer neither way."
        in page.locator("main").inner_text()
    )
    accessible(page)
    look(page, "demo-risk")


def test_grades_are_told_all_with_what_moved_them(opened, accessible, look):
    page = opened("coronary-extent", HEART)

    words = page.locator("#answer").inner_text()
    assert (
        "Of 100 patients like this one, about " in words
        and "have no disease" in words
        and "What angiography will show" in words
    )
    assert (
        "Likely range: had the model learned from other patients" in words
        and "Less certain than that: 2 values missing" in words
    )
    assert "makes more disease likely" in " ".join(moved(page).values())
    accessible(page)
    look(page, "demo-classes")


def test_a_number_is_told_with_its_interval_and_no_probability(opened, accessible, look):
    page = opened("diabetes-progression", SUGAR)

    words = page.locator("#answer").inner_text()
    assert "Progression score in a year: about " in words and " of 100" not in words
    assert "about nine of ten patients whom the model had not seen lay so near its answer" in words
    assert "raises the number" in moved(page)["Triglycerides"]
    accessible(page)
    look(page, "demo-number")


def test_survival_says_how_it_turned_out_in_women_it_had_not_seen(opened, accessible, look, live_server):
    page = opened("breast-cancer-recurrence", WOMAN)

    words = page.locator("main").inner_text()
    assert "for a recurrence or death by 3 years, " in words and "each predicted by a fit made without her" in words
    assert (
        "Not checked on patients of this hospital yet: fewer than 11 people have a result old enough to know" in words
    )
    assert "so far no recurrence or death; the 3 years end on" in words
    accessible(page)
    look(page, "demo-survival")
    page.click("text=How reliable this version is, with picture and table")
    assert "Risk here is that of a recurrence or death by 3 years" in page.locator("main").inner_text()
    assert page.locator("svg.plot rect.held").count() == 10
    accessible(page)
    look(page, "demo-survival-reliability")
