"""Break-glass: who may, for how long, who is told, and the review that closes it."""

from datetime import date, datetime, timedelta

import pytest

from portal.access import actions, cases, notices, policy, requests, settling
from portal.access.actors import SYSTEM
from portal.access.models import BreachAssessment, Case, Grant, Notice, PermissionTable
from portal.accounts import factors
from portal.accounts.factors import Proof
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.audit.queries import view_of
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.records import actions as records
from portal.records import emergency, sharing
from portal.records.models import Patient, PatientUserPermission

pytestmark = pytest.mark.django_db
NOTE = "The ward's list confirms that the patient was handed over."


def break_glass(person, patient, **changes):
    asked = {"code": "emergency-treatment", "text": "", "attested": True, "proof": Proof(person.pk, clock.now())}
    return emergency.open_record(by=person, on=patient, **(asked | changes))


def mrn_of(patient: str) -> str:
    with guard.unlocked():
        return Patient.objects.get(public_id=patient).person["mrn"]


@pytest.fixture
def opened(cast, patient) -> Grant:
    """`clinician2` opened `clinician`'s patient."""
    return break_glass(cast["clinician2"], patient)


def at(monkeypatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_it_opens_one_patient_for_four_hours_to_read_and_to_run(opened, cast, patient, unplanned, worked, monkeypatch):
    from portal.predictions import actions as predictions

    assert records.open_patient(by=cast["clinician2"], on=patient).patient.public_id == patient
    assert predictions.request(by=cast["clinician2"], on=patient, version=unplanned, inputs={})
    others = [row.public_id for row in records.list_patients(by=cast["clinician"]) if row.public_id != patient]
    for other in others:
        with pytest.raises(policy.Denied):
            records.open_patient(by=cast["clinician2"], on=other)

    at(monkeypatch, opened.since + timedelta(hours=4))
    with pytest.raises(policy.Denied):
        records.open_patient(by=cast["clinician2"], on=patient)
    assert PatientUserPermission.objects.count() == 1  # ended by the query, before any sweep


def test_it_opens_no_list_no_search_and_no_sharing(opened, cast, patient):
    listed = {row.public_id for row in records.list_patients(by=cast["clinician2"])}
    found = records.list_patients(by=cast["clinician2"], search=mrn_of(patient))

    assert (patient in listed, found) == (False, [])
    with pytest.raises(policy.Denied) as refusal:
        sharing.share(by=cast["clinician2"], on=patient, username="clinician", reason=NOTE, until=clock.now())
    assert refusal.value.status == 403


@pytest.mark.parametrize("name", ["scientist", "admin", "reviewer", "auditor"])
def test_other_roles_never_break_the_glass(name, cast, patient):
    with pytest.raises(policy.Denied):
        break_glass(cast[name], patient)
    assert Case.objects.count() == 0


@pytest.mark.parametrize("extra", ["scientist", "admin"])
def test_a_clinician_who_is_also_scientist_or_admin_never_does_and_loses_what_is_open(extra, opened, cast, patient):
    actions.set_roles(by=SYSTEM, on=cast["clinician2"], role_names=["clinician", extra])
    person = User.objects.get(username="clinician2")

    for attempt in (lambda: records.open_patient(by=person, on=patient), lambda: break_glass(person, patient)):
        with pytest.raises(policy.Denied):
            attempt()
    denied = AuditEvent.objects.filter(verb="patient.emergency-opened", outcome="denied", patient=patient)
    assert denied.count() == 1


def test_a_superuser_and_a_token_never_use_it(opened, cast, patient):
    person = User.objects.get(username="clinician2")
    person.is_superuser = True
    with pytest.raises(policy.Denied):
        records.open_patient(by=person, on=patient)
    program = User.objects.get(username="clinician2")
    program.scopes = frozenset({"*"})
    for attempt in (
        lambda: records.open_patient(by=program, on=patient),
        lambda: break_glass(program, patient),
        lambda: emergency.look_up(by=program, mrn=mrn_of(patient)),
        lambda: emergency.renew(by=program, on=opened.public_id),
    ):
        with pytest.raises(policy.Denied):
            attempt()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "curiosity"}, "code"), ({"code": "other", "text": "too short"}, "text"),
        ({"attested": False}, "attested"), ({"proof": None}, "password"),
    ],
)  # fmt: skip
def test_it_asks_for_a_coded_reason_text_attestation_and_both_factors(changes, field, cast, patient):
    with pytest.raises(BadInput) as problem:
        break_glass(cast["clinician2"], patient, **changes)
    assert (list(problem.value.errors), Grant.objects.filter(kind="break-glass").count()) == ([field], 0)


def test_a_proof_that_is_old_or_somebody_elses_does_not_serve(cast, patient):
    old = Proof(cast["clinician2"].pk, clock.now() - timedelta(minutes=6))
    for proof in (old, Proof(cast["clinician"].pk, clock.now())):
        with pytest.raises(BadInput):
            break_glass(cast["clinician2"], patient, proof=proof)


def test_who_reaches_the_patient_anyway_goes_straight_to_the_record(cast, patient):
    assert break_glass(cast["clinician"], patient) is None
    assert (Case.objects.count(), Grant.objects.filter(kind="break-glass").count()) == (0, 0)
    summary, known = emergency.look_up(by=cast["clinician"], mrn=mrn_of(patient))
    assert (summary.public_id, known) == (patient, True)


def test_the_ledger_tells_start_and_stop_with_their_codes_and_no_text(cast, patient):
    grant = break_glass(cast["clinician2"], patient, code="other", text="Collapsed in the corridor, Leakwell")
    emergency.end(by=cast["clinician2"], on=grant.public_id)

    events = {event.verb: view_of(event) for event in AuditEvent.objects.filter(patient=patient)}
    start, stop = events["patient.emergency-opened"], events["patient.emergency-ended"]
    assert (start.detail["dicom"], start.detail["code"], start.purpose) == ("110127", "other", "BTG")
    assert (stop.detail["dicom"], PatientUserPermission.objects.count()) == ("110138", 0)
    assert not AuditEvent.objects.filter(payload__contains="Leakwell").exists()


def test_an_emergency_that_runs_out_is_written_down_by_the_keeper(opened, monkeypatch):
    at(monkeypatch, opened.since + timedelta(hours=5))

    assert settling.settle(by=SYSTEM) == 1
    opened.refresh_from_db()
    event = view_of(AuditEvent.objects.filter(verb="grant.expired").get())
    assert (event.detail["dicom"], event.patient, opened.ended_at) == ("110138", opened.object_id, opened.until)
    assert PatientUserPermission.objects.count() == 0


def test_it_is_renewed_to_a_day_and_then_needs_a_new_reason(opened, cast, patient, monkeypatch):
    for hour in (3, 6, 9, 12, 15, 18, 21):
        at(monkeypatch, opened.since + timedelta(hours=hour))
        emergency.renew(by=cast["clinician2"], on=opened.public_id)
    opened.refresh_from_db()
    assert opened.until == opened.since + timedelta(hours=24)
    with pytest.raises(Conflict):
        emergency.renew(by=cast["clinician2"], on=opened.public_id)

    at(monkeypatch, opened.since + timedelta(hours=24))
    with pytest.raises(policy.Denied):
        emergency.renew(by=cast["clinician2"], on=opened.public_id)
    assert break_glass(cast["clinician2"], patient).pk != opened.pk


def test_nobody_renews_or_ends_anothers(opened, cast):
    for act in (emergency.renew, emergency.end):
        with pytest.raises(policy.Denied):
            act(by=cast["clinician"], on=opened.public_id)


def test_the_officers_are_told_at_once_and_again_after_more_than_three(cast, wards):
    for row in records.list_patients(by=cast["clinician"]):
        break_glass(cast["clinician2"], row.public_id)

    kinds = [row.kind for row in notices.unread(cast["auditor"])]
    assert (kinds.count("emergency-opened"), kinds.count("emergency-often")) == (4, 1)
    assert sorted(Case.objects.values_list("often", flat=True)) == [False, False, False, True]
    assert Notice.objects.exclude(person=cast["auditor"]).count() == 0


@pytest.mark.parametrize(
    ("opened_on", "due"),
    [
        (date(2026, 11, 2), date(2026, 11, 5)), (date(2026, 11, 5), date(2026, 11, 10)),
        (date(2026, 11, 6), date(2026, 11, 11)), (date(2026, 11, 7), date(2026, 11, 11)),
    ],
)  # fmt: skip
def test_a_case_is_due_in_three_working_days(opened_on, due):
    assert cases.due_after(opened_on) == due


def test_a_review_closes_the_case_once_and_never_ones_own(opened, cast):
    case = Case.objects.get()
    with pytest.raises(policy.Denied):
        cases.close(by=cast["clinician2"], on=case.public_id, outcome="appropriate", note=NOTE)
    with pytest.raises(BadInput) as problem:
        cases.close(by=cast["auditor"], on=case.public_id, outcome="fine", note="ok")
    assert sorted(problem.value.errors) == ["note", "outcome"]

    cases.close(by=cast["auditor"], on=case.public_id, outcome="appropriate", note=NOTE)

    case.refresh_from_db()
    assert (case.state, case.reviewer, case.note) == ("closed", cast["auditor"], NOTE)
    assert (BreachAssessment.objects.count(), cases.list_cases(by=cast["auditor"])) == (0, [])
    with pytest.raises(Conflict):
        cases.close(by=cast["auditor"], on=case.public_id, outcome="inappropriate", note=NOTE)


def test_an_officer_who_broke_the_glass_does_not_see_that_case(opened, cast):
    actions.set_roles(by=SYSTEM, on=cast["clinician2"], role_names=["clinician", "auditor"])
    person = User.objects.get(username="clinician2")

    assert cases.list_cases(by=person) == []
    with pytest.raises(policy.Denied):
        cases.close(by=person, on=Case.objects.get().public_id, outcome="appropriate", note=NOTE)


def test_an_officer_of_the_same_ward_does_not_review(opened, cast):
    ward = cast["clinician2"].care_relationships.get().care_unit
    actions.set_roles(by=SYSTEM, on=cast["auditor"], role_names=["clinician", "auditor"])
    records.assign(by=SYSTEM, on=ward, person=cast["auditor"])

    with pytest.raises(Conflict):
        cases.close(by=cast["auditor"], on=Case.objects.get().public_id, outcome="appropriate", note=NOTE)


def test_inappropriate_opens_the_breach_assessment_with_its_four_factors(opened, cast):
    case = Case.objects.get()
    cases.close(by=cast["auditor"], on=case.public_id, outcome="inappropriate", note=NOTE)
    factors = {"nature": "Whole record", "who": "A colleague", "acquired": "Viewed", "mitigation": "Talked"}
    with pytest.raises(BadInput) as problem:
        cases.assess(by=cast["auditor"], on=case, factors=factors | {"who": " "}, conclusion="")
    assert sorted(problem.value.errors) == ["conclusion", "who"]

    made = cases.assess(by=cast["auditor"], on=case, factors=factors, conclusion="low")

    assert (made.nature, made.conclusion, made.concluded_by) == ("Whole record", "low", cast["auditor"])


def test_the_officer_reads_the_reason_and_an_administrator_does_not(opened, cast, patient):
    other = break_glass(
        cast["clinician2"], records.list_patients(by=cast["clinician"])[1].public_id, text="Handed over"
    )
    assert requests.open_grant(by=cast["auditor"], on=other.public_id).reason == "Handed over"
    assert requests.open_grant(by=cast["admin"], on=other.public_id).reason == ""


def test_every_permission_table_points_back_to_a_grant():
    tables = [table for table in PermissionTable.__subclasses__() if not table._meta.abstract]
    assert {table._meta.get_field("grant").related_model for table in tables} == {Grant}


def test_a_wrong_password_is_in_the_ledger_as_a_failed_attempt_on_the_patient(cast, patient):
    person = cast["clinician2"]
    with pytest.raises(BadInput):
        break_glass(person, patient, proof=lambda: factors.prove(person, password="guess", code="000000"))

    event = AuditEvent.objects.latest("id")
    assert (event.verb, event.outcome, event.patient) == ("patient.emergency-opened", "failed", patient)
    assert Case.objects.count() == 0
