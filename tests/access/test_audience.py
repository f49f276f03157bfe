"""Who may see an object, kept on its row: always what the permission tables say."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import get_objects_for_user
from hypothesis import given
from hypothesis import strategies as st

from portal.access import audience, grants, policy
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock, guard, prepared
from tests.shelf import models as shelf

pytestmark = pytest.mark.django_db
BOOKS, PEOPLE, GROUPS = 4, 3, 2
_subject = st.tuples(st.sampled_from(["person", "group"]), st.integers(0, 1))
_step = st.one_of(
    st.tuples(st.just("give"), _subject, st.integers(0, BOOKS - 1), st.sampled_from([None, -1, 1])),
    st.tuples(st.just("end"), _subject, st.integers(0, BOOKS - 1)),
    st.tuples(st.just("join"), st.integers(0, PEOPLE - 1), st.integers(0, GROUPS - 1)),
    st.tuples(st.just("leave"), st.integers(0, PEOPLE - 1), st.integers(0, GROUPS - 1)),
)


@pytest.fixture
def library(db):
    """Tables of books, people and groups."""
    prepared.forget()
    with guard.unlocked():
        yield {
            "person": [User.objects.create(username=f"reader{n}") for n in range(PEOPLE)],
            "group": [Group.objects.create(name=f"circle{n}") for n in range(GROUPS)],
        }


def books():
    shelf.Book.objects.all().delete()
    return [shelf.Book.objects.create(name=f"book {n}") for n in range(BOOKS)]


def seen(person):
    for remembered in ("memberships", "_passing"):
        person.__dict__.pop(remembered, None)
    return set(shelf.Book.objects.filter(audience.reach(shelf.Book, person, shelf.SEE)).values_list("pk", flat=True))


def told(person):
    """What the permission tables say, asked one by one."""
    now, held = clock.now(), set()
    rows = [*shelf.BookUserPermission.objects.filter(user=person)]
    rows += shelf.BookGroupPermission.objects.filter(group__in=person.groups.all())
    for row in rows:
        if row.since <= now and (row.until is None or row.until > now):
            held.add(row.content_object_id)
    return held


def carry_out(step, shelf_of, library):
    word, *rest = step
    if word in ("join", "leave"):
        person, group = library["person"][rest[0]], library["group"][rest[1]]
        (person.groups.add if word == "join" else person.groups.remove)(group)
        return
    (kind, number), book = rest[0], shelf_of[rest[1]]
    if word == "give":
        until = rest[2] and clock.now() + timedelta(days=rest[2])
        grants.give(shelf.SEE, to=library[kind][number], on=book, until=until)
    else:
        grants.end(shelf.SEE, of=library[kind][number], on=book)


@pytest.mark.slow
def test_the_audience_is_what_the_tables_say_after_any_grants_ends_and_moves(library):
    @given(st.lists(_step, max_size=12))
    def check(steps):
        shelf_of = books()
        for person in library["person"]:
            person.groups.clear()
        for step in steps:
            carry_out(step, shelf_of, library)
        assert {person: seen(person) for person in library["person"]} == {
            person: told(person) for person in library["person"]
        }

    check()


def test_where_nothing_ends_it_is_what_guardian_says(library):
    shelf_of, (reader, other, _) = books(), library["person"]
    reader.groups.add(library["group"][0])
    grants.give(shelf.SEE, to=reader, on=shelf_of[0])
    grants.give(shelf.SEE, to=library["group"][0], on=shelf_of[2])
    grants.give(shelf.SEE, to=other, on=shelf_of[3])

    for person in (reader, other):
        expected = get_objects_for_user(person, f"shelf.{shelf.SEE}", shelf.Book, accept_global_perms=False)
        assert seen(person) == set(expected.values_list("pk", flat=True))
    assert seen(reader) == {shelf_of[0].pk, shelf_of[2].pk}


def test_a_grant_that_ends_some_day_ends_without_anybody_sweeping(library, monkeypatch):
    book, reader = books()[0], library["person"][0]
    grants.give(shelf.SEE, to=reader, on=book, until=clock.now() + timedelta(hours=1))
    assert seen(reader) == {book.pk}

    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock.timezone, "now", lambda: later)
    assert seen(reader) == set()


def test_the_checks_of_a_page_are_one_query_and_agree_with_single_decisions(library):
    shelf_of, (reader, other, _) = books(), library["person"]
    policy.register(
        shelf.Book, Permission.MODEL_SEE, lambda by: audience.reach(shelf.Book, by, shelf.SEE), "it is lent"
    )
    for person in (reader, other):
        person.groups.add(Group.objects.get_or_create(name="scientist")[0])
    for book in shelf_of[:2]:
        grants.give(shelf.SEE, to=reader, on=book)
    assert policy.decide(reader, Permission.MODEL_SEE, shelf_of[0]).allowed

    with CaptureQueriesContext(connection) as queries:
        held = policy.permitted(reader, Permission.MODEL_SEE, shelf_of)
    assert len(queries) == 1
    assert held == {book.pk for book in shelf_of if policy.decide(reader, Permission.MODEL_SEE, book).allowed}
    assert policy.permitted(other, Permission.MODEL_SEE, shelf_of) == frozenset()


def test_counts_stop_at_their_cap(library):
    books()

    assert policy.count_capped(shelf.Book.objects.order_by("name"), 2) == (2, True)
    assert policy.count_capped(shelf.Book.objects.all(), BOOKS) == (BOOKS, False)


def test_a_page_costs_the_same_number_of_queries_however_much_one_may_see(library):
    shelf_of, reader = books(), library["person"][0]
    counts = []
    assert reader.memberships == {}
    for book in shelf_of:
        grants.give(shelf.SEE, to=reader, on=book)
        with CaptureQueriesContext(connection) as queries:
            list(shelf.Book.objects.filter(audience.reach(shelf.Book, reader, shelf.SEE)).order_by("name")[:50])
        counts.append(len(queries))
    assert counts == [2, 1, 1, 1]  # the first asks whether a grant of theirs ends some day
