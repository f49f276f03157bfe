"""What came of predictions, learnt from later records and from time that runs out."""

from datetime import timedelta

import pytest

from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.problems import BadInput
from portal.predictions import discussion, outcomes, retraction
from portal.predictions.models import Outcome, Prediction
from portal.registry.outcome import rule_of
from tests.predictions.test_corrections import ask, load, patient, ward  # noqa: F401  (fixtures)
from tests.records.test_corrections import gone, of, person, replaced

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def result(ask, worked, scorer):  # noqa: F811
    """A result of this moment."""
    found = ask()
    worked()
    return found


@pytest.fixture
def known(cast):
    """What the result's page says came of it."""
    return lambda result: discussion.open_page(by=cast["clinician"], on=result).known


def stay(days: float, code="EMER", key="later", **more) -> dict:
    start = clock.now() + timedelta(days=days)
    return of("Encounter", key, **{"class": {"code": code}, "period": {"start": start.isoformat()}, **more})


def run_out(days=400) -> None:
    """Let a result be older than its horizon, which no action of the portal does."""
    with guard.unlocked():
        Prediction.objects.update(created_at=clock.now() - timedelta(days=days))
        Outcome.objects.update(due_on=clock.now().date() - timedelta(days=days - 365))


def stored() -> list[str]:
    with guard.unlocked():
        return [row.state for row in Outcome.objects.all()]


@pytest.mark.embedded
def test_a_stay_that_comes_in_later_is_the_outcome(result, known):
    assert known(result).sentence.startswith("Not yet known: so far no unplanned stay; the 12 months end on ")
    coming = stay(3)
    load(coming)

    found = known(result)
    day = f"{clock.now() + timedelta(days=3):%-d %b %Y}"
    assert (found.state, found.sentence) == ("yes", f"An unplanned stay on {day}.")
    assert list(AuditEvent.objects.filter(verb="prediction.outcome-known").values_list("object_id", flat=True)) == [
        result
    ]
    load(coming)
    assert AuditEvent.objects.filter(verb="prediction.outcome-known").count() == 1


@pytest.mark.parametrize(
    "entry",
    [
        stay(-3),
        stay(3, "AMB"),
        stay(400),
        stay(3, status="planned"),
        stay(3, status="cancelled"),
        gone("Encounter", "E"),
    ],
)
def test_what_is_not_the_outcome_leaves_it_unknown(entry, result, known):
    load(entry)
    assert known(result).state == "open"


def test_it_did_not_happen_only_when_its_time_is_over(result, known):
    outcomes.sweep(by=SYSTEM)
    assert (known(result).state, stored()) == ("open", ["open"])
    run_out()
    outcomes.sweep(by=SYSTEM)
    assert (known(result).sentence, stored()) == ("No unplanned stay within 12 months.", ["no"])


def test_it_is_corrected_with_its_source_and_by_one_that_comes_late(result, known):
    load(stay(3))
    load(gone("Encounter", "later"))
    assert known(result).state == "open"
    run_out()
    outcomes.sweep(by=SYSTEM)
    assert known(result).state == "no"
    load(stay(-200, key="late"))
    assert known(result).state == "yes"
    load(stay(-200, key="late", status="entered-in-error"))
    assert known(result).state == "no"


def test_a_stay_under_a_record_that_was_merged_counts_until_they_are_separated(result, known):
    load(person("p2"), {**stay(3), "subject": {"reference": "Patient/p2"}})
    assert known(result).state == "open"
    load(replaced("p2", "p1"))
    assert known(result).state == "yes"
    load(person("p2", active=True))
    assert known(result).state == "open"


def test_a_retracted_result_and_a_run_without_a_result_have_no_outcome(cast, ask, result, worked):  # noqa: F811
    ask()
    worked.waiting.clear()
    retraction.retract(by=cast["clinician"], on=result, code="wrong-patient")
    load(stay(3))
    outcomes.sweep(by=SYSTEM)
    assert stored() == []


OTHERS = [
    ({"kind": "condition", "codes": ["22298006"]},
     lambda: of("Condition", "mi", code={"coding": [{"code": "22298006"}]}, onsetDateTime=(clock.now() + timedelta(days=2)).isoformat())),
    ({"kind": "observation", "codes": ["2160-0"], "above": 2, "unit": "mg/dL"},
     lambda: of("Observation", "o2", effectiveDateTime=(clock.now() + timedelta(days=2)).isoformat(), valueQuantity={"value": 200, "code": "umol/L"})),
    ({"kind": "condition", "codes": ["22298006"], "or_death": True}, lambda: person(deceasedDateTime=(clock.now() + timedelta(days=2)).isoformat())),
    ({"kind": "death"}, lambda: person(deceasedDateTime=(clock.now() + timedelta(days=2)).isoformat())),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "entry"), OTHERS)
def test_diagnoses_values_and_death_are_outcomes_too(rule, entry, result, known, unplanned):
    with guard.unlocked():
        unplanned.overlay["outcome"] = rule | {"within_days": 30}
        unplanned.save(update_fields=("overlay",))
    assert known(result).state == "open"
    load(entry())
    assert known(result).state == "yes"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], "outcome must be an object."),
        ({"kind": "mood"}, "outcome needs a kind: encounter, condition, observation, death."),
        ({"kind": "death"}, "outcome needs within_days, a whole number from 1 to 3660."),
        ({"kind": "death", "within_days": True}, "outcome needs within_days, a whole number from 1 to 3660."),
        ({"kind": "encounter", "within_days": 5}, "outcome needs classes: a list of codes, at least one."),
        ({"kind": "observation", "codes": ["1"], "within_days": 5}, "outcome of a value needs above or below."),
        ({"kind": "death", "within_days": 5, "who": 1},
         "outcome has no member who. Allowed: above, below, classes, codes, kind, label, or_death, unit, within_days."),
    ],
)  # fmt: skip
def test_a_rule_that_is_none_is_refused_with_what_is_wrong(said, reason):
    with pytest.raises(BadInput) as refusal:
        rule_of({"outcome": said})
    assert refusal.value.errors == {"outcome": reason}
