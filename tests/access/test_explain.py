"""Why somebody has access: the policy's own answer, and what would change without each grant."""

import pytest

from portal.access import actions as access
from portal.access import explain, policy
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission as P
from portal.accounts import factors
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import BadInput
from portal.records import actions as records
from portal.records import emergency

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(cast, patient):
    """Ask as an audit officer about a person and the patient."""

    def run(name, permission=P.PATIENT_READ, **changes):
        given = {"username": name, "permission": permission, "kind": "patient", "public_id": patient}
        return explain.look(by=cast["auditor"], **given | changes)

    return run


def test_an_assignment_is_named_with_what_its_end_would_take_away(ask, cast, wards):
    seen = len(records.list_patients(by=cast["clinician"]))
    found = ask("clinician")

    (way,) = found.ways
    assert (found.decision.allowed, way.grant.kind, way.still_allowed, way.lost) == (True, "relationship", False, seen)
    assert found.decision.grants == (way.grant,)


def test_two_ways_are_told_apart(ask, cast, patient):
    unit = cast["clinician"].care_relationships.get().care_unit
    records.assign(by=SYSTEM, on=unit, person=cast["clinician"])

    assert [(way.still_allowed, way.lost) for way in ask("clinician").ways] == [(True, 0), (True, 0)]


def test_an_emergency_opens_one_record_only(ask, cast, patient):
    person = cast["clinician2"]
    emergency.start(by=person, on=patient, code="covering", attested=True, proof=factors.Proof(person.pk, clock.now()))

    assert [(way.grant.kind, way.still_allowed, way.lost) for way in ask("clinician2").ways] == [
        ("break-glass", False, 1)
    ]


def test_the_sentence_is_the_one_that_the_person_is_told(ask, cast, patient):
    for name in ("clinician2", "scientist", "admin"):
        with pytest.raises(policy.Denied) as refusal:
            records.open_patient(by=cast[name], on=patient)
        found = ask(name)
        assert (found.decision.allowed, found.decision.why, found.ways) == (False, refusal.value.sentence, ())


def test_asking_changes_nothing_and_is_written_down(ask, cast, patient):
    ask("clinician")

    assert records.open_patient(by=cast["clinician"], on=patient).patient.public_id == patient
    assert AuditEvent.objects.get(verb="access.explained").patient == patient


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"username": "nobody"}, ["person"]),
        ({"permission": "models:submit"}, ["permission"]),
        ({"kind": "spaceship"}, ["object"]),
        ({"public_id": "x"}, ["object"]),
    ],
)
def test_what_is_wrong_is_named(changes, fields, ask):
    with pytest.raises(BadInput) as refusal:
        ask("clinician", **changes) if "username" not in changes else ask(changes["username"])
    assert list(refusal.value.errors) == fields


@pytest.mark.parametrize("name", ["clinician", "scientist", "reviewer"])
def test_only_officers_and_administrators_ask(name, cast, patient):
    with pytest.raises(policy.Denied):
        explain.look(by=cast[name], username="clinician", permission=P.PATIENT_READ, kind="patient", public_id=patient)


def test_a_clinician_who_also_does_research_has_no_emergencies(cast, patient):
    access.set_roles(by=cast["admin"], on=cast["clinician2"], role_names=["clinician", "scientist"])
    person = type(cast["clinician2"]).objects.get(pk=cast["clinician2"].pk)

    with pytest.raises(policy.Denied):
        emergency.start(
            by=person, on=patient, code="covering", attested=True, proof=factors.Proof(person.pk, clock.now())
        )
