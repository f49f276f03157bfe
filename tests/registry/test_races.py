"""Several who bring, add or take away in the same instant: each gets a place or a sentence, never a fault of ours."""

import threading
from pathlib import Path

import pytest
from django.db import connection

from portal.core.problems import BadInput, Problem
from portal.registry import actions, artifacts, moving
from portal.registry.evidence import actions as evidence
from portal.registry.models import ModelVersion, RegisteredModel

pytestmark = pytest.mark.django_db(transaction=True)
CASE = {
    "name": "Nobody", "why": "An invented person.", "inputs": {"x": "1", "y": "2"},
    "expected": {"p": {"value": 0.5, "absolute": 0.1}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _threads():
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")


def at_once(*works) -> list:
    """What each of these gives or raises when all begin in the same instant."""
    start, found = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int) -> None:
        start.wait()
        try:
            found[place] = works[place]()
        except Exception as problem:
            found[place] = problem
        finally:
            connection.close()

    hands = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    [hand.start() for hand in hands]
    [hand.join() for hand in hands]
    return found


@pytest.fixture
def folder(tmp_path) -> Path:
    from tests.predictions import small

    return small.write(tmp_path / "small", {"p": (0, 0, 0.5)}, {"output": {"kind": "risk", "column": "p"}})


@pytest.fixture
def taken(folder):
    return artifacts.take(folder)


def test_versions_of_one_name_that_come_at_once_are_numbered_one_after_the_other(cast, studies, taken):
    def register():
        return actions.register(by=cast["scientist"], on=studies["demo"], slug="same", taken=taken).number

    assert sorted(at_once(*[register] * 4)) == [1, 2, 3, 4]
    assert sorted(at_once(*[register] * 4)) == [5, 6, 7, 8]


def test_of_two_studies_that_take_a_name_at_once_one_gets_it_and_the_other_a_sentence(cast, studies, taken):
    def register(person: str, study: str):
        return lambda: actions.register(by=cast[person], on=studies[study], slug="same", taken=taken)

    found = at_once(register("scientist", "demo"), register("scientist2", "other"))
    refused = [one for one in found if not isinstance(one, ModelVersion)]
    assert [one.sentence for one in refused if isinstance(one, BadInput)] == [
        "The name same belongs to another study; choose another name."
    ]
    assert RegisteredModel.objects.get().versions.count() == 1


def test_cases_that_are_added_at_once_get_numbers_of_their_own(cast, studies, taken):
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="same", taken=taken)

    def add():
        return evidence.add(by=cast["scientist"], on=version.public_id, case=CASE).number

    assert sorted(at_once(*[add] * 4)) == [1, 2, 3, 4]


def test_a_case_is_not_added_to_a_version_that_is_being_decided_about(cast, studies, taken, monkeypatch):
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="same", taken=taken)
    before, decided = moving.locked, threading.Event()

    def decide_first(on):
        # Between the page's look at the row and its lock somebody else decides.
        if not decided.is_set():
            decided.set()
            at_once(lambda: _refuse(version))
        return before(on)

    monkeypatch.setattr(moving, "locked", decide_first)
    with pytest.raises(Problem, match="The cases are fixed once a reviewer has signed"):
        evidence.add(by=cast["scientist"], on=version.public_id, case=CASE)
    assert version.cases.count() == 0


def _refuse(version) -> None:
    from portal.core import guard

    with guard.unlocked():
        ModelVersion.objects.filter(pk=version.pk).update(state="refused")


def test_equal_bytes_that_arrive_at_once_lie_in_the_store_once(folder, tmp_path, settings):
    settings.ARTIFACTS = tmp_path / "store"
    digests = at_once(*[lambda: artifacts.keep(folder)] * 6)
    assert {type(one) for one in digests} == {str}
    assert [path.name for path in settings.ARTIFACTS.iterdir()] == list(set(digests))


def test_the_second_of_two_that_find_the_store_empty_keeps_the_first_ones_files(
    folder, tmp_path, settings, monkeypatch
):
    settings.ARTIFACTS = tmp_path / "store"
    first = artifacts.keep(folder)
    monkeypatch.setattr(artifacts, "_renewed", lambda target: False)
    assert artifacts.keep(folder) == first
    assert [path.name for path in settings.ARTIFACTS.iterdir()] == [first]
