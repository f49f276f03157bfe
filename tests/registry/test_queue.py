"""What waits for this reviewer, counted in the frame; and to which page reviewers come first."""

import pytest
from django.test import Client

from portal.access.actors import SYSTEM
from portal.registry.review import conflicts, queue, seats

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def rail(person) -> str:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client.get("/oversight/approvals/").content.decode().partition('<ul class="doors">')[2].partition("</ul>")[0]


def test_what_one_has_signed_waits_for_the_other_alone(cast, waiting, sign):
    both = (cast["reviewer"], cast["reviewer2"])
    assert [queue.count(one) for one in both] == [1, 1]
    assert '1<span class="visually-hidden"> waiting' in rail(cast["reviewer"])

    sign(waiting, "reviewer")
    assert [queue.count(one) for one in both] == [0, 1]
    assert "waiting" not in rail(cast["reviewer"])

    sign(waiting, "reviewer2")
    assert [queue.count(one) for one in both] == [0, 0]


def test_what_is_one_s_own_or_barred_by_an_interest_or_without_a_seat_is_not_counted(cast, waiting):
    conflicts.declare(by=cast["reviewer"], on=waiting, reason="I made its data.")
    seats.set_seats(by=SYSTEM, on=cast["reviewer2"], seats=())
    assert [queue.count(cast[name]) for name in ("reviewer", "reviewer2", "scientist")] == [0, 0, 0]


def test_a_taken_seat_waits_for_no_other_in_the_same(cast, waiting, sign):
    held = seats.held_by(cast["reviewer"])
    seats.set_seats(by=SYSTEM, on=cast["reviewer2"], seats=held)
    sign(waiting, "reviewer")
    assert queue.count(cast["reviewer2"]) == 0


def test_a_reviewer_comes_to_what_waits_first(cast, waiting):
    client = Client()
    client.force_login(cast["reviewer"], backend=BACKEND)
    assert client.get("/").url == "/oversight/approvals/"
    client.force_login(cast["scientist"], backend=BACKEND)
    assert client.get("/").url == "/lab/"
