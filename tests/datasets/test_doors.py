"""The pages and the API of datasets: each shows as much as its reader's right, and not a value more."""

import json

import pytest
from django.test import Client

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from tests.accounts.test_sessions import pass_time, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_store(tmp_path, settings):
    settings.DATASETS = tmp_path / "datasets"


@pytest.fixture
def program(cast):
    """A program of somebody: ask it for an address of the API."""

    def run(name: str, scopes=("*",)):
        token = access.issue_token(by=SYSTEM, on=cast[name], scopes=list(scopes), days=1)
        return Client(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_ACCEPT="application/json")

    return run


def columns_of(client, dataset) -> dict:
    version = client.get(f"/api/v1/datasets/{dataset.public_id}/").json()["versions"][0]
    return {"rows": version["rows"], "digest": bool(version["digest"])} | {
        column["name"]: column["profile"] for column in version["columns"]
    }


def test_the_profile_is_as_much_as_the_right(ready, dataset, allow, program):
    allow("scientist2", "know")
    known = columns_of(program("scientist2"), dataset)
    allow("scientist2", "compute")
    computed = columns_of(program("scientist2"), dataset)
    allow("scientist2", "read")
    read = columns_of(program("scientist2"), dataset)

    assert known == {
        "rows": 120,
        "digest": False,
        "mrn": None,
        "surname": None,
        "ward": None,
        "finding": None,
        "age": None,
    }
    assert (computed["mrn"], computed["surname"], computed["digest"]) == (None, None, False)
    assert computed["ward"]["rest"] and "attic" not in json.dumps(computed) and "least" not in computed["age"]
    assert ["attic", 3] in read["ward"]["top"] and read["digest"] and read["age"]["least"] >= 20


def test_the_profile_of_an_unconfirmed_version_is_its_owners_alone(send, dataset, allow, program):
    from tests.datasets.conftest import people_table

    send(dataset, b"\n".join(people_table().splitlines()[2:]))
    allow("scientist2", "compute")

    assert "Zebra" in json.dumps(columns_of(program("scientist"), dataset))
    assert "Zebra" not in program("scientist2").get(f"/api/v1/datasets/{dataset.public_id}/").content.decode()


def test_rows_by_the_api_are_paged_and_for_readers_alone(ready, dataset, allow, program):
    path = f"/api/v1/datasets/{dataset.public_id}/versions/1/rows/"
    first = program("scientist").get(f"{path}?limit=100").json()
    second = program("scientist").get(first["next"]).json()
    allow("scientist2", "compute")
    refused = program("scientist2").get(path)

    assert [row["row"] for row in first["results"] + second["results"]] == list(range(1, 121))
    assert first["results"][0]["values"] == {"mrn": "MRN-90000", "surname": "Zebra0", "ward": "attic", "finding": first["results"][0]["values"]["finding"], "age": None}  # fmt: skip
    assert second["next"] is None
    assert (refused.status_code, "Zebra" in refused.content.decode()) == (403, False)
    assert AuditEvent.objects.filter(verb="dataset.rows-read", outcome="denied", actor="scientist2").count() == 1


def test_a_program_computes_without_seeing(ready, dataset, allow, program, worked):
    allow("scientist2", "compute")
    client = program("scientist2")
    path = f"/api/v1/datasets/{dataset.public_id}/versions/1/summaries/"
    made = client.post(path, {"by": ["ward"], "of": None}, content_type="application/json")
    waiting = client.get(made.headers["Location"]).json()
    worked()
    done = client.get(made.headers["Location"]).json()

    assert (made.status_code, waiting["state"], done["state"], done["total"]) == (202, "pending", "succeeded", 120)
    assert done["table"][-2:] == [["(all others)", "–"], ["all", "120"]]
    assert program("scientist").get(made.headers["Location"]).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [({"by": "ward"}, "by"), ({"of": 7}, "of"), ({"where": ["x"]}, "where"), ({"Zebra": 1}, "body"), ({"by": ["surname"]}, "by"),
     ({"where": [{"column": {}, "test": [], "value": None}]}, "where-1"), ([1], "body")],
)  # fmt: skip
def test_a_body_that_is_not_understood_is_refused_by_its_member(body, field, ready, dataset, program, worked):
    path = f"/api/v1/datasets/{dataset.public_id}/versions/1/summaries/"
    answer = program("scientist").post(path, json.dumps(body), content_type="application/json")

    assert (answer.status_code, list(answer.json()["errors"]), worked.waiting) == (422, [field], [])
    assert "Zebra" not in answer.content.decode()


@pytest.mark.parametrize("scope", ["datasets:read", "datasets:compute"])
def test_a_token_with_one_scope_does_no_more(scope, ready, dataset, program):
    client, path = program("scientist", [scope]), f"/api/v1/datasets/{dataset.public_id}/"

    assert client.get(f"{path}versions/1/rows/").status_code in (403, 404)
    assert (client.get(path).status_code == 200) == (scope == "datasets:read")


def test_a_version_that_is_not_there_is_404(ready, dataset, program):
    assert program("scientist").get(f"/api/v1/datasets/{dataset.public_id}/versions/9/rows/").status_code == 404


@pytest.mark.parametrize(
    ("page", "typed", "shown"),
    [
        ("/lab/datasets/new/", {"title": "Zq title", "description": "Zq words"}, ["Zq title", "Zq words"]),
        ("/lab/datasets/{dataset}/rights/", {"words": "Zq purpose"}, ["Zq purpose"]),
        ("/lab/datasets/versions/{ready}/summaries/", {"where-1-value": "Zq value"}, ["Zq value"]),
    ],
)
def test_what_was_typed_comes_back_after_the_session_ended(page, typed, shown, ready, dataset, settings):
    settings.DEMO = True
    path, client = page.format(dataset=dataset.public_id, ready=ready.public_id), sign_in("scientist")
    pass_time(client, idle=7200)
    client.post(path, typed)
    sign_in("scientist", client)
    restored = client.get(path).content.decode()

    assert [text in restored for text in [*shown, "What you typed is back below"]] == [True] * (len(shown) + 1)


def test_a_dataset_of_nobodys_study_is_set_up_by_nobody(cast, studies, client_of):
    other = studies["other"].public_id
    answer = client_of("scientist").post(
        "/lab/datasets/new/", {"study": other, "title": "Films", "classification": "public"}
    )

    assert answer.status_code == 422 and "Study: choose one that you belong to." in answer.content.decode()


def test_every_event_of_a_dataset_is_found_under_its_study(ready, dataset, ask):
    ask("scientist", ready)
    verbs = set(AuditEvent.objects.filter(study=dataset.study.public_id).values_list("verb", flat=True))

    assert verbs >= {
        "dataset.created", "dataset.uploaded", "dataset.version-read", "dataset.columns-confirmed", "summary.requested",
        "summary.ended",
    }  # fmt: skip
