"""Importing FHIR: idempotent, whole or not at all, every refusal with its place and reason."""

import gzip
import json

import pytest

from portal.access.actors import SYSTEM
from portal.records import actions, imports
from tests.conftest import SHARED

pytestmark = pytest.mark.django_db

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "female",
    "birthDate": "1960-02",
    "name": [{"family": "Leakwell"}],
}
OBSERVATION = {
    "resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-01-01T10:00:00Z", "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "valueQuantity": {"value": 13.1, "code": "furlong"},
}  # fmt: skip


def bundle(*resources) -> dict:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in resources]}


def load(tmp_path, document, name="one.json") -> imports.Report:
    path = tmp_path / name
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return imports.import_paths(by=SYSTEM, paths=[path])


def test_the_same_input_twice_changes_nothing(hospital_folder):
    first = imports.import_paths(by=SYSTEM, paths=[hospital_folder])
    second = imports.import_paths(by=SYSTEM, paths=[hospital_folder])

    assert (first.patients, first.refused, first.updated) == (8, [], 0)
    assert (second.created, second.updated, second.unchanged) == (0, 0, first.created + first.unchanged)


def test_wards_come_from_the_latest_stay_and_share_nobody(cast, wards):
    ours = {row.public_id for row in actions.list_patients(by=cast["clinician"])}
    theirs = {row.public_id for row in actions.list_patients(by=cast["clinician2"])}

    assert (len(ours), len(theirs), ours & theirs) == (4, 4, set())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b'{"resourceType": "Bundle", "entry": [', "The text is not valid JSON (line 1, column 38)."),
        (b"\xff\xfe", "The text is not UTF-8."),
        (b"[1]", "The file holds no FHIR resource: the outermost value must be an object."),
        (b"{}", "The file has no resourceType, so it cannot be told what it is."),
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "An object has the same key twice."),
        (b'{"resourceType": "Patient", "id": "a", "x": 1e309}', "A number is too large."),
        (b'{"resourceType": "Patient", "id": "a", "x": NaN}', "NaN is not a JSON number."),
        (
            rb'{"resourceType": "Patient", "id": "a", "x": "\ud800"}',
            "The text holds half a character (a lone surrogate), which no text may hold.",
        ),
        (b"[" * 100000, "The document is nested too deeply."),
        (b'{"resourceType": "Bundle", "entry": {}}', "Bundle.entry must be a list of objects."),
    ],
)
def test_a_file_that_is_not_fhir_is_refused_with_its_reason(content, reason, tmp_path):
    report = load(tmp_path, content)

    assert report.refused == [{"file": "one.json", "path": "", "reason": reason}]
    assert report.nothing_read


def test_a_broken_archive_is_refused(tmp_path):
    report = load(tmp_path, gzip.compress(json.dumps(bundle(PATIENT)).encode())[:40], "one.json.gz")

    assert [row["reason"] for row in report.refused] == ["The file is not a complete gzip archive."]


def test_an_r5_bundle_is_refused_as_a_whole(tmp_path):
    encounter = {"resourceType": "Encounter", "id": "e", "status": "completed", "class": [{"coding": []}]}
    report = load(tmp_path, bundle(PATIENT, encounter))

    assert ("R5" in report.refused[0]["reason"], report.created) == (True, 0)


def test_a_bundle_without_a_patient_keeps_places_and_refuses_what_needs_one(tmp_path):
    ward = {"resourceType": "Location", "id": "w1", "name": "Ward one"}
    report = load(tmp_path, bundle(ward, OBSERVATION))

    assert (report.bundles, report.patients, report.created, len(report.refused)) == (1, 0, 1, 1)
    assert report.refused[0]["path"] == "Bundle.entry[1].resource"


def test_a_dangling_reference_refuses_that_resource_alone(tmp_path):
    lost = {**OBSERVATION, "id": "o2", "subject": {"reference": "Patient/nobody"}}
    report = load(tmp_path, bundle(PATIENT, OBSERVATION, lost))

    assert report.created == 2
    assert report.refused == [
        {
            "file": "one.json", "path": "Bundle.entry[2].resource",
            "reason": "Observation.subject points at a patient that is neither in this source nor known here.",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"birthDate": "1960-13-45"}, "Patient.birthDate is not a date. Allowed: YYYY, YYYY-MM or YYYY-MM-DD."),
        ({"gender": "f"}, "Patient.gender is not a code of FHIR R4. Allowed: female, male, other, unknown."),
        ({"id": None}, "Patient.id is missing: without it the same record could be stored twice."),
        ({"name": "Leakwell"}, "Patient.name must be a list of objects."),
    ],
)
def test_a_bad_element_is_named_without_repeating_the_record(change, reason, tmp_path):
    report = load(tmp_path, {**PATIENT, **change})

    assert [row["reason"] for row in report.refused] == [reason]
    assert "Leakwell" not in json.dumps(report.plain())


def test_a_changed_resource_is_updated(tmp_path):
    load(tmp_path, bundle(PATIENT, OBSERVATION))
    report = load(tmp_path, bundle(PATIENT, {**OBSERVATION, "status": "entered-in-error"}))

    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)


def test_names_are_not_readable_in_the_database(tmp_path):
    from django.db import connection

    from portal.core import guard

    load(tmp_path, bundle(PATIENT, OBSERVATION))
    with guard.unlocked(), connection.cursor() as cursor:
        cursor.execute("SELECT person FROM records_patient")
        assert "Leakwell" not in cursor.fetchone()[0]


@pytest.mark.slow
def test_every_shared_file_is_taken_or_refused_with_a_reason():
    if not SHARED.is_dir():
        pytest.skip("the wide sweep needs FORMULARY_TEST_DATA")
    whole = imports.import_paths(by=SYSTEM, paths=[SHARED / "fhir"])
    rest = imports.import_paths(by=SYSTEM, paths=[SHARED / "fhir-bulk", SHARED / "fhir-examples"])

    assert (whole.bundles, whole.patients, whole.refused) == (30, 30, [])
    assert all(row["reason"].endswith(".") for row in rest.refused)
    assert rest.patients == 20
