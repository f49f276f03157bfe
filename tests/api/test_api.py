"""The same rules for programs."""

import json

import pytest
from django.test import Client

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.compute.actions import set_quota

TYPED = {"age": 50, "male": 1.0, "visits_12m": 1, "heart_failure": 0.0, "diabetes": 0.0, "copd": 0.0}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(cast):
    """Call the API as a person with a token."""

    def call(name, path, body=None, *, scopes=("*",), method=None, **headers):
        token = actions.issue_token(by=SYSTEM, on=cast[name], scopes=list(scopes), days=1)
        sent = {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in headers.items()}
        client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
        if method or body is not None:
            return client.generic(method or "POST", f"/api/v1/{path}", json.dumps(body), "application/json", **sent)
        return client.get(f"/api/v1/{path}", **sent)

    return call


@pytest.mark.embedded
def test_list_ask_and_read_back(api, patient, unplanned, worked, scorer):
    slugs = [row["slug"] for row in api("clinician", "models/").json()["results"]]
    document = api("clinician", "models/unplanned-admission/versions/1/schema/").json()
    created = api(
        "clinician", "predictions/", {"model": "unplanned-admission", "version": None, "patient": patient, "inputs": {}}
    )
    worked()
    found = api("clinician", f"predictions/{created.json()['id']}/").json()

    assert slugs == ["unplanned-admission"]
    assert (document["additionalProperties"], "age" in document["properties"]) == (False, True)
    assert (created.status_code, created.json()["state"]) == (202, "pending")
    assert (found["state"], found["patient"], found["digest"]) == ("succeeded", patient, unplanned.digest)
    assert 0 < found["output"]["probability"] < 1
    assert found["envelope"]["completeness"]["asked"] == 12


def test_no_token_is_401_with_a_problem_document(db):
    answer = Client().get("/api/v1/models/")

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["detail"]


@pytest.mark.parametrize("spoil", ["x", "fml_unknown", ""])
def test_a_wrong_token_is_401(spoil, db):
    assert Client(HTTP_AUTHORIZATION=f"Bearer {spoil}").get("/api/v1/patients/").status_code == 401


def test_a_token_ends_with_its_person(api, cast, patient):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    actions.deactivate(by=cast["admin"], on=cast["clinician"])

    assert Client(HTTP_AUTHORIZATION=f"Bearer {token}").get("/api/v1/patients/").status_code == 401


def test_a_token_reaches_no_further_than_its_scopes(api, patient):
    assert api("clinician", "patients/", scopes=("models:read",)).json() == {"results": [], "next": None}
    assert api("clinician", f"patients/{patient}/", scopes=("models:read",)).status_code == 404


def test_anothers_objects_are_404_on_every_verb_and_logged(api, patient, unplanned, worked, scorer):
    created = api("clinician", "predictions/", {"model": "unplanned-admission", "patient": patient}).json()
    worked()

    for path, body in (
        (f"patients/{patient}/", None),
        (f"predictions/{created['id']}/", None),
        (f"jobs/{created['job']}/", None),
        (f"jobs/{created['job']}/cancel/", {}),
        ("predictions/", {"model": "unplanned-admission", "patient": patient}),
    ):
        answer = api("clinician2", path, body)
        assert (path, answer.status_code) == (path, 404)
        assert patient not in answer.content.decode()
    assert AuditEvent.objects.filter(actor="clinician2", outcome="denied", patient=patient).count() == 5


@pytest.mark.parametrize("name", ["scientist", "reviewer", "admin", "auditor"])
def test_lists_one_may_not_see_into_are_empty(name, api, patient):
    assert api(name, "patients/").json() == {"results": [], "next": None}
    assert api(name, "predictions/").json() == {"results": [], "next": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"patient": None}, "model"),
        ({"model": "nothing-here"}, "model"),
        ({"model": "unplanned-admission", "colour": 1}, "colour"),
        ({"model": "unplanned-admission", "inputs": [1]}, "inputs"),
        ({"model": "unplanned-admission", "inputs": {**TYPED, "age": "x"}}, "age"),
        ({"model": "unplanned-admission", "inputs": {**TYPED, "copd": None}}, "copd"),
    ],
)
def test_bad_input_is_422_names_the_field_and_creates_nothing(body, field, api, unplanned, wards):
    answer = api("clinician", "predictions/", body)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert api("clinician", "jobs/").json()["results"] == []


@pytest.mark.parametrize("raw", ["{", "[1]", '"x"', "null"])
def test_a_body_that_is_no_object_is_refused(raw, cast, unplanned):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    answer = Client(HTTP_AUTHORIZATION=f"Bearer {token}").generic(
        "POST", "/api/v1/predictions/", raw, "application/json"
    )

    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"


def test_lists_are_walked_by_cursor(api, wards):
    first = api("clinician", "patients/?limit=3").json()
    token_path = first["next"].split("/api/v1/")[1]
    second = api("clinician", token_path).json()

    names = [row["id"] for row in first["results"] + second["results"]]
    assert (len(set(names)), second["next"]) == (4, None)


def test_an_officer_reads_the_ledger_by_patient_and_others_read_nothing(api, cast, patient):
    api("clinician", f"patients/{patient}/")
    found = api("auditor", f"audit/events/?patient={patient}&verb=patient.opened").json()["results"]

    assert [(row["actor"], row["outcome"]) for row in found] == [("clinician", "ok")]
    assert api("clinician", "audit/events/").json() == {"results": [], "next": None}
    assert api("auditor", "audit/events/?outcome=maybe").status_code == 422
    assert api("auditor", "audit/events/?since=never").status_code == 422


def test_the_schema_and_its_page_are_served_here(db):
    assert Client().get("/api/v1/schema/").status_code == 200
    assert Client().get("/api/v1/docs/").status_code == 200


def test_the_same_key_at_the_same_moment_makes_one_prediction(api, cast, patient, unplanned, worked):
    import threading

    from django.db import connection

    from portal.compute.models import Job

    answers = []

    def ask():
        body = {"model": "unplanned-admission", "patient": patient}
        answers.append(api("clinician", "predictions/", body, **{"Idempotency-Key": "k"}))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Job.objects.filter(kind="prediction").count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "audit/events/?patient=%00",
        "patients/%00/",
        "models/?cursor=x",
        "models/?limit=0",
        "models/?limit=%C2%B2",
        "patients/?cursor=LTU=",
        "models/?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=",
    ],
)
def test_odd_addresses_are_answered_below_500(path, api, wards):
    assert api("auditor", path).status_code < 500


def test_a_body_that_is_nested_without_end_is_refused(cast):
    token = actions.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    deep = "[" * 100_000
    answer = Client(HTTP_AUTHORIZATION=f"Bearer {token}").generic(
        "POST", "/api/v1/predictions/", deep, "application/json"
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(("path", "verb"), [("patients/", "patient.listed"), ("audit/events/", "audit.viewed")])
def test_a_list_that_one_may_not_see_into_is_empty_and_the_attempt_is_written(path, verb, api, wards):
    assert api("scientist", path).json() == {"results": [], "next": None}
    assert AuditEvent.objects.filter(actor="scientist", verb=verb, outcome="denied").count() == 1


@pytest.mark.parametrize("prefer", ["", "wait=20"])
def test_a_token_that_may_run_gets_its_own_answer_and_reads_no_other(prefer, api, patient, unplanned, worked, scorer):
    asked = {"model": "unplanned-admission", "patient": patient}
    headers = {"Prefer": prefer} if prefer else {}
    answer = api("clinician", "predictions/", asked, scopes=("predictions:run",), **headers)

    assert (answer.status_code, answer.json()["state"]) == ((201, "succeeded") if prefer else (202, "pending"))
    path = f"predictions/{answer.json()['id']}/"
    assert api("clinician", path, scopes=("predictions:run",)).status_code == 404
    assert api("clinician", path).status_code == 200


def test_ones_own_quota_is_an_event_and_nobody_elses_is_shown(api, cast):
    set_quota(by=SYSTEM, on=cast["clinician2"], daily_limit=3)
    rows = api("clinician", "quotas/").json()["results"]

    person = cast["clinician"].public_id
    assert [(row["id"], row["daily_limit"], row["taken_today"]) for row in rows] == [(f"{person}-predictions", 500, 0)]
    assert api("auditor", "quotas/").json()["results"] == []
    seen = AuditEvent.objects.filter(verb="quota.seen").order_by("id").values_list("actor", "outcome")
    assert list(seen) == [("clinician", "ok"), ("auditor", "denied")]


def test_a_body_that_is_too_large_is_answered_in_words(api, cast):
    answer = api("clinician", "predictions/", {"model": "x" * 3_000_000})

    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    assert answer.json()["detail"] == "The body is larger than 2,621 kB."
