"""Three rights on data: to know of it, to compute on it, to read it; each ends in the query, at its moment."""

import json
from datetime import timedelta

import pytest

from portal.access import notices, policy, requests
from portal.access.actors import SYSTEM
from portal.access.models import Grant
from portal.access.permissions import Permission as P
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import BadInput, Conflict, Problem
from portal.datasets import actions, asking, rights
from portal.datasets.models import Dataset, DatasetUserPermission
from portal.datasets.queries import rights_on

pytestmark = pytest.mark.django_db(transaction=True)
LADDER = (P.DATASET_SEE, P.DATASET_COMPUTE, P.DATASET_ROWS, P.DATASET_OWN)


def detail_of(event: AuditEvent) -> dict:
    return json.loads(event.payload)["detail"]


def may(person, dataset) -> tuple[bool, ...]:
    listed = tuple(dataset in policy.visible_to(Dataset.objects.all(), person, right) for right in LADDER)
    decided = tuple(policy.decide(person, right, dataset).allowed for right in LADDER)
    assert listed == decided
    return decided


@pytest.fixture(autouse=True)
def _own_store(tmp_path, settings):
    settings.DATASETS = tmp_path / "datasets"


@pytest.mark.parametrize(
    ("right", "reach"),
    [
        (None, (False, False, False, False)),
        ("know", (True, False, False, False)),
        ("compute", (True, True, False, False)),
        ("read", (True, True, True, False)),
    ],
)
@pytest.mark.embedded
def test_each_right_implies_those_below_it_and_none_above(right, reach, dataset, cast, allow):
    if right:
        allow("scientist2", right)

    assert may(cast["scientist2"], dataset) == reach
    assert DatasetUserPermission.objects.filter(user=cast["scientist2"]).count() == bool(right)


def test_the_owner_may_do_everything_and_members_of_the_study_know_of_it(dataset, cast, studies):
    from portal.studies import actions as of_studies

    of_studies.add_member(by=SYSTEM, on=studies["demo"], person=cast["scientist2"])

    assert may(cast["scientist"], dataset) == (True,) * 4
    assert may(cast["scientist2"], dataset) == (True, False, False, False)
    assert (
        may(cast["clinician"], dataset) == may(cast["admin"], dataset) == may(cast["auditor"], dataset) == (False,) * 4
    )


def test_a_right_ends_at_its_moment_without_anybody_doing_anything(dataset, cast, allow, monkeypatch):
    allow("scientist2", "read", until=clock.now() + timedelta(hours=1))
    before = may(cast["scientist2"], dataset)
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert (before, may(cast["scientist2"], dataset)) == ((True, True, True, False), (False,) * 4)


def test_ending_a_right_says_what_cannot_be_taken_back(ready, dataset, cast, allow, ask, client_of):
    grant = allow("scientist2", "read")
    actions.read_rows(by=cast["scientist2"], on=ready.public_id)
    actions.read_rows(by=cast["scientist2"], on=ready.public_id, after=50)
    actions.export(by=cast["scientist2"], on=ready.public_id)
    ask("scientist2", ready, group=["ward"])
    _, held = rights.view(by=cast["scientist"], on=dataset)
    one = next(one for one in held if one.grant.pk == grant.pk)
    page = client_of("scientist").get(f"/lab/datasets/{dataset.public_id}/rights/").content.decode()
    ended = client_of("scientist").post(f"/lab/datasets/{dataset.public_id}/rights/{grant.public_id}/end/", follow=True)

    assert (one.views, one.downloads, one.summaries, one.live) == (2, 1, 1, True)
    assert "2 pages of rows, 1 download, 1 summary" in page
    assert "cannot be taken back" in ended.content.decode()
    assert may(cast["scientist2"], dataset) == (False,) * 4
    assert client_of("scientist2").get(f"/lab/datasets/versions/{ready.public_id}/rows/").status_code == 404


def test_a_right_has_a_purpose_a_giver_and_an_event(dataset, cast, allow):
    grant = allow("scientist2", "compute")
    event = AuditEvent.objects.get(verb="dataset.right-given")

    assert (grant.kind, grant.purpose, grant.given_by, grant.words) == (
        "share",
        "HRESCH",
        cast["scientist"],
        "for the trial",
    )
    assert (event.outcome, event.object_id, event.study, event.purpose) == (
        "ok", dataset.public_id, dataset.study.public_id, "HRESCH",
    )  # fmt: skip


def test_only_the_owner_gives_and_ends(dataset, cast, allow):
    grant = allow("scientist2", "read")
    asked = {"person": cast["scientist2"], "right": "read", "words": "for the trial"}

    for name in ("scientist2", "admin", "clinician"):
        with pytest.raises(policy.Denied):
            rights.give(by=cast[name], on=dataset, **asked)
        with pytest.raises(policy.Denied):
            rights.end(by=cast[name], on=dataset, grant=grant.public_id)
    own = Grant.objects.get(person=cast["scientist"], codename="read_dataset_rows")
    with pytest.raises(Conflict):
        rights.end(by=cast["scientist"], on=dataset, grant=own.public_id)
    with pytest.raises(Conflict):
        rights.give(by=cast["scientist"], on=dataset, **asked)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"person": "clinician"}, "person"), ({"person": "scientist"}, "person"), ({"right": "own"}, "right"),
     ({"words": "x"}, "words"), ({"until": "past"}, "until")],
)  # fmt: skip
def test_a_right_that_makes_no_sense_is_refused_by_its_field(changes, field, dataset, cast):
    asked = {"person": "scientist2", "right": "read", "words": "for the trial"} | changes
    asked["person"] = cast[asked["person"]]
    if "until" in asked:
        asked["until"] = clock.now() - timedelta(hours=1)

    with pytest.raises(BadInput) as refusal:
        rights.give(by=cast["scientist"], on=dataset, **asked)
    assert list(refusal.value.errors) == [field]
    assert Grant.objects.filter(person=cast["scientist2"], object_type="dataset").count() == 0


def test_a_person_who_leaves_loses_it(dataset, cast, allow):
    from portal.access import actions as access

    allow("scientist2", "read")
    access.deactivate(by=SYSTEM, on=cast["scientist2"])
    access.reactivate(by=SYSTEM, on=cast["scientist2"])
    cast["scientist2"].refresh_from_db()

    assert may(cast["scientist2"], dataset) == (False,) * 4


def test_identified_rows_open_only_with_a_second_factor(ready, cast, allow, client_of):
    from portal.access import actions as access

    allow("scientist2", "read")
    access.reset_factors(by=SYSTEM, on=cast["scientist2"])
    client = client_of("scientist2")
    shown = client.get(f"/lab/datasets/versions/{ready.public_id}/rows/")
    sent = client.post(f"/lab/datasets/versions/{ready.public_id}/file/")

    assert (shown.status_code, sent.status_code) == (403, 403)
    assert "second factor" in shown.content.decode() and "Zebra" not in shown.content.decode() + sent.content.decode()


def test_rows_are_paged_and_each_look_is_an_event(ready, cast, client_of):
    client = client_of("scientist")
    first = client.get(f"/lab/datasets/versions/{ready.public_id}/rows/").content.decode()
    last = client.get(f"/lab/datasets/versions/{ready.public_id}/rows/?after=100").content.decode()
    nothing = client.get(f"/lab/datasets/versions/{ready.public_id}/rows/?after=zebra").content.decode()
    events = list(AuditEvent.objects.filter(verb="dataset.rows-read").order_by("id"))

    assert "Zebra49<" in first and "Zebra50<" not in first and "?after=50" in first
    assert "Zebra119<" in last and "?after" not in last and "No rows here" in nothing
    assert [(detail_of(event)["first"], detail_of(event)["rows"], event.purpose) for event in events] == [
        (1, 50, "HRESCH"), (101, 20, "HRESCH"), (1_000_000_001, 0, "HRESCH"),
    ]  # fmt: skip


def test_a_download_is_what_was_sent_and_an_event(ready, client_of):
    from tests.datasets.conftest import people_table

    answer = client_of("scientist").post(f"/lab/datasets/versions/{ready.public_id}/file/")

    assert b"".join(answer.streaming_content) == people_table()
    assert detail_of(AuditEvent.objects.get(verb="dataset.exported"))["rows"] == 120


@pytest.mark.parametrize("fault", ["changed", "missing"])
def test_a_stored_file_that_does_not_open_is_told_in_words(fault, ready, client_of):
    from portal.datasets import store

    for path in (store.rows(ready.stored), store.sent(ready.stored)):
        content = path.read_bytes()
        path.unlink()
        if fault == "changed":
            path.write_bytes(content[:20] + bytes([content[20] ^ 1]) + content[21:])
    shown = client_of("scientist").get(f"/lab/datasets/versions/{ready.public_id}/rows/")
    sent = client_of("scientist").post(f"/lab/datasets/versions/{ready.public_id}/file/")

    assert (shown.status_code, sent.status_code) == (503, 503)
    assert "do not open" in shown.content.decode() and "Zebra" not in shown.content.decode()


def test_a_removed_version_is_gone_with_its_key_and_its_bytes_may_come_again(
    ready, send, dataset, cast, allow, ask, client_of
):
    from django.conf import settings

    from tests.datasets.conftest import fresh, people_table

    allow("scientist2", "compute")
    ask("scientist2", ready, group=["ward"])
    owner, guest = client_of("scientist"), client_of("scientist2")
    page = owner.get(f"/lab/datasets/versions/{ready.public_id}/remove/").content.decode()
    owner.post(f"/lab/datasets/versions/{ready.public_id}/remove/")

    assert "This takes 120 rows away for good" in page and "1 other person holds a right" in page
    assert [path for path in settings.DATASETS.rglob("*") if path.is_file()] == []
    assert (fresh(ready).state, ready.file_key, ready.columns) == ("removed", "", [])
    assert "Its rows are gone for good" in guest.get(f"/lab/datasets/versions/{ready.public_id}/").content.decode()
    for address in ("rows", "remove", "summaries"):
        assert owner.get(f"/lab/datasets/versions/{ready.public_id}/{address}/").status_code == {"remove": 200}.get(
            address, 409
        )
    assert send(dataset, people_table()).number == 2


def test_what_one_may_see_names_the_dataset_and_it_can_be_given_back_there(dataset, cast, allow, client_of):
    grant = allow("scientist2", "compute")
    page = client_of("scientist2").get("/account/access/").content.decode()
    client_of("scientist2").post(f"/account/access/grants/{grant.public_id}/end/")

    assert "Chest films" in page and "one patient" not in page
    assert "Can compute on the dataset without seeing rows" in page
    assert may(cast["scientist2"], dataset) == (False,) * 4


def test_only_the_owner_removes(ready, cast, allow):
    allow("scientist2", "read")

    with pytest.raises(policy.Denied):
        actions.remove(by=cast["scientist2"], on=ready.public_id)


def test_a_summary_of_a_version_that_was_removed_meanwhile_says_so(ready, cast, worked):
    summary = asking.request(by=cast["scientist"], on=ready.public_id, group=[], of="", where=[])
    actions.remove(by=cast["scientist"], on=ready.public_id)
    worked()

    view = asking.open_summary(by=cast["scientist"], on=summary)
    assert (view.state, view.sentence) == ("refused", "The version was removed before the summary began.")


def test_a_summary_waits_for_nobody_whose_right_has_ended(ready, dataset, cast, allow, worked):
    grant = allow("scientist2", "compute")
    summary = asking.request(by=cast["scientist2"], on=ready.public_id, group=["ward"], of="", where=[])
    rights.end(by=cast["scientist"], on=dataset, grant=grant.public_id)
    worked()

    with pytest.raises(policy.Denied) as refusal:
        asking.open_summary(by=cast["scientist2"], on=summary)
    assert refusal.value.hidden
    allow("scientist2", "compute")
    view = asking.open_summary(by=cast["scientist2"], on=summary)
    assert (view.answer, view.state) == (None, "refused")
    assert view.sentence == "The right to compute on this dataset ended before the summary began."


def test_what_one_may_is_told_as_it_is_decided(dataset, cast, allow):
    allow("scientist2", "compute")
    listed = {one.public_id: held for one, held in actions.list_datasets(by=cast["scientist2"])}

    assert listed == {dataset.public_id: rights_on(cast["scientist2"], dataset)}
    assert (listed[dataset.public_id].compute, listed[dataset.public_id].rows) == (True, False)


def test_the_pages_ask_as_often_for_many_as_for_few(dataset, cast, studies, allow, client_of):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def counted(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client_of("scientist").get(path).status_code == 200
        return len(asked)

    pages = ("/lab/datasets/", f"/lab/datasets/{dataset.public_id}/rights/")
    allow("scientist2", "know")
    few = [counted(page) for page in pages]
    for right in ("compute", "read"):
        allow("scientist2", right)
    for number in range(12):
        actions.create(
            by=cast["scientist"], on=studies["demo"], title=f"Films {number}", description="", classification="public"
        )  # fmt: skip

    assert [counted(page) for page in pages] == few


def test_explain_access_names_the_right_that_opens_a_dataset(dataset, cast, allow):
    from portal.access import explain

    grant = allow("scientist2", "compute")
    found = explain.look(
        by=cast["auditor"], username="scientist2", permission=P.DATASET_COMPUTE, kind="dataset", public_id=dataset.public_id
    )  # fmt: skip

    assert [(way.grant.pk, way.still_allowed, way.lost) for way in found.ways] == [(grant.pk, False, 1)]


def test_the_problem_of_a_missing_dataset_is_that_of_an_unseen_one(dataset, cast):
    for public_id in (dataset.public_id, "0" * 20):
        with pytest.raises(Problem) as refusal:
            actions.open_dataset(by=cast["scientist2"], on=public_id)
        assert (refusal.value.status, refusal.value.hidden) == (404, True)


def test_computing_is_asked_for_by_name_and_the_owner_decides(dataset, cast):
    named = {"name": dataset.title.upper()}
    asked = requests.ask(
        by=cast["scientist2"], what="dataset", named=named, purpose="HRESCH", words="A replication of the trial.",
        until=clock.now() + timedelta(days=9),
    )  # fmt: skip

    assert [notices.TEXTS[row.kind] for row in notices.list_notices(by=cast["scientist"], unread=True)] == [
        notices.TEXTS["request-made"]
    ]
    for name in ("admin", "scientist2"):
        with pytest.raises(policy.Denied):
            requests.decide(by=cast[name], on=asked.public_id, granted=True, words="Agreed, for the replication.")
    assert [row.pk for row in requests.read_inbox(by=cast["scientist"])] == [asked.pk]
    requests.decide(by=cast["scientist"], on=asked.public_id, granted=True, words="Agreed, for the replication.")

    assert may(cast["scientist2"], dataset) == (True, True, False, False)
    held = next(
        one for one in rights.view(by=cast["scientist"], on=dataset)[1] if one.grant.person == cast["scientist2"]
    )
    assert (held.title, held.live) == ("Compute without seeing", True)
    with pytest.raises(Conflict, match="compute on the dataset without seeing a row already"):
        requests.ask(
            by=cast["scientist2"], what="dataset", named=named, purpose="HRESCH", words="A replication of the trial.",
            until=clock.now() + timedelta(days=9),
        )  # fmt: skip
