"""The line about emergency access: whole on the patient's page, a count with a way to each record elsewhere."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string

HERE, OTHER, THIRD = (letter * 20 for letter in "abc")


def shown(patient=None, *records: str) -> str:
    accesses = [
        SimpleNamespace(
            object_id=record, public_id=record, since=datetime(2026, 11, 26, 8 + at, tzinfo=UTC),
            until=datetime(2026, 11, 26, 12 + at, tzinfo=UTC),
        )
        for at, record in enumerate(records)
    ]  # fmt: skip
    facts = {"emergencies": accesses} | ({"patient": patient} if patient else {})
    return " ".join(re.sub(r"<[^>]+>", " ", render_to_string("_components/emergencies.html", facts)).split())


@pytest.mark.parametrize(
    ("patient", "records", "words"),
    [
        (None, (HERE,), ["1 record open.", "Open it, until"]),
        (None, (HERE, OTHER), ["2 records open.", "Opened", "·"]),
        (HERE, (HERE, OTHER, THIRD), ["to Elin Trialberg's record until", "2 other records open."]),
        (OTHER, (HERE,), ["1 record open."]),
    ],
)
def test_how_many_are_open_is_said_and_only_the_page_s_own_patient_is_named(patient, records, words):
    person = SimpleNamespace(public_id=patient, name="Elin Trialberg") if patient else None
    text = shown(person, *records).replace("&#x27;", "'")

    assert [word for word in words if word not in text] == []
    assert ("Trialberg" in text, "End now" in text) == (patient in records, patient in records)
