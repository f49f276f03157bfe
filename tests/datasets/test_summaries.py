"""Computing on a dataset without seeing it: what is asked, what is told, and whose turn it is."""

import pytest

from portal.access.actors import SYSTEM
from portal.compute import quotas
from portal.compute.models import LedgerEntry
from portal.core.problems import BadInput
from portal.datasets import asking, children
from portal.datasets.models import DatasetVersion, Summary
from tests.datasets.conftest import HOLDS, fresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_store(tmp_path, settings):
    settings.DATASETS = tmp_path / "datasets"


@pytest.mark.embedded
def test_a_colleague_of_another_study_counts_what_they_cannot_see(ready, allow, ask):
    allow("scientist2", "compute")
    view = ask("scientist2", ready, group=["ward", "finding"])

    assert (view.state, view.total, view.title) == ("succeeded", 120, "Number of rows by ward and finding")
    assert view.header[0] == "ward \\ finding" and view.header[-1] == "all"
    assert [line[0] for line in view.table][-2:] == ["(all others)", "all"]
    assert view.table[-2][1:] == ["–", "–", "–"] and "attic" not in str(view.table)


def test_a_mean_by_a_group_rests_on_enough_rows(ready, ask):
    view = ask(
        "scientist", ready, group=["ward"], of="age", where=[{"column": "age", "test": "at-least", "value": "30"}]
    )

    assert view.title == "Mean, spread and quarters of age by ward, where age is at least 30"
    assert [line[0] for line in view.table] == ["all", *ready.columns[2]["categories"], "(all others)"]
    assert view.table[-1][1:] == ["–"] * 6
    assert view.table[0][2] != "–"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"group": ["mrn"]}, "by"), ({"group": ["surname"]}, "by"), ({"group": ["ward", "finding"], "of": "age"}, "by"),
        ({"of": "ward"}, "of"), ({"of": "mrn"}, "of"), ({"where": [{"column": "surname", "test": "is", "value": "Zebra1"}]}, "where-1"),
        ({"where": [{"column": "ward", "test": "is", "value": "attic"}]}, "where-1"),
        ({"where": [{"column": "ward", "test": "at-least", "value": "1"}]}, "where-1"),
        ({"where": [{"column": "age", "test": "below", "value": "old"}]}, "where-1"),
        ({"where": [{"column": "age", "test": "below", "value": "nan"}]}, "where-1"),
        ({"where": [{"column": "age", "test": "below", "value": "40"}] * 4}, "where"),
        ({"where": [{"column": "age", "test": "__class__", "value": "40"}]}, "where-1"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_its_field(asked, field, ready, cast, worked):
    with pytest.raises(BadInput) as refusal:
        asking.request(by=cast["scientist"], on=ready.public_id, **{"group": [], "of": "", "where": []} | asked)

    assert list(refusal.value.errors) == [field]
    assert worked.waiting == []


def test_a_value_that_few_rows_have_is_answered_like_one_that_none_has(ready, cast):
    said = []
    for value in ("attic", "cellar"):
        with pytest.raises(BadInput) as refusal:
            where = [{"column": "ward", "test": "is", "value": value}]
            asking.request(by=cast["scientist"], on=ready.public_id, group=[], of="", where=where)
        said.append(refusal.value.errors)

    assert said[0] == said[1]


def test_a_question_a_few_rows_apart_is_refused_whoever_asks(ready, allow, ask):
    allow("scientist2", "compute")
    ask("scientist", ready)
    view = ask("scientist2", ready, where=[{"column": "age", "test": "at-least", "value": "0"}])

    assert (view.state, view.answer) == ("refused", None)
    assert view.sentence.startswith("This differs from an earlier answer by fewer than 11 rows")


def test_the_same_question_has_the_same_answer(ready, ask):
    first, second = ask("scientist", ready, group=["ward"]), ask("scientist", ready, group=["ward"])

    assert first.answer == second.answer


def test_each_waits_its_turn_so_that_none_overlooks_another(ready, cast, worked, monkeypatch):
    from portal.compute import actions as compute
    from portal.compute import work

    asked = {"by": cast["scientist"], "on": ready.public_id, "group": [], "of": ""}
    first = asking.request(**asked, where=[])
    second = asking.request(**asked, where=[{"column": "age", "test": "at-least", "value": "0"}])
    one, two = worked.waiting
    lease = compute.claim(by=SYSTEM, on=one)
    work.run(two)

    assert asking.open_summary(by=cast["scientist"], on=second).state == "pending"
    compute.settle(by=SYSTEM, on=one, holder=lease.holder, ended=work._perform(lease))
    work.run(two)
    states = [asking.open_summary(by=cast["scientist"], on=summary).state for summary in (first, second)]
    assert states == ["succeeded", "refused"]
    assert fresh(ready.dataset).busy_with == ""


def test_the_version_before_counts_too(ready, send, dataset, cast, allow, ask):
    from portal.datasets import actions
    from tests.datasets.conftest import people_table

    lines = people_table().splitlines(keepends=True)
    newer = send(dataset, b"".join([*lines[:5], *lines[9:]]))
    actions.confirm(
        by=cast["scientist"], on=newer.public_id, holds=HOLDS, classification="identified", names_are_names=True
    )
    allow("scientist2", "compute")
    first, second = ask("scientist2", ready), ask("scientist2", newer)

    assert (first.total, second.answer) == (120, None)
    assert second.sentence.startswith("This differs from an earlier answer by fewer than 11 rows")


def test_a_cancelled_summary_gives_its_turn_away(ready, cast, worked):
    from portal.compute import actions as compute

    asking.request(by=cast["scientist"], on=ready.public_id, group=[], of="", where=[])
    compute.claim(by=SYSTEM, on=worked.waiting[0])
    busy = fresh(ready.dataset).busy_with
    compute.cancel(by=SYSTEM, on=worked.waiting.pop())

    assert (bool(busy), fresh(ready.dataset).busy_with) == (True, "")


def test_a_summary_costs_no_prediction(ready, cast, ask):
    ask("scientist", ready)

    assert quotas.taken_today(cast["scientist"].pk) == LedgerEntry.objects.count() == 0


@pytest.mark.parametrize("fault", ["no file", "other key", "odd row", "time", "no child"])
def test_a_fault_inside_is_a_sentence_of_ours(fault, ready, cast, ask, monkeypatch, caplog):
    from portal.datasets import store
    from portal.datasets.runtime import pages, vault

    path, key = store.rows(ready.stored), store.key_of(ready)
    if fault == "no file":
        path.unlink()
    if fault == "other key":
        path.write_bytes(path.read_bytes()[:-4] + b"ruin")
    if fault == "odd row":
        rows = list(pages.every_row(path, key))
        path.unlink()
        again = pages.Rows(path, key)
        for row in [*rows[:20], [["Zebra-inside"]], *rows[20:]]:
            again.add(row)
        again.close()
    if fault == "time":
        monkeypatch.setattr(children, "_SPARE", 119.99)
    if fault == "no child":
        monkeypatch.setitem(children.ENVIRONMENT, "PYTHONPATH", "/nowhere")
    view = ask("scientist", ready, group=["ward"], of="age")

    assert (view.state, view.answer) == ("refused", None)
    assert view.sentence.startswith("The summary ") and "Zebra" not in view.sentence + caplog.text
    assert vault.Tampered.__name__ not in view.sentence + caplog.text


def test_nothing_is_told_of_a_table_of_ten(send, dataset, cast, ask, allow):
    from portal.datasets import actions
    from tests.datasets.conftest import people_table

    version = send(dataset, people_table(10))
    actions.confirm(
        by=cast["scientist"], on=version.public_id, holds=HOLDS, classification="identified", names_are_names=True
    )
    allow("scientist2", "compute")
    view = ask("scientist2", version)
    told = actions.open_version(by=cast["scientist2"], on=version.public_id)[1]

    assert (view.state, view.sentence[:29]) == ("refused", "Fewer than 11 rows meet this,")
    assert (told.rows, told.digest) == (None, "")


def test_no_row_of_a_sealed_table_is_read_outside_an_action(ready):
    from portal.core.guard import Locked

    for model in (DatasetVersion, Summary):
        with pytest.raises(Locked):
            list(model.objects.all())
