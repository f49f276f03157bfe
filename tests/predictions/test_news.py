"""A result is due again when something that its model asks for is newer, and not because of anything else."""

import pytest

from portal.core import clock, guard
from portal.predictions import news, worklist
from portal.records.models import Condition, Encounter, Observation, Patient
from tests.predictions.test_corrections import ask, creatinine, load, patient, ward  # noqa: F401  (fixtures)
from tests.records.test_corrections import gone, of, person, replaced

pytestmark = pytest.mark.django_db(transaction=True)
GLUCOSE = {"code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]}}
ASTHMA = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001"}]}}


@pytest.fixture
def due(cast, ask, worked, scorer):  # noqa: F811
    """Whether the result of the only patient is due."""
    ask()
    worked()

    def read() -> bool:
        lines = worklist.open_worklist(by=cast["clinician"])
        return [line.due for line in lines if line.newest][0]

    assert not read()
    return read


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ([creatinine(0.9, key="newer", effectiveDateTime="2026-05-01T10:00:00Z")], True),
        ([of("Condition", "new")], True),
        ([of("Encounter", "new")], True),
        ([creatinine(1.1, status="corrected")], True),
        ([of("Observation", "sugar", **GLUCOSE)], False),
        ([of("Condition", "asthma", **ASTHMA)], False),
        ([of("MedicationRequest", "pills")], False),
        ([creatinine(0.9, key="newer", effectiveDateTime="2026-05-01T10:00:00Z"), gone("Observation", "newer")], False),
        ([person("p2"), creatinine(3.0, key="theirs", patient="p2")], False),
    ],
)  # fmt: skip
def test_only_what_the_model_asks_for_makes_a_result_due(due, news, expected):
    for item in news:
        load(item)
    assert due() is expected


def test_what_was_known_of_a_record_that_is_merged_makes_the_result_due(due):
    load(person("p2"), creatinine(3.0, key="theirs", patient="p2"))
    with guard.unlocked():
        # It was known of the other record long before the result.
        Observation.objects.filter(patient__public_id=patient("p2")).update(stored_at=None)
    assert not due()

    load(replaced("p2", "p1"))

    assert due()


def test_each_result_is_measured_by_what_its_own_model_asks_for(ward, unplanned, approve, trained):  # noqa: F811
    coronary = approve("coronary", trained["coronary-disease"])
    load(person("p2"))
    long_ago = clock.now()
    load(creatinine(2.0, key="mine"), creatinine(2.0, key="theirs", patient="p2"))
    newest = {patient("p1"): (unplanned, 1), patient("p2"): (coronary, 2)}

    with guard.unlocked():
        assert news.due({who: news.Newest(key, long_ago, version.pk) for who, (version, key) in newest.items()}) == {
            patient("p1")
        }


def test_what_stood_in_the_record_before_moments_were_kept_makes_nothing_due(due):
    load(creatinine(0.9, key="newer", effectiveDateTime="2026-05-01T10:00:00Z"))
    with guard.unlocked():
        for model in (Observation, Condition, Encounter):
            model.objects.update(stored_at=None)
    assert not due()


def test_an_import_gives_all_it_brings_one_moment(ward):  # noqa: F811
    load(of("Encounter", "one"), creatinine(2.0, key="one"), creatinine(2.1, key="one"))
    with guard.unlocked():
        at = Patient.objects.get().changed_at
        moments = [model.objects.latest("stored_at").stored_at for model in (Observation, Encounter)]
    assert moments == [at, at]
