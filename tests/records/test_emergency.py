"""Emergency access: one record, one person, some hours, and a case for the officers."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client

from portal.access import actions as access
from portal.access import cases, glass, notices, policy, post
from portal.access.actors import SYSTEM
from portal.access.models import Case, Grant
from portal.access.permissions import Permission
from portal.accounts import factors
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.records import actions as records
from portal.records import emergency, overrides

pytestmark = pytest.mark.django_db(transaction=True)


def proof(person):
    return factors.Proof(person.pk, clock.now())


@pytest.fixture
def elsewhere(cast, patient):
    """A clinician to whose wards the patient does not belong."""
    return cast["clinician2"]


@pytest.fixture
def start(elsewhere, patient):
    """Open the patient's record in an emergency."""

    def run(person=elsewhere, **changes):
        given = {"code": "emergency", "text": "", "attested": True, "proof": proof(person)}
        return emergency.start(by=person, on=patient, **given | changes)

    return run


def reads(person, patient):
    try:
        return records.open_patient(by=person, on=patient).patient.public_id == patient
    except policy.Denied:
        return False


@pytest.mark.embedded
def test_it_opens_one_record_for_four_hours_and_no_list(start, cast, elsewhere, patient):
    assert not reads(elsewhere, patient)
    before = [row.public_id for row in records.list_patients(by=elsewhere)]
    grant = start()

    assert reads(elsewhere, patient)
    assert [row.public_id for row in records.list_patients(by=elsewhere)] == before
    assert (grant.kind, grant.purpose, grant.until - grant.since < timedelta(hours=4, seconds=5)) == (
        "break-glass",
        "BTG",
        True,
    )
    assert not reads(cast["scientist"], patient)


def test_it_ends_by_the_clock_without_anybody_sweeping(start, elsewhere, patient, monkeypatch):
    start()
    later = clock.now() + timedelta(hours=4, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert not reads(elsewhere, patient)
    assert glass.live_grants(elsewhere) == []


def test_it_can_be_given_back_at_once(start, elsewhere, patient):
    emergency.end(by=elsewhere, on=start().public_id)

    assert not reads(elsewhere, patient)
    event = AuditEvent.objects.get(verb="break-glass.ended")
    assert ('"dicom":"110138"' in event.payload, event.patient) == (True, patient)


def test_more_time_ends_a_day_after_the_start(start, elsewhere, monkeypatch):
    grant, begin = start(), clock.now()
    for hours in (3, 6, 9, 12, 15, 18, 21):
        monkeypatch.setattr(clock, "now", lambda hours=hours: begin + timedelta(hours=hours))
        emergency.renew(by=elsewhere, on=grant.public_id)
    grant.refresh_from_db()

    assert grant.until == grant.since + timedelta(hours=24)
    with pytest.raises(Conflict, match="24 hours at most"):
        emergency.renew(by=elsewhere, on=grant.public_id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "curious"}, "code"),
        ({"code": "other", "text": "because"}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"attested": False}, "attested"),
        ({"proof": None}, "password"),
    ],
)
def test_what_is_missing_is_named_and_opens_nothing(changes, field, start, elsewhere, patient):
    with pytest.raises(BadInput) as refusal:
        start(**changes)

    assert list(refusal.value.errors) == [field]
    assert (reads(elsewhere, patient), Grant.objects.filter(kind="break-glass").count(), Case.objects.count()) == (
        False,
        0,
        0,
    )


@pytest.mark.parametrize("name", ["scientist", "reviewer", "admin", "auditor"])
def test_it_is_for_clinicians_only(name, start, cast, patient):
    cast[name].is_superuser = True
    with pytest.raises(policy.Denied):
        start(person=cast[name], proof=proof(cast[name]))
    assert AuditEvent.objects.filter(verb="break-glass.started", outcome="denied", actor=name, patient=patient).exists()


def test_no_program_uses_it(start, elsewhere, patient):
    token = access.issue_token(by=SYSTEM, on=elsewhere, scopes=["*"], days=1)
    start()
    api = Client(HTTP_AUTHORIZATION=f"Bearer {token}")

    assert reads(elsewhere, patient)
    assert api.get(f"/api/v1/patients/{patient}/").status_code == 404
    elsewhere.scopes = frozenset({"*"})
    assert not policy.decide(elsewhere, Permission.BREAK_GLASS).allowed or not reads(elsewhere, patient)


def test_who_reaches_the_record_anyway_needs_none(start, cast):
    with pytest.raises(Conflict, match="You reach this record already"):
        start(person=cast["clinician"], proof=proof(cast["clinician"]))


def test_both_identifiers_must_fit(cast, elsewhere, patient):
    known = records.open_patient(by=cast["clinician"], on=patient).patient

    assert emergency.find(by=elsewhere, mrn=known.mrn, birth_date=known.birth_date).public_id == patient
    for mrn, born in ((known.mrn, "1901-01-01"), ("INV-000000", known.birth_date), ("", "")):
        with pytest.raises(BadInput, match="Check both"):
            emergency.find(by=elsewhere, mrn=mrn, birth_date=born)


def test_a_case_opens_at_once_and_tells_what_was_done(start, cast, elsewhere, patient):
    start(code="other", text="Covering the night for a colleague who is ill.")
    reads(elsewhere, patient)

    (case,) = cases.list_cases(by=cast["auditor"])
    evidence = cases.open_evidence(by=cast["auditor"], on=case.public_id)
    assert (case.grant.person, case.urgent, case.due_on > clock.now().date()) == (elsewhere, False, True)
    assert [event.verb for event in evidence.events] == ["break-glass.started", "patient.opened"]
    assert "Covering the night" not in AuditEvent.objects.get(verb="break-glass.started").payload


def test_an_outcome_closes_it_and_what_was_wrong_is_weighed(start, cast):
    start()
    (case,) = cases.list_cases(by=cast["auditor"])
    close = {"by": cast["auditor"], "on": case.public_id, "note": "Read every event of that night."}
    with pytest.raises(BadInput) as refusal:
        cases.close(outcome="inappropriate", assessment={"nature": "Whole record"}, **close)
    assert sorted(refusal.value.errors) == ["acquired", "mitigation", "recipient"]

    cases.close(outcome="inappropriate", assessment=dict.fromkeys(cases.FACTORS, "Looked at."), **close)
    case.refresh_from_db()
    assert (case.outcome, sorted(case.assessment), case.closed_by) == (
        "inappropriate",
        sorted(cases.FACTORS),
        cast["auditor"],
    )
    assert cases.list_cases(by=cast["auditor"]) == []
    with pytest.raises(Conflict, match="closed already"):
        cases.close(outcome="appropriate", **close)


def test_nobody_reviews_their_own(start, cast, elsewhere):
    start()
    access.set_roles(by=cast["admin"], on=elsewhere, role_names=["clinician", "auditor"])
    person = type(elsewhere).objects.get(pk=elsewhere.pk)

    assert cases.list_cases(by=person) == []
    with pytest.raises(policy.Denied):
        cases.close(by=person, on=Case.objects.get().public_id, outcome="appropriate", note="All was well, I say.")


def test_more_than_three_in_a_day_are_urgent(start, elsewhere):
    for _ in range(4):
        emergency.end(by=elsewhere, on=start().public_id)

    assert list(Case.objects.order_by("id").values_list("urgent", flat=True)) == [False, False, False, True]


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        (date(2026, 11, 26), date(2026, 12, 1)),
        (date(2026, 11, 23), date(2026, 11, 26)),
        (date(2026, 11, 28), date(2026, 12, 2)),
    ],
)
def test_three_working_days(opened, due):
    assert cases.working_day(opened, 3) == due


def test_every_officer_is_told_in_words_that_name_nobody(start, cast, patient):
    User.objects.filter(username="auditor").update(email="noor@example.org")
    start()

    assert [notices.TEXTS[row.kind] for row in notices.list_notices(by=cast["auditor"], unread=True)] == [
        notices.TEXTS["emergency-opened"]
    ]
    post.mail(by=SYSTEM)
    (message,) = mail.outbox
    assert (message.to, patient in message.body, "clinician2" in message.body) == (["noor@example.org"], False, False)


def test_what_is_done_meanwhile_is_filed_under_emergency_treatment(start, elsewhere, patient):
    grant = start()
    records.open_patient(by=elsewhere, on=patient)
    emergency.end(by=elsewhere, on=grant.public_id)
    reads(elsewhere, patient)

    events = AuditEvent.objects.filter(actor="clinician2", patient=patient).order_by("id")
    assert [(event.verb, event.outcome, event.purpose) for event in events] == [
        ("break-glass.started", "ok", "ETREAT"),
        ("patient.opened", "ok", "ETREAT"),
        ("break-glass.ended", "ok", "ETREAT"),
        ("patient.opened", "denied", "TREAT"),
    ]


def test_an_officer_reviews_nobody_of_their_own_ward(start, cast, elsewhere):
    start()
    case = Case.objects.get().public_id
    access.set_roles(by=SYSTEM, on=cast["auditor"], role_names=["auditor", "clinician"])
    ward = elsewhere.care_relationships.get().care_unit
    there = records.assign(by=SYSTEM, on=ward, person=cast["auditor"])

    assert cases.list_cases(by=cast["auditor"]) == []
    with pytest.raises(policy.Denied):
        cases.close(by=cast["auditor"], on=case, outcome="appropriate", note="Looked at all of it.")
    records.end_assignment(by=SYSTEM, on=there)
    assert [row.public_id for row in cases.list_cases(by=cast["auditor"])] == [case]


def test_the_leads_of_both_wards_hear_of_it(start, cast, elsewhere, patient, monkeypatch):
    start()
    assert [row.kind for row in notices.list_notices(by=cast["clinician"], unread=True)] == ["emergency-here"]
    assert notices.list_notices(by=elsewhere, unread=True) == []

    assert (overrides.tell_leads(by=SYSTEM), overrides.tell_leads(by=SYSTEM)) == (1, 0)
    assert [row.kind for row in notices.list_notices(by=elsewhere, unread=True)] == ["emergency-digest"]
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert overrides.tell_leads(by=SYSTEM) == 0


def test_officers_see_how_often_a_ward_needs_it(start, cast, elsewhere):
    start()
    ward = elsewhere.care_relationships.get().care_unit.name
    assert overrides.rates(by=cast["auditor"]) == [overrides.Rate(ward, 1, 0)]

    cases.close(by=cast["auditor"], on=Case.objects.get().public_id, outcome="fix-rule", note="A consult was ordered.")
    assert overrides.rates(by=cast["auditor"]) == [overrides.Rate(ward, 1, 1)]


def test_a_case_that_is_late_stands_on_the_officers_first_page(start, cast, client, monkeypatch):
    start()
    client.force_login(cast["auditor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "overdue" not in client.get("/oversight/events/").content.decode()
    with guard.unlocked():
        Case.objects.update(due_on=date(2026, 1, 5))

    assert "1 case overdue" in client.get("/oversight/events/").content.decode()


def test_birth_dates_cannot_be_gone_through(elsewhere, cast, patient):
    shown = records.open_patient(by=cast["clinician"], on=patient).patient
    for day in range(emergency.SEARCHES):
        with pytest.raises(BadInput, match="No patient has this record number"):
            emergency.find(by=elsewhere, mrn=shown.mrn, birth_date=f"1890-01-{day + 1:02}")

    with pytest.raises(BadInput, match="Too many patients were not found"):
        emergency.find(by=elsewhere, mrn=shown.mrn, birth_date=shown.birth_date)
    assert AuditEvent.objects.filter(verb="patient.sought", outcome="failed").count() == emergency.SEARCHES + 1
