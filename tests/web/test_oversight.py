"""The audit officer's day: who looked, what did they do, a table to take away, and a signature."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client

from portal.access import actions as access
from portal.access import watch
from portal.access.action import record
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.audit import alarms, triggers
from portal.audit.models import AuditEvent, PeriodReview
from portal.core import clock, guard
from portal.records import actions as records
from portal.studies import actions as studies
from portal.web.oversight.reviews import gaps

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_heads(settings, tmp_path):
    settings.HEADS = tmp_path / "heads"


@pytest.fixture
def officer(cast):
    client = Client()
    client.force_login(cast["auditor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def opened(cast, patient):
    """`clinician` opened the patient, `clinician2` tried."""
    shown = records.open_patient(by=cast["clinician"], on=patient)
    other = Client()
    other.force_login(cast["clinician2"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert other.get(f"/clinic/patients/{patient}/").status_code == 404
    return shown.patient


def test_a_record_number_leads_to_who_looked_and_never_into_an_address(officer, opened, patient):
    answer = officer.post("/oversight/events/find/", {"subject": opened.mrn})
    assert answer.url == f"/oversight/patients/{patient}/"
    page = officer.get(answer.url).content.decode()

    assert ("clinician2" in page, "opened the patient&#x27;s record" in page) == (True, True)
    # What the officer typed heads the page; nothing else that says who it is.
    assert [word for word in (opened.name, opened.mrn, opened.birth_date) if word in page] == [opened.mrn]
    assert AuditEvent.objects.filter(verb="audit.patient-reported", patient=patient, actor="auditor").count() == 1


def test_a_user_name_leads_to_what_that_person_did(officer, opened, cast):
    answer = officer.post("/oversight/events/find/", {"subject": "clinician"})
    page = officer.get(answer.url).content.decode()

    assert answer.url == f"/oversight/people/{cast['clinician'].public_id}/"
    assert ("opened the patient&#x27;s record" in page, "clinician2" in page) == (True, False)


def test_a_subject_nobody_has_is_answered_in_words(officer, opened):
    answer = officer.post("/oversight/events/find/", {"subject": "no-such-name", "purpose": "PATRQT"})

    assert "Nobody is called that" in answer.content.decode()


def test_a_patient_s_id_leads_to_the_report(officer, opened, patient):
    assert officer.post("/oversight/events/find/", {"subject": patient}).url == f"/oversight/patients/{patient}/"


def test_a_name_without_a_reason_shows_nobody(officer, opened):
    answer = officer.post("/oversight/events/find/", {"subject": opened.name})
    page = answer.content.decode()

    assert (answer.status_code, opened.mrn in page) == (422, False)
    assert "Choose why you look for a patient by name" in page
    assert AuditEvent.objects.filter(verb="audit.patients-identified", outcome="failed").count() == 1


def test_a_name_with_a_reason_shows_identities_and_is_an_event_for_each(officer, opened, patient):
    answer = officer.post("/oversight/events/find/", {"subject": opened.name.split()[-1], "purpose": "PATRQT"})
    page, people = answer.content.decode(), answer.context["people"]

    assert f"/oversight/patients/{patient}/" in page
    assert opened.mrn in page
    found = AuditEvent.objects.filter(verb="audit.patients-identified", outcome="ok").values_list("patient", "purpose")
    assert set(found) == {(person.public_id, "PATRQT") for person in people}
    assert AuditEvent.objects.filter(verb="patient.opened", actor="auditor").count() == 0
    assert "no-store" in answer["Cache-Control"]


def test_nobody_else_finds_patients_by_name(opened, cast):
    for name in ("clinician2", "scientist", "admin", "reviewer"):
        client = Client()
        client.force_login(cast[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.post("/oversight/events/find/", {"subject": opened.name, "purpose": "PATRQT"})
        assert (answer.status_code, opened.mrn in answer.content.decode()) == (403, False)


@pytest.mark.parametrize(("form", "kind"), [("ndjson", "application/x-ndjson"), ("fhir", "application/fhir+ndjson")])
def test_the_log_is_exported_line_by_line(officer, opened, patient, form, kind):
    answer = officer.post("/oversight/events/export/", {"patient": patient, "export_for": "HCOMPL", "as": form})
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]

    assert answer["Content-Type"] == kind
    event = AuditEvent.objects.get(verb="audit.exported", outcome="ok")
    leaves = AuditEvent.objects.filter(patient=patient, id__lt=event.id).order_by("-id").values_list("leaf", flat=True)
    assert [line["id"] for line in lines] == [leaf[:20] for leaf in leaves]
    assert json.loads(event.payload)["detail"]["form"] == form


def test_an_audit_event_of_a_denial_is_shaped_as_balp_says(officer, opened, patient):
    answer = officer.post("/oversight/events/export/", {"outcome": "denied", "export_for": "HCOMPL", "as": "fhir"})
    (made,) = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]

    assert (made["resourceType"], made["outcome"], made["action"]) == ("AuditEvent", "8", "R")
    assert [agent["requestor"] for agent in made["agent"]] == [False, False, True]
    assert made["agent"][2]["who"]["display"] == "clinician2"
    assert "network" not in made["agent"][2]
    assert {entity["what"]["identifier"]["value"] for entity in made["entity"] if entity.get("role")} == {patient}


def test_the_api_exports_what_the_page_does(opened, cast, patient):
    token = access.issue_token(by=SYSTEM, on=cast["auditor"], scopes=["*"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = client.get(f"/api/v1/audit/events/?as=fhir&purpose=HLEGAL&patient={patient}&outcome=denied")
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]

    assert [line["purposeOfEvent"][0]["coding"][0]["code"] for line in lines] == ["TREAT"]
    assert client.get("/api/v1/audit/events/?as=fhir").status_code == 422
    assert client.get("/api/v1/audit/events/?as=xml&purpose=HLEGAL").status_code == 422
    narrow = access.issue_token(by=SYSTEM, on=cast["auditor"], scopes=["audit:read"], days=1)
    answer = Client(HTTP_AUTHORIZATION=f"Bearer {narrow}").get("/api/v1/audit/events/?as=ndjson&purpose=HLEGAL")
    assert answer.json() == {"results": [], "next": None}


def test_an_export_needs_a_purpose_and_is_an_event(officer, opened, patient):
    assert officer.post("/oversight/events/export/", {"patient": patient}).status_code == 422
    answer = officer.post("/oversight/events/export/", {"patient": patient, "export_for": "PATRQT"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    event = AuditEvent.objects.get(verb="audit.exported", outcome="ok")
    assert (event.purpose, event.patient) == ("PATRQT", patient)
    assert {row["patient"] for row in rows} == {patient}
    assert {"clinician", "clinician2"} <= {row["who"] for row in rows}


def test_no_cell_of_an_export_begins_like_a_formula(officer, cast):
    cast["scientist"].username = "=cmd()"
    record("person.signed-in", by=cast["scientist"])
    answer = officer.post("/oversight/events/export/", {"actor": "=cmd()", "export_for": "HCOMPL"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    assert [row["who"] for row in rows] == ["'=cmd()"]


def test_chips_narrow_the_log(officer, opened):
    answer = officer.get("/oversight/events/?outcome=denied&role=clinician")
    facets = {facet["title"]: facet["chips"] for facet in answer.context["facets"]}

    assert [view.actor for view in answer.context["events"]] == ["clinician2"]
    assert [(chip["label"], chip["count"], chip["on"]) for chip in facets["Outcome"]] == [("denied", "1", True)]
    assert facets["Person"][0]["query"] == "actor=clinician2&outcome=denied&role=clinician"
    assert facets["Outcome"][0]["query"] == "role=clinician"


def test_on_its_first_day_the_log_has_nothing_to_sign_for(officer, cast):
    page = officer.get("/oversight/reviews/").content.decode()

    assert "The log began today. A day can be signed for once it is over" in page
    assert ("Every day up to yesterday" in page, "proposes the days that are open" in page) == (False, False)


def sign(officer, cast, **changes):
    yesterday = (clock.now().date() - timedelta(days=1)).isoformat()
    typed = {"since": yesterday, "until": yesterday, "note": "Looked at every denial.",
             "password": "correct-horse-battery", "code": factors.current_code(cast["auditor"])}  # fmt: skip
    return officer.post("/oversight/reviews/", typed | changes)


def test_a_period_is_signed_with_password_and_code(officer, cast):
    assert sign(officer, cast).status_code == 302

    review = PeriodReview.objects.get()
    assert (review.signer, review.factors) == ("auditor", ["password", "one-time code"])
    assert AuditEvent.objects.filter(verb="audit.period-reviewed", outcome="ok").count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "The password is not right"),
        ({"code": "000000x"}, "The one-time code is not right"),
        ({"note": "ok"}, "Write 5 to 1000 characters"),
        ({"since": "soon"}, "is not a date"),
        ({"until": "2099-01-01"}, "The last day must be over"),
        ({"until": "2000-01-01"}, "The last day lies before the first"),
    ],
)
def test_what_is_wrong_with_a_sign_off_is_said_and_nothing_is_kept(officer, cast, changes, words):
    answer = sign(officer, cast, **changes)

    assert (answer.status_code, words in answer.content.decode(), PeriodReview.objects.count()) == (422, True, 0)


def test_days_that_nobody_signed_for_are_named():
    day = date(2026, 11, 1)
    made = [
        PeriodReview(since=day + timedelta(days=a), until=day + timedelta(days=b)) for a, b in ((2, 4), (3, 6), (9, 9))
    ]

    assert gaps(made, day, date(2026, 11, 12)) == [
        (date(2026, 11, 1), date(2026, 11, 2)),
        (date(2026, 11, 8), date(2026, 11, 9)),
        (date(2026, 11, 11), date(2026, 11, 12)),
    ]


def test_the_banner_stands_until_an_officer_acknowledges_it(officer):
    studies.open_study(by=SYSTEM, slug="study", title="A study")
    with guard.unlocked():
        triggers.drop(connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE audit_auditevent SET verb = 'x' WHERE id = (SELECT MIN(id) FROM audit_auditevent)")
        triggers.install(connection)
    watch.check_ledger(by=SYSTEM)
    seen = "does not fit together" in officer.get("/oversight/events/").content.decode()
    officer.post("/oversight/integrity/", {"acknowledge": "yes", "note": "Restored from last night's backup."})

    assert (seen, alarms.fault()) == (True, None)
    assert "does not fit together" not in officer.get("/oversight/events/").content.decode()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "99999-01-01", "2026-02-30", "²026-01-01"])
def test_the_outermost_days_are_answered_in_words(officer, cast, day):
    token = access.issue_token(by=SYSTEM, on=cast["auditor"], scopes=["*"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    answers = [
        officer.get("/oversight/events/", {"until": day}),
        officer.get("/oversight/events/", {"since": day}),
        officer.post("/oversight/events/export/", {"until": day, "export_for": "PATRQT"}),
        client.get("/api/v1/audit/events/", {"until": day}),
        client.get("/api/v1/audit/events/", {"since": f"{day}T23:59:59-14:00"}),
        client.get("/api/v1/audit/events/", {"since": f"{day}T00:00:01+14:00"}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 422}


def test_the_page_of_a_search_opens_again_without_the_search(officer):
    answer = officer.get("/oversight/events/find/")

    assert (answer.status_code, "Find a patient or a person" in answer.content.decode()) == (200, True)


def test_a_report_is_headed_by_what_the_officer_sought_and_only_in_that_session(opened, officer, cast):
    address = officer.post("/oversight/events/find/", {"subject": opened.mrn}).url
    assert opened.mrn not in address
    assert f"Who opened record no. {opened.mrn}" in " ".join(officer.get(address).content.decode().split())

    officer.post("/oversight/events/find/", {"subject": opened.name.split()[-1], "purpose": "PATRQT"})
    assert f"Who opened the record of {opened.name}" in " ".join(officer.get(address).content.decode().split())
    assert opened.name not in str(dict(officer.session))

    other = Client()
    other.force_login(cast["auditor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert opened.name not in other.get(address).content.decode()
