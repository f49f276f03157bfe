"""Filling a form from the record."""

from datetime import UTC, datetime

import pytest

from portal.predictions import prefill
from portal.records.queries import Entry, Measurement, PatientSummary, Record
from portal.registry import spec

INPUTS = [{"name": name, "type": "double", "required": True} for name in ("age", "creatinine", "diabetes", "visits")]
OVERLAY = {
    "age": {"label": "Age", "integer": True, "record": {"kind": "age"}},
    "creatinine": {"label": "Creatinine", "unit": "mg/dL", "unit_label": "mg/dL", "min": 0.1, "max": 30,
                   "record": {"kind": "observation", "codes": ["2160-0", "38483-4"]}},
    "diabetes": {"label": "Diabetes", "options": [{"value": 1.0, "label": "Yes"}, {"value": 0.0, "label": "No"}],
                 "record": {"kind": "condition", "codes": ["44054006"], "map": {"yes": 1.0, "no": 0.0}}},
    "visits": {"label": "Visits", "record": {"kind": "encounters", "within_days": 365}},
}  # fmt: skip
FORM = spec.build(INPUTS, OVERLAY)


@pytest.fixture(autouse=True)
def today(settings):
    settings.AS_OF = datetime(2026, 11, 8, tzinfo=UTC).date()


def record(*measurements, conditions=(), encounters=()) -> Record:
    patient = PatientSummary("x", "Ada", "1960-01-01", 66, "female", "1", "ward", "")
    return Record(patient, list(measurements), list(conditions), [], list(encounters))


def creatinine(value, unit, day=5, code="2160-0", year=2026) -> Measurement:
    return Measurement(code, "Creatinine", value, unit, datetime(year, 11, day, 14, 2, tzinfo=UTC))


@pytest.mark.parametrize(("limit", "old"), [({}, False), ({"stale_days": 4}, True), ({"stale_days": 6}, False)])
def test_a_model_says_after_how_many_days_a_value_is_old(limit, old):
    entry = OVERLAY["creatinine"] | {"record": OVERLAY["creatinine"]["record"] | limit}
    form = spec.build(INPUTS, OVERLAY | {"creatinine": entry})

    assert prefill.fill(form, record(creatinine(1.1, "mg/dL", day=3)))["creatinine"].stale is old


def test_a_value_comes_with_its_unit_moment_and_age():
    found = prefill.fill(FORM, record(creatinine(1.1, "mg/dL")))["creatinine"]

    assert (found.value, found.code, found.stale, found.note) == (1.1, "2160-0", False, "")
    assert found.source == "Creatinine, 5 Nov 2026, 14:02, 3 days old"


def test_another_unit_is_converted_and_said():
    found = prefill.fill(FORM, record(creatinine(97.0, "umol/L", code="38483-4")))["creatinine"]

    assert found.value == 1.097
    assert found.source.endswith("converted from 97 µmol/L")


@pytest.mark.parametrize(
    ("value", "unit", "note"),
    [
        (1.1, "furlong", "“furlong” is not a unit"),
        (1.1, "kg", "cannot be converted"),
        (99.0, "mg/dL", "is not possible"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_the_reason(value, unit, note):
    found = prefill.fill(FORM, record(creatinine(value, unit)))["creatinine"]

    assert found.value is None
    assert note in found.note


def test_an_old_value_is_marked():
    assert prefill.fill(FORM, record(creatinine(1.1, "mg/dL", year=2020)))["creatinine"].stale is True


def test_the_problem_list_answers_yes_and_no_and_visits_are_counted():
    listed = Entry("44054006", "Diabetes", "2020-01-01", "active")
    visits = [
        Entry("AMB", "Visit", day, "finished") for day in ("2026-10-01", "2025-12-01", "2020-01-01", "2027-01-01")
    ]

    yes = prefill.fill(FORM, record(conditions=[listed], encounters=visits))
    no = prefill.fill(FORM, record())
    assert (yes["diabetes"].value, yes["visits"].value, no["diabetes"].value, no["age"].value) == (1.0, 2, 0.0, 66)
    assert "creatinine" not in no
    assert yes["diabetes"].source == "on the problem list since 1 Jan 2020"
