"""Every kind of event that the law and the field ask for, lived through once: what happened, to whom, how, and why."""

import pytest
from django.test import Client

from portal.access import actions, ledger, reports
from portal.access.actors import SYSTEM
from portal.access.policy import Denied
from portal.accounts import factors
from portal.audit import purposes, verify
from portal.audit.models import AuditEvent
from portal.predictions import actions as predictions
from portal.records import actions as records

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct-horse-battery"


def events(verb: str, **more) -> list[tuple[str, str, str]]:
    """(actor, outcome, purpose) of the events of a verb, in order."""
    rows = AuditEvent.objects.filter(verb=verb, **more).order_by("id")
    return list(rows.values_list("actor", "outcome", "purpose"))


def page(person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_each_patient_of_a_list_and_of_a_search_has_an_event(cast, wards):
    shown = page(cast["clinician"]).get("/clinic/").context["lines"]
    listed = AuditEvent.objects.filter(verb="patient.listed", actor="clinician")
    assert sorted(listed.values_list("patient", flat=True)) == sorted(line.patient.public_id for line in shown)

    before = listed.count()
    found = records.list_patients(by=cast["clinician"], search=shown[0].patient.mrn)
    assert list(listed.order_by("id").values_list("patient", flat=True))[before:] == [found[0].public_id]


def test_opening_a_record_and_being_refused_are_filed_under_the_patient(cast, patient):
    page(cast["clinician"]).get(f"/clinic/patients/{patient}/")
    page(cast["clinician2"]).get(f"/clinic/patients/{patient}/")

    assert events("patient.opened", patient=patient) == [
        ("clinician", "ok", "TREAT"),
        ("clinician2", "denied", "TREAT"),
    ]


def test_writes_and_model_runs(cast, patient, unplanned, worked, scorer):
    predictions.request(by=cast["clinician"], on=patient, version=predictions.Choice("unplanned-admission"), inputs={})
    worked()

    assert events("prediction.requested", patient=patient) == [("clinician", "ok", "TREAT")]
    assert [row[1] for row in events("prediction.ended", patient=patient)] == ["ok"]
    assert {row[0] for row in events("model.approval-signed")} == {"reviewer", "reviewer2"}
    assert {row[1:] for row in events("model.registered")} == {("ok", "HOPERAT")}


def test_signing_in_out_and_failing(cast):
    client = Client()
    client.post("/accounts/login/", {"login": "clinician", "password": "wrong"})
    client.post("/accounts/login/", {"login": "nobody-here", "password": "wrong"})
    client.post("/accounts/login/", {"login": "clinician", "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": factors.current_code(cast["clinician"])})
    client.post("/accounts/logout/")

    assert [row[1] for row in events("person.sign-in-failed")] == ["failed", "failed"]
    assert events("person.signed-in") == [("clinician", "ok", "HSYSADMIN")]
    assert events("person.signed-out") == [("clinician", "ok", "HSYSADMIN")]


def test_changes_of_rights_and_administrative_acts(cast):
    actions.set_roles(by=cast["admin"], on=cast["scientist2"], role_names=["reviewer"])
    actions.deactivate(by=cast["admin"], on=cast["scientist2"])
    actions.issue_token(by=SYSTEM, on=cast["scientist"], scopes=["*"], days=1)
    ledger.set_retention(by=cast["auditor"], years=7, reason="The hospital's rule.")
    with pytest.raises(Denied):
        actions.set_roles(by=cast["clinician"], on=cast["clinician"], role_names=["admin"])

    assert events("person.roles-set", object_id=cast["scientist2"].public_id)[-1] == ("admin", "ok", "HSYSADMIN")
    assert events("person.roles-set", actor="clinician") == [("clinician", "denied", "HSYSADMIN")]
    assert events("person.deactivated", actor="admin") == [("admin", "ok", "HSYSADMIN")]
    assert events("token.issued", object_id__gt="")[-1][1] == "ok"
    assert events("audit.retention-set") == [("auditor", "ok", "HOPERAT")]


def test_views_of_the_log_exports_and_checks(cast, patient):
    officer = page(cast["auditor"])
    officer.get("/oversight/events/?outcome=denied")
    officer.get(f"/oversight/patients/{patient}/")
    list(reports.export(by=cast["auditor"], filters={"patient": patient}, purpose="PATRQT")[1])
    officer.post("/oversight/integrity/")

    assert events("audit.viewed") == [("auditor", "ok", "HOPERAT")]
    assert events("audit.patient-reported", patient=patient) == [("auditor", "ok", "HOPERAT")]
    assert events("audit.exported", patient=patient) == [("auditor", "ok", "PATRQT")]
    assert events("audit.verified") == [("auditor", "ok", "HOPERAT")]


def test_no_event_of_all_this_lacks_who_what_or_why(cast, patient):
    page(cast["clinician"]).get(f"/clinic/patients/{patient}/")
    page(cast["auditor"]).get("/oversight/events/")

    rows = AuditEvent.objects.values_list("actor", "verb", "purpose", "recorded_at")
    assert [row for row in rows if not all(row)] == []
    assert set(AuditEvent.objects.values_list("purpose", flat=True)) <= set(purposes.WORDS)
    assert verify.verify().fault == ""
