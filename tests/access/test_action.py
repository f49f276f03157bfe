"""The door: policy, lock and ledger in one transaction."""

import pytest
from django.db import connection
from django.db.models import Count

from portal.access import actions, policy
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.core.guard import Locked
from portal.core.problems import BadInput, Conflict
from portal.records import actions as records
from portal.records.models import Observation, Patient
from portal.studies import actions as studies
from portal.studies.models import Study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "read",
    [
        lambda: list(Patient.objects.all()),
        lambda: Patient.objects.count(),
        lambda: Patient.objects.first(),
        lambda: Patient.objects.exists(),
        lambda: list(Patient.objects.values("person")),
        lambda: list(Patient.objects.iterator()),
        lambda: Patient.objects.in_bulk(),
        lambda: Patient.objects.aggregate(count=Count("pk")),
        lambda: list(Observation.objects.select_related("patient")),
        lambda: connection.cursor().execute("SELECT person FROM records_patient"),
        lambda: connection.cursor().execute("SELECT '--', person FROM records_patient"),
        lambda: connection.cursor().execute("SELECT '/*', person FROM records_patient WHERE '*/' <> ''"),
    ],
)
def test_sealed_rows_are_not_read_outside_an_action(read, wards):
    with pytest.raises(Locked):
        read()


@pytest.mark.parametrize(
    "write",
    [
        lambda: Study.objects.create(slug="x", title="x"),
        lambda: Study(slug="x", title="x").save(),
        lambda: Study.objects.update(title="x"),
        lambda: Study.objects.all()._raw_delete("default"),
        lambda: Study.objects.bulk_create([Study(slug="x", title="x")]),
        lambda: AuditEvent.objects.filter(id=1).update(verb="x"),
        lambda: connection.cursor().execute("UPDATE studies_study SET title = 'x'"),
        lambda: connection.cursor().execute("UPDATE/**/studies_study SET title = 'x'"),
        lambda: connection.cursor().execute("COMMIT; DELETE FROM studies_study"),
        lambda: connection.cursor().execute("DROP TABLE studies_study"),
    ],
)
def test_guarded_rows_are_not_written_outside_an_action(write, studies):
    with pytest.raises(Locked):
        write()


def test_what_an_action_did_is_in_the_ledger_with_it(cast):
    before = AuditEvent.objects.count()

    study = studies.open_study(by=cast["admin"], slug="new", title="New")

    event = AuditEvent.objects.latest("id")
    assert AuditEvent.objects.count() == before + 1
    assert (event.verb, event.actor, event.outcome, event.object_id) == ("study.opened", "admin", "ok", study.public_id)


def test_a_denial_is_written_although_nothing_else_is(cast):
    with pytest.raises(policy.Denied) as refusal:
        studies.open_study(by=cast["clinician"], slug="new", title="New")

    event = AuditEvent.objects.latest("id")
    assert (event.verb, event.actor, event.outcome) == ("study.opened", "clinician", "denied")
    assert "needs the role Administrator" in refusal.value.sentence
    assert not Study.objects.filter(slug="new").exists()


def test_a_failure_leaves_nothing_but_its_event(cast):
    with pytest.raises(BadInput):
        actions.set_roles(by=cast["admin"], on=cast["clinician"].public_id, role_names=["auditor", "admin"])

    assert AuditEvent.objects.latest("id").outcome == "failed"
    assert sorted(cast["clinician"].groups.values_list("name", flat=True)) == ["clinician"]


def test_another_wards_patient_does_not_exist_for_a_clinician(cast, patient):
    with pytest.raises(policy.Denied) as refusal:
        records.open_patient(by=cast["clinician2"], on=patient)

    event = AuditEvent.objects.latest("id")
    assert refusal.value.status == 404
    assert (event.verb, event.outcome, event.patient, event.actor) == (
        "patient.opened",
        "denied",
        patient,
        "clinician2",
    )


def test_no_right_but_a_wards_shows_patients(cast, patient):
    for name in ("scientist", "reviewer", "admin", "auditor"):
        with pytest.raises(policy.Denied):
            records.open_patient(by=cast[name], on=patient)
    cast["admin"].is_superuser = True
    with pytest.raises(policy.Denied):
        records.open_patient(by=cast["admin"], on=patient)


def test_an_ended_assignment_ends_access_at_once(cast, wards):
    records.end_assignment(by=SYSTEM, on=cast["clinician"].care_relationships.get())

    assert records.list_patients(by=cast["clinician"]) == []


def test_each_listed_patient_has_an_event_of_its_own(cast, wards):
    shown = records.list_patients(by=cast["clinician"])

    events = AuditEvent.objects.filter(verb="patient.listed", actor="clinician")
    assert sorted(events.values_list("patient", flat=True)) == sorted(row.public_id for row in shown)


def test_what_breaks_inside_a_verb_is_written_without_its_message(cast, monkeypatch):
    def broken(person):
        raise ValueError("Zebra-Canary")

    monkeypatch.setattr("portal.access.actions.factors.enrol", broken)
    with pytest.raises(ValueError, match="Zebra"):
        actions.add_person(
            by=SYSTEM, username="new", name="New", password="correct-horse-battery", role_names=["clinician"]
        )

    event = AuditEvent.objects.get(verb="person.added", outcome="failed")
    assert ("Zebra" in event.payload, '"why":"error"' in event.payload) == (False, True)


def test_a_verb_about_an_object_needs_one(cast):
    with pytest.raises(policy.Denied):
        records.open_patient(by=cast["clinician"], on=None)


def test_nobody_gives_themselves_a_role_or_a_ward(cast, wards):
    with pytest.raises(Conflict, match="their own roles"):
        actions.set_roles(by=cast["admin"], on=cast["admin"], role_names=["admin", "clinician"])
    unit = cast["clinician"].care_relationships.get().care_unit
    with pytest.raises(Conflict, match="assigns themselves"):
        records.assign(by=cast["admin"], on=unit, person=cast["admin"])
