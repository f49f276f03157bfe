"""What a source takes back: entered in error, deleted, merged, separated again; kept, marked and never used."""

import gzip
import json
from itertools import count

import pytest

from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import guard
from portal.records import actions, imports, queries
from portal.records.models import Condition, Encounter, MedicationRequest, Observation, Patient, Standing
from tests.conftest import SHARED

pytestmark = pytest.mark.django_db
_numbers = count()


def person(key="p1", **more) -> dict:
    return {
        "resourceType": "Patient", "id": key, "gender": "female", "birthDate": "1960-02-03",
        "name": [{"family": f"Leakwell-{key}"}], "identifier": [{"value": f"MRN-{key}"}], **more,
    }  # fmt: skip


def of(kind: str, key: str, patient="p1", **more) -> dict:
    base = {
        "Observation": {"status": "final", "effectiveDateTime": "2026-01-01T10:00:00Z",
                        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
                        "valueQuantity": {"value": 1.4, "code": "mg/dL"}},
        "Condition": {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]},
                      "clinicalStatus": {"coding": [{"code": "active"}]}},
        "Encounter": {"status": "finished", "class": {"code": "AMB"}, "period": {"start": "2026-01-01T10:00:00Z"},
                      "location": [{"location": {"reference": "Location/w1"}}]},
        "MedicationRequest": {"status": "active", "intent": "order",
                              "medicationCodeableConcept": {"coding": [{"code": "261962"}]}},
    }[kind]  # fmt: skip
    return {"resourceType": kind, "id": key, "subject": {"reference": f"Patient/{patient}"}, **base, **more}


WARD = {"resourceType": "Location", "id": "w1", "name": "Ward one"}
WHOLE = [
    WARD,
    person(),
    *(of(kind, kind[0]) for kind in ("Observation", "Condition", "Encounter", "MedicationRequest")),
]


def gone(kind: str, key: str) -> dict:
    return {"request": {"method": "DELETE", "url": f"{kind}/{key}"}}


def load(tmp_path, *entries, kind="transaction", name="") -> imports.Report:
    listed = [entry if "resourceType" not in entry else {"resource": entry} for entry in entries]
    path = tmp_path / (name or f"{next(_numbers)}.json")
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": listed}))
    return imports.import_paths(by=SYSTEM, paths=[path])


def record(key="p1"):
    with guard.unlocked():
        rows = {row.person["mrn"]: row for row in queries.with_ward()}
        return queries.record_of(rows[f"MRN-{key}"])


def shown(key="p1") -> tuple[int, int, int, int]:
    found = record(key)
    return len(found.measurements), len(found.conditions), len(found.encounters), len(found.medications)


def listed() -> list[str]:
    with guard.unlocked():
        return sorted(queries.summary(row).mrn for row in queries.current())


WRONG = {"status": "entered-in-error"}
UNVERIFIED = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}


@pytest.mark.parametrize(
    ("kind", "change", "left"),
    [
        ("Observation", WRONG, (0, 1, 1, 1)),
        ("Observation", {"status": "cancelled"}, (0, 1, 1, 1)),
        ("Condition", UNVERIFIED, (1, 0, 1, 1)),
        ("Condition", {"verificationStatus": {"coding": [{"code": "refuted"}]}}, (1, 0, 1, 1)),
        ("Encounter", WRONG, (1, 1, 0, 1)),
        ("MedicationRequest", WRONG, (1, 1, 1, 0)),
    ],
)
def test_what_was_entered_in_error_is_kept_and_not_shown(kind, change, left, tmp_path):
    load(tmp_path, *WHOLE)
    assert shown() == (1, 1, 1, 1)
    report = load(tmp_path, of(kind, kind[0], **change))

    with guard.unlocked():
        rows = sum(model.objects.count() for model in (Observation, Condition, Encounter, MedicationRequest))
    assert (report.updated, shown(), rows) == (1, left, 4)


@pytest.mark.parametrize("kind", ["Observation", "Condition", "Encounter", "MedicationRequest"])
def test_a_deleted_resource_is_kept_marked_and_may_come_again(kind, tmp_path):
    load(tmp_path, *WHOLE)
    first, second = (load(tmp_path, gone(kind, kind[0])) for _ in range(2))

    assert (first.deleted, first.refused, second.deleted, second.unchanged) == (1, [], 0, 1)
    assert sum(shown()) == 3
    assert (load(tmp_path, of(kind, kind[0])).updated, shown()) == (1, (1, 1, 1, 1))


def test_what_is_deleted_and_sent_in_one_bundle_is_there(tmp_path):
    load(tmp_path, *WHOLE)
    load(tmp_path, of("Observation", "O"), gone("Observation", "O"))

    assert shown() == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (gone("Observation", "nobody"), "There is no Observation of this id here, so nothing was deleted."),
        (gone("Location", "w1"), "Location: places and people of the staff stay, because records point at them."),
        (
            {"request": {"method": "DELETE", "url": "Observation?code=1"}},
            "request.url does not name one resource, as in Observation/123; nothing was deleted.",
        ),
    ],
)
def test_a_deletion_of_what_is_not_known_is_refused_with_a_sentence(entry, reason, tmp_path):
    load(tmp_path, *WHOLE)
    report = load(tmp_path, entry)

    assert ([row["reason"] for row in report.refused], report.deleted) == ([reason], 0)


def test_the_deleted_lines_of_a_bulk_export_are_read(tmp_path):
    load(tmp_path, *WHOLE)
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [gone("Observation", "O"), gone("Procedure", "x")],
    }
    (tmp_path / "deleted.ndjson").write_text(json.dumps(bundle) + "\n")
    report = imports.import_paths(by=SYSTEM, paths=[tmp_path / "deleted.ndjson"])

    assert (report.deleted, report.ignored, report.refused, shown()) == (1, 1, [], (0, 1, 1, 1))


def test_of_a_history_the_newest_version_counts_in_whatever_order_it_stands(tmp_path):
    old = {"resource": of("Observation", "O"), "response": {"lastModified": "2026-01-01T10:00:00Z"}}
    new = {**gone("Observation", "O"), "response": {"lastModified": "2026-01-02T10:00:00Z"}}
    for entries in ((old, new), (new, old)):
        load(tmp_path, *WHOLE)
        load(tmp_path, *entries, kind="history")
        assert shown() == (0, 1, 1, 1)


def test_parts_that_a_changed_observation_no_longer_has_are_taken_away(tmp_path):
    part = {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 120}}
    load(tmp_path, *WHOLE, of("Observation", "bp", component=[part, part]))
    assert shown()[0] == 4
    report = load(tmp_path, of("Observation", "bp", component=[part]))

    assert (report.updated, shown()[0]) == (1, 3)


def test_a_deleted_patient_and_one_not_in_use_are_listed_no_more(tmp_path):
    load(tmp_path, *WHOLE, person("p2"), person("p3"))
    load(tmp_path, gone("Patient", "p2"), person("p3", active=False))
    assert listed() == ["MRN-p1"]

    load(tmp_path, person("p2"), person("p3", active=True))
    assert listed() == ["MRN-p1", "MRN-p2", "MRN-p3"]


def replaced(key: str, by: str, **more) -> dict:
    return person(key, active=False, link=[{"type": "replaced-by", "other": {"reference": f"Patient/{by}"}}], **more)


def replacing(key: str, other: str) -> dict:
    return person(key, link=[{"type": "replaces", "other": {"reference": f"Patient/{other}"}}])


@pytest.mark.parametrize("said", [[replaced("p2", "p1")], [replacing("p1", "p2"), person("p2", active=False)]])
def test_the_record_that_goes_on_shows_what_was_merged_into_it(said, tmp_path):
    load(tmp_path, *WHOLE, person("p2"), of("Observation", "O2", "p2"))
    report = load(tmp_path, *said)

    assert (report.merged, shown(), listed()) == (1, (2, 1, 1, 1), ["MRN-p1"])
    assert [row["reason"] for row in report.refused] == []
    verbs = AuditEvent.objects.filter(verb__in=("patient.merged", "patient.absorbed"))
    assert sorted(verbs.values_list("verb", flat=True)) == ["patient.absorbed", "patient.merged"]

    again = load(tmp_path, person("p1"), person("p2", active=True))
    assert (again.unmerged, shown(), shown("p2"), listed()) == (1, (1, 1, 1, 1), (1, 0, 0, 0), ["MRN-p1", "MRN-p2"])


def test_a_chain_leads_to_its_end_in_whatever_order_it_comes(tmp_path):
    load(tmp_path, WARD, replaced("p2", "p3"))
    load(tmp_path, replaced("p3", "p1"), of("Observation", "O2", "p2"))
    load(tmp_path, person("p1"))

    assert (listed(), shown("p1")[0]) == (["MRN-p1"], 1)
    with guard.unlocked():
        ends = {row.person["mrn"]: row.merged_into and row.merged_into.person["mrn"] for row in Patient.objects.all()}
    assert ends == {"MRN-p1": None, "MRN-p2": "MRN-p1", "MRN-p3": "MRN-p1"}


def test_a_circle_merges_nobody_and_says_so(tmp_path):
    report = load(tmp_path, replaced("p1", "p2"), replaced("p2", "p1"))

    assert [row["path"] for row in report.refused] == ["Patient.link"]
    with guard.unlocked():
        assert set(Patient.objects.values_list("merged_into", "standing")) == {(None, Standing.INACTIVE)}


def test_a_link_to_oneself_is_refused(tmp_path):
    report = load(tmp_path, replaced("p1", "p1"))

    assert [row["reason"] for row in report.refused] == ["Patient.link points at the patient itself."]


def test_who_sees_a_merged_record_follows_from_the_ward_of_the_one_that_goes_on(cast, tmp_path):
    """The merged one's stay is the newer one: its ward treats the person, the other's no longer does."""
    later = of("Encounter", "E2", "p2", period={"start": "2026-02-01T10:00:00Z"},
               location=[{"location": {"reference": "Location/w2"}}])  # fmt: skip
    load(tmp_path, *WHOLE, {**WARD, "id": "w2", "name": "Ward two"}, person("p2"), later)
    for name, ward in (("clinician", "Ward one"), ("clinician2", "Ward two")):
        unit = next(unit for unit, _ in actions.size_units(by=SYSTEM) if unit.name == ward)
        actions.assign(by=SYSTEM, on=unit, person=cast[name])

    def seen(name, search="") -> list[str]:
        return [row.mrn for row in actions.list_patients(by=cast[name], search=search)]

    assert (seen("clinician"), seen("clinician2")) == (["MRN-p1"], ["MRN-p2"])
    load(tmp_path, replaced("p2", "p1"))
    assert (seen("clinician"), seen("clinician2")) == ([], ["MRN-p1"])
    assert (seen("clinician2", "MRN-p2"), seen("clinician", "MRN-p2")) == (["MRN-p1"], [])
    load(tmp_path, person("p2", active=True))
    assert (seen("clinician"), seen("clinician2")) == (["MRN-p1"], ["MRN-p2"])


@pytest.mark.slow
def test_real_records_are_whole_again_after_a_merge_a_deletion_and_their_return(tmp_path):
    """The sample records hold no corrections of their own, so they are made from them."""
    found = sorted((SHARED / "fhir").glob("*.json.gz"), key=lambda path: path.stat().st_size)
    if not found:
        pytest.skip("the wide sweep needs FORMULARY_TEST_DATA")
    bundles = [path for path in found if not path.name.startswith(("hospital", "practitioner"))][:6]
    imports.import_paths(by=SYSTEM, paths=[*(path for path in found if path not in bundles), *bundles])
    with guard.unlocked():
        people = list(Patient.objects.all())
        before = {row.pk: _counts(row) for row in people}
    resources = [
        entry["resource"] for path in bundles for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]
    ]
    patients = [item for item in resources if item["resourceType"] == "Patient"]
    first, *rest = patients
    gone_on = {"link": [{"type": "replaced-by", "other": {"reference": f"Patient/{first['id']}"}}], "active": False}
    assert load(tmp_path, *({**item, **gone_on} for item in rest)).merged == len(rest)
    kept = [item for item in resources if item["resourceType"] in ("Observation", "Condition", "Encounter")]
    deleted = load(tmp_path, *(gone(item["resourceType"], item["id"]) for item in kept))
    assert (deleted.deleted, deleted.refused) == (len({(item["resourceType"], item["id"]) for item in kept}), [])
    with guard.unlocked():
        joined = next(row for row in Patient.objects.all() if row.absorbs)
        assert _counts(joined)[:3] == (0, 0, 0)

    back = imports.import_paths(by=SYSTEM, paths=bundles)
    with guard.unlocked():
        assert (back.unmerged, {row.pk: _counts(row) for row in Patient.objects.all()}) == (len(rest), before)


def _counts(row: Patient) -> tuple[int, int, int, int]:
    found = queries.record_of(row)
    return len(found.measurements), len(found.conditions), len(found.encounters), len(found.medications)
