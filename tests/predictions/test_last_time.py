"""What was typed for the newest result is offered again, to those who may read it, and never filled in by itself."""

import json
import re
from datetime import timedelta

import pytest

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.predictions import actions, retraction
from portal.predictions.models import Prediction
from portal.records import actions as records
from portal.records import sharing
from portal.records.models import Patient, Standing
from tests import model_cards
from tests.web.test_form import USUAL, address, client, demonstration, text  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(cast, patient, unplanned, worked, scorer):
    def run(**inputs):
        found = actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs=inputs).prediction
        worked()
        return found

    return run


@pytest.fixture
def unrecorded(monkeypatch):
    """A record that says nothing of the body mass index and the blood pressure."""
    from portal.predictions import prefill

    fill = prefill.fill
    monkeypatch.setattr(
        prefill,
        "fill",
        lambda form, record: {name: found for name, found in fill(form, record).items() if name not in ("bmi", "sbp")},
    )


def offered(cast, patient, unplanned) -> dict[str, str]:
    blank = actions.open_form(by=cast["clinician"], on=patient, version=unplanned)
    return {name: typed.shown for name, typed in blank.last.items()}


def test_only_what_was_typed_for_the_newest_result_that_stands_is_offered(cast, ask, patient, unplanned, unrecorded):
    assert offered(cast, patient, unplanned) == {}
    ask(bmi="31.5", sbp="151")
    newest = ask(bmi="27.5", sbp="")
    assert offered(cast, patient, unplanned) == {"bmi": "27.5 kg/m²"}

    retraction.retract(by=cast["clinician"], on=newest, code="wrong-input")
    assert offered(cast, patient, unplanned) == {"bmi": "31.5 kg/m²", "sbp": "151 mmHg"}


def test_nothing_is_offered_from_a_result_that_one_may_not_open(cast, ask, patient, unplanned, unrecorded):
    """Somebody to whom one record was shared, and not the record of the result that was merged into it."""
    ask(bmi="31.5")
    survivor = records.list_patients(by=cast["clinician2"])[0].public_id
    third = access.add_person(by=SYSTEM, username="third", name="Tove Aune", password="correct-horse-battery", role_names=["clinician"])  # fmt: skip
    until = clock.now() + timedelta(days=1)
    model_cards.read(unplanned, third)
    sharing.share(by=cast["clinician2"], on=survivor, username="third", words="A consult on the round.", until=until)
    with guard.unlocked():
        goes_on = Patient.objects.get(public_id=survivor)
        Patient.objects.filter(pk=goes_on.pk).update(absorbs=True)
        moved = {
            "merged_into": goes_on,
            "standing": Standing.MERGED,
            "care_unit": goes_on.care_unit,
            "merged_at": clock.now(),
        }
        Patient.objects.filter(public_id=patient).update(**moved)

    assert offered({"clinician": third}, survivor, unplanned) == {}
    assert offered({"clinician": cast["clinician2"]}, survivor, unplanned) == {"bmi": "31.5 kg/m²"}


def test_the_ledger_says_whose_answers_a_form_repeated(cast, ask, patient, unplanned, unrecorded):
    result = ask(bmi="31.5")
    offered(cast, patient, unplanned)

    opened = AuditEvent.objects.filter(verb="prediction.form-opened", patient=patient).latest("id")
    assert json.loads(opened.payload)["detail"]["repeats"] == result


def test_the_form_offers_it_with_its_moment_and_fills_nothing_in(client, address, ask, unrecorded):  # noqa: F811
    ask(bmi="31.5")
    page = client.get(address)

    assert "): 31.5 kg/m²" in text(page) and "Last time (" in text(page)
    assert 'name="in.bmi" value=""' in page.content.decode() and 'data-take="31.5"' in page.content.decode()
    assert "days old): 31.5" not in text(page)
    # Without scripts the line stands alone: a button that does nothing is not shown.
    assert re.findall(r"<button[^>]*data-take[^>]*>", page.content.decode()) == [
        button for button in re.findall(r"<button[^>]*data-take[^>]*>", page.content.decode()) if " hidden>" in button
    ]
    with guard.unlocked():
        Prediction.objects.update(created_at=clock.now() - timedelta(days=400))
    assert ", 400 days old): 31.5 kg/m²" in text(client.get(address))


def test_where_the_record_says_something_only_the_record_speaks(client, address, ask):  # noqa: F811
    ask(bmi="31.5")

    assert "Last time (" not in text(client.get(address))


def test_what_was_typed_over_the_record_says_so_and_what_cannot_be_is_to_correct(client, address):  # noqa: F811
    page = text(client.post(address, USUAL | {"in.sbp": "410"}))

    assert re.search(r"Typed ; the record says \d+ mmHg, \d+ \w+ 20\d\d Use the record’s value", page)
    assert "; to correct: systolic blood pressure; 4 missing: " in page
    assert "7 of 12 known" in page
