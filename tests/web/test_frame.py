"""The frame of every page: which door is marked as the one behind which one is."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "page", "door", "marked"),
    [
        ("admin", "/hospital/", "/hospital/", "page"),
        ("admin", "/hospital/wards/", "/hospital/", "true"),
        ("admin", "/hospital/people/join/", "/hospital/", "true"),
        ("auditor", "/oversight/events/", "/oversight/events/", "page"),
        ("auditor", "/oversight/retention/", "/oversight/events/", "true"),
        ("auditor", "/oversight/integrity/", "/oversight/events/", "true"),
        ("auditor", "/oversight/routes/", "/oversight/routes/", "page"),
    ],
)
def test_one_door_is_marked_and_says_whether_it_is_this_page(who, page, door, marked, cast, settings):
    settings.DEMO = True
    client = Client()
    client.force_login(cast[who], backend="allauth.account.auth_backends.AuthenticationBackend")

    rail = client.get(page).content.decode().partition('<ul class="doors">')[2].partition("</ul>")[0]

    assert re.findall(r'href="([^"]+)" aria-current="(\w+)"', rail) == [(door, marked)]


def test_one_s_own_account_is_behind_no_door(cast, settings):
    settings.DEMO = True
    client = Client()
    client.force_login(cast["clinician"], backend="allauth.account.auth_backends.AuthenticationBackend")

    assert 'aria-current="page">' not in client.get("/account/tokens/").content.decode()
