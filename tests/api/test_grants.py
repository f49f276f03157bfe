"""Grants and access requests for programs: the same rules as the pages, and never an emergency."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.access.models import Grant
from portal.accounts.factors import Proof
from portal.core import clock
from portal.records import emergency

pytestmark = pytest.mark.django_db
WHY = "Second opinion on the heart failure"


@pytest.fixture
def api(cast):
    def client(name: str, scopes=("*",)) -> Client:
        token = actions.issue_token(by=SYSTEM, on=cast[name], scopes=list(scopes), days=1)
        return Client(HTTP_AUTHORIZATION=f"Bearer {token}")

    return client


def soon(days: float) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()


def post(client: Client, path: str, body: dict):
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def test_a_share_is_made_listed_and_ended(api, patient):
    giver, colleague = api("clinician"), api("clinician2")
    assert colleague.get(f"/api/v1/patients/{patient}/").status_code == 404

    made = post(giver, "grants/", {"patient": patient, "person": "clinician2", "reason": WHY, "until": soon(3)})

    assert (made.status_code, made.json()["kind"], made.json()["state"]) == (201, "share", "in force")
    assert colleague.get(f"/api/v1/patients/{patient}/").status_code == 200
    assert [row["kind"] for row in colleague.get("/api/v1/grants/").json()["results"]] == [
        "share",
        "relationship",
        "relationship",
    ]
    ended = post(giver, f"grants/{made.json()['id']}/end/", {})
    assert ended.json() == {"ended": True, "views_that_stay": 1}
    assert colleague.get(f"/api/v1/patients/{patient}/").status_code == 404


def test_the_list_walks_in_pages(api, wards):
    first = api("clinician").get("/api/v1/grants/?limit=1").json()
    second = api("clinician").get(first["next"]).json()

    assert (len(first["results"]), len(second["results"]), second["next"]) == (1, 1, None)
    assert first["results"][0]["id"] != second["results"][0]["id"]


def test_bad_input_names_the_field_and_saves_nothing(api, patient):
    before = Grant.objects.count()
    wrong = post(
        api("clinician"), "grants/", {"patient": patient, "person": "scientist", "reason": "x", "until": soon(99)}
    )
    missing = post(api("clinician"), "grants/", {"patient": patient})
    ask = post(
        api("clinician2"), "access-requests/", {"what": "moon", "purpose": "TREAT", "reason": WHY, "until": soon(1)}
    )

    assert (wrong.status_code, sorted(wrong.json()["errors"])) == (422, ["person", "reason", "until"])
    assert (missing.status_code, sorted(missing.json()["errors"])) == (422, ["person", "reason", "until"])
    assert (ask.status_code, list(ask.json()["errors"])) == (422, ["what"])
    assert Grant.objects.count() == before


def test_a_request_goes_to_the_wards_lead_and_back(api, cast, wards):
    ward = cast["clinician"].care_relationships.get().care_unit
    asked = post(
        api("clinician2"), "access-requests/",
        {"what": "ward", "name": ward.name, "purpose": "TREAT", "reason": WHY, "until": soon(2)},
    )  # fmt: skip
    there, elsewhere = asked.json()["id"], api("scientist").get("/api/v1/access-requests/").json()

    assert (asked.status_code, asked.json()["state"], elsewhere) == (201, "pending", {"results": [], "next": None})
    own = post(api("clinician2"), f"access-requests/{there}/decide/", {"granted": True, "reason": WHY})
    done = post(api("clinician"), f"access-requests/{there}/decide/", {"granted": True, "reason": WHY})
    assert (own.status_code, done.status_code, done.json()["state"]) == (403, 200, "granted")
    assert len(api("clinician2").get("/api/v1/patients/").json()["results"]) == 8


def test_a_token_never_uses_an_emergency_that_its_person_has_open(api, cast, patient):
    person = cast["clinician2"]
    emergency.start(by=person, on=patient, code="consult", attested=True, proof=Proof(person.pk, clock.now()))
    program = api("clinician2")

    assert program.get(f"/api/v1/patients/{patient}/").status_code == 404
    assert patient not in str(program.get("/api/v1/patients/").json())
    run = post(program, "predictions/", {"model": "unplanned-admission", "patient": patient})
    assert run.status_code in (404, 422)


def test_a_narrow_token_sees_no_grants(api, wards):
    assert api("clinician", ["patients:list"]).get("/api/v1/grants/").json() == {"results": [], "next": None}


def test_what_one_was_told_is_listed_and_read_by_oneself_alone(api, patient):
    post(api("clinician"), "grants/", {"patient": patient, "person": "clinician2", "reason": WHY, "until": soon(3)})
    mine = api("clinician2")

    (told,) = mine.get("/api/v1/notifications/").json()["results"]
    assert (told["kind"], told["sentence"], told["read_at"]) == (
        "share-made",
        "A colleague shared a patient with you.",
        None,
    )
    assert api("clinician").get("/api/v1/notifications/").json()["results"] == []
    assert mine.post("/api/v1/notifications/read/").status_code == 204
    assert mine.get("/api/v1/notifications/").json()["results"][0]["read_at"] is not None
