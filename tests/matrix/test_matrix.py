"""Every address, by every method, as everyone: what must happen is worked out from what is declared.

Three things decide, and none of them is the code under test: the row of the route matrix (object, right, PHI class),
the table of roles, and who in the world stands near the object that all addresses are about.
"""

import re
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test import Client

from portal.access import roles
from portal.accounts.models import User
from portal.core import clock
from portal.core.phi import Phi
from portal.records.models import CareUnitUserPermission
from portal.web import matrix
from tests import worlds
from tests.conftest import AS_OF

OPEN, FORBIDDEN, HIDDEN, NO_SUCH_METHOD, SIGN_IN, EMPTY = "open", "403", "404", "405", "sign in", "an empty list"
ODD_METHODS = ("PUT", "PATCH", "DELETE", "FROB")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# What the object of the address is called where its name says too little; the rest is under the parameter's own name.
OBJECT_ID = {
    "admin:compute_job": "compute_job",
    "admin:compute_quota": "compute_quota",
    "admin:accounts_user": "accounts_user",
}
# What is posted; an object that stands in the body alone must be near as well.
IN_THE_BODY = {"api:predictions": "patient"}
BODIES = {
    "clinic:form": {"in.x": "1"},
    "clinic:draft": {"in.x": "1"},
    "api:predictions": {"model": "tiny", "patient": "{patient}", "inputs": {"x": 1}},
    "lab:submit": {},
    "oversight:stop": {"reason": "odd answers"},
}
# The object is the person who asks; to whom it is not open, it does not show.
# The ledger holds whatever id one asks about: being turned away says nothing about it.
REPORTS = {"oversight:patient-report", "oversight:person-report"}
NEEDS_A_TICKET = {"account:keep"}
# Without a provider in the settings there is none to sign in through; tests/accounts runs them with a real one.
NO_PROVIDER = {"openid_connect_login", "openid_connect_callback"}
ABOUT_ONESELF = {"account:sessions-close-others"}
CLASSES = tuple(Phi)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, hospital_folder, tmp_path_factory, scorer):
    """One world for all questions; each request is undone, and in the end everything is."""
    from django.conf import settings

    from tests.compute.test_scorer import write

    folder = tmp_path_factory.mktemp("models") / "tiny"
    write(folder, "return pandas.DataFrame({'y': [0.5]})")
    settings.STANDING_SECONDS = 0
    kept = settings.PASSWORD_HASHERS, settings.AS_OF, connection.close_if_unusable_or_obsolete
    connection.close_if_unusable_or_obsolete = lambda: None  # it takes our open transaction for a leftover
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build(hospital_folder, folder, AS_OF)
        transaction.set_rollback(True)
    settings.PASSWORD_HASHERS, settings.AS_OF, connection.close_if_unusable_or_obsolete = kept


@pytest.fixture(scope="module")
def rows() -> list[matrix.Route]:
    """Every declared address but the files of the style sheets, which whitenoise serves without asking."""
    return [row for row in matrix.walk() if row.name != "static"]


def address(row: matrix.Route, world) -> str:
    """The address of the object in question."""
    if row.route.startswith("admin/^"):
        return "/admin/compute/"

    def value(found) -> str:
        name = found.group(1)
        known = world.values.get(row.name.removeprefix("admin:").rpartition("_")[0] if name == "object_id" else name)
        assert known, f"{row.route}: tests/worlds.py has no value for <{name}>"
        return known

    return "/" + PARAMETER.sub(value, row.route)


def is_api(row: matrix.Route) -> bool:
    return row.name.startswith("api:")


def about_one(row: matrix.Route) -> bool:
    """Whether the address names one object, rather than a list or a page about none."""
    return bool(PARAMETER.search(row.route)) and not row.route.startswith("admin/^")


def rights(who: worlds.Who, scopes=("*",)) -> frozenset:
    """What the table of roles says, narrowed by the token."""
    held = roles.ROLES[who[0]].permissions if who[0] in roles.ROLES else frozenset()
    return held if "*" in scopes else held & frozenset(scopes)


def near(kind: str, row: matrix.Route, who: worlds.Who, world) -> bool:
    """Whether this person stands near everything that the address names; an emergency is never a program's."""
    named = [kind, *(["model"] if kind == "patient" and "<slug:model>" in row.route else [])]
    at_hand = all(who in world.near[name] for name in named)
    return at_hand and not (is_api(row) and who == worlds.EMERGENCY)


def reached(row: matrix.Route, who: worlds.Who, world) -> bool:
    """Whether the right reaches what this person may see; where the world says nothing, seeing is enough."""
    narrower = [world.reach[row.object, right] for right in row.rights if (row.object, right) in world.reach]
    return all(who in people for people in narrower)


def expected(row: matrix.Route, method: str, who: worlds.Who, world, scopes=("*",)) -> str:
    """What the declaration promises."""
    out = who[1] == "revoked"
    if row.right == matrix.NOBODY:
        if row.name in NO_PROVIDER or (row.name in NEEDS_A_TICKET and method in row.methods):
            return HIDDEN
        return OPEN if method in row.methods else NO_SUCH_METHOD
    if out:
        return SIGN_IN
    if method not in row.methods:
        return NO_SUCH_METHOD
    if row.right in (matrix.SIGNED_IN, matrix.OWN):
        return OPEN
    holds = row.rights <= rights(who, scopes)
    if method == "POST" and row.name in IN_THE_BODY and holds:
        return OPEN if near(IN_THE_BODY[row.name], row, who, world) else HIDDEN
    if not about_one(row):
        if is_api(row) and method == "GET":
            return OPEN if holds and who in world.lists.get(row.object, {who}) else EMPTY
        return OPEN if holds else HIDDEN if row.name in ABOUT_ONESELF else FORBIDDEN
    sees = near(row.object, row, who, world) and worlds.SEEING[row.object] & rights(who, scopes)
    if row.name.startswith("admin:") and not holds:
        return FORBIDDEN
    if not sees:
        return HIDDEN
    return OPEN if holds and reached(row, who, world) else FORBIDDEN


def found(answer, method: str) -> str:
    """What happened, in the same words."""
    code = answer.status_code
    if code == 401 or (code == 302 and "/login/" in answer.url):
        return SIGN_IN
    if code in (403, 404, 405):
        return {403: FORBIDDEN, 404: HIDDEN, 405: NO_SUCH_METHOD}[code]
    if code == 200 and _results(answer) == []:
        return EMPTY
    if code < 400 or (method == "POST" and code in (400, 409, 422, 429)):
        return OPEN
    return str(code)


def _results(answer):
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return None
    body = answer.json()
    return body.get("results") if isinstance(body, dict) else None


def ask(world, row: matrix.Route, method: str, client: Client, **headers):
    """One request, whose effects are undone."""
    body = BODIES.get(row.name, {}) if method == "POST" else {}
    body = {name: text.format(**world.values) if isinstance(text, str) else text for name, text in body.items()}
    kind = {"content_type": "application/json"} if is_api(row) and method != "GET" else {}
    cookies = client.cookies.copy()
    with transaction.atomic():
        answer = (
            client.generic(method, address(row, world), **headers)
            if method in ODD_METHODS
            else getattr(client, method.lower())(address(row, world), body, **kind, **headers)
        )
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer, content.decode("utf-8", "replace")


def leaks(world, row: matrix.Route, who: worlds.Who, text: str, *, shut: bool) -> list[str]:
    """The texts of objects that this person is not near, or that say more than the address declares."""
    told = []
    for secret in world.secrets:
        if secret.text not in text:
            continue
        too_much = CLASSES.index(Phi(secret.phi)) > CLASSES.index(Phi(row.phi))
        officer = (
            row.object in ("event", "case", "grant", "access request")
            and secret.phi == "pseudonym"
            and row.rights <= rights(who)
        )
        # The banner of an emergency leads to the patient's page from every page.
        if who == worlds.EMERGENCY and secret.phi == "pseudonym" and not is_api(row):
            continue
        if too_much or shut or (who not in secret.near and not officer):
            told.append(secret.text)
    return told


def sweep(world, rows, cases, client_of, scopes=("*",)):
    """Ask everything; returns what was found beside what had to be, and what leaked."""
    got, wanted, leaked = {}, {}, {}
    for row in rows:
        for who in cases:
            for method in ("GET", "POST"):
                client, headers = client_of(row, who)
                answer, text = ask(world, row, method, client, **headers)
                key = (row.name, method, *who)
                got[key], wanted[key] = found(answer, method), expected(row, method, who, world, scopes)
                if got[key] == SIGN_IN and row.right in (matrix.NOBODY, matrix.OWN):
                    got[key] = wanted[key]  # signing in and out is what these addresses are for
                if row.name in REPORTS and {got[key], wanted[key]} == {FORBIDDEN, HIDDEN}:
                    got[key] = wanted[key]
                if got[key] in (HIDDEN, NO_SUCH_METHOD) and row.right == matrix.OWN:
                    got[key] = wanted[key]  # one's own things may not be there yet; nobody else's can be named
                told = leaks(world, row, who, text, shut=wanted[key] not in (OPEN, EMPTY))
                if told:
                    leaked[key] = told
    return got, wanted, leaked


def differences(got: dict, wanted: dict) -> list[str]:
    """What is not as declared, in words."""
    wrong = [key for key in wanted if got[key] != wanted[key]]
    return [f"{' '.join(key)}: {got[key]}, declared {wanted[key]}" for key in wrong]


def pages(rows):
    return [row for row in rows if not is_api(row)]


def programs(rows):
    return [row for row in rows if is_api(row)]


@pytest.mark.slow
def test_every_page_answers_everyone_as_it_is_declared(world, rows):
    got, wanted, leaked = sweep(world, pages(rows), worlds.everyone(), lambda row, who: (world.clients[who], {}))

    wrong = differences(got, wanted)
    assert wrong == [], "\n".join(wrong)
    assert leaked == {}, "\n".join(f"{' '.join(key)}: {told}" for key, told in leaked.items())
    assert {OPEN, FORBIDDEN, HIDDEN, NO_SUCH_METHOD, SIGN_IN} <= set(Counter(got.values()))


def by_token(world, kind: str):
    client = Client(raise_request_exception=False)
    return lambda row, who: (client, {"HTTP_AUTHORIZATION": f"Bearer {world.tokens[kind][who]}"})


@pytest.mark.slow
def test_every_address_of_the_api_answers_every_token_as_it_is_declared(world, rows):
    got, wanted, leaked = sweep(world, programs(rows), worlds.everyone(), by_token(world, "full"))

    wrong = differences(got, wanted)
    assert wrong == [], "\n".join(wrong)
    assert leaked == {}, "\n".join(f"{' '.join(key)}: {told}" for key, told in leaked.items())


@pytest.mark.slow
def test_a_token_does_no_more_than_its_scopes(world, rows):
    cases = [("clinician", "own"), ("scientist", "own"), ("reviewer", "own"), ("admin", "own"), ("auditor", "own")]
    got, wanted, leaked = sweep(world, programs(rows), cases, by_token(world, "narrow"), scopes=(worlds.NARROW,))

    wrong = differences(got, wanted)
    assert wrong == [], "\n".join(wrong)
    assert leaked == {}, "\n".join(f"{' '.join(key)}: {told}" for key, told in leaked.items())


@pytest.mark.parametrize("kind", ["ended", "taken back"])
def test_a_token_that_is_over_opens_nothing(kind, world, rows):
    ask_one = by_token(world, kind)
    asked = [row for row in programs(rows) if row.right != matrix.NOBODY]
    got = {}
    for row in asked:
        client, headers = ask_one(row, ("clinician", "own"))
        got[row.name] = ask(world, row, row.methods[0], client, **headers)[0].status_code

    assert got == dict.fromkeys((row.name for row in asked), 401)


def test_nobody_gets_further_than_the_way_in(world, rows):
    client, got, leaked = Client(raise_request_exception=False), {}, []
    asked = [row for row in rows if row.right not in (matrix.NOBODY, matrix.OWN)]
    for row in asked:
        for method in row.methods:
            answer, text = ask(world, row, method, client)
            got[row.name, method] = found(answer, method)
            leaked += [secret.text for secret in world.secrets if secret.text in text]

    assert {key: what for key, what in got.items() if what != SIGN_IN} == {}
    assert leaked == []


@pytest.mark.parametrize("method", ODD_METHODS)
def test_a_method_that_is_not_declared_is_refused_everywhere(method, world, rows):
    got = {}
    for row in rows:
        who = ("clinician", "own") if not row.name.startswith("admin:") else ("admin", "own")
        client, headers = by_token(world, "full")(row, who) if is_api(row) else (world.clients[who], {})
        got[row.name] = ask(world, row, method, client, **headers)[0].status_code

    assert {name: code for name, code in got.items() if code != 405 and name not in NO_PROVIDER} == {}


def test_those_who_are_near_find_the_object_in_its_list(world, rows):
    lists = {
        "clinic:patients": "patient",
        "api:patients": "patient",
        "api:predictions": "prediction",
        "api:jobs": "job",
        "lab:datasets": "dataset",
        "api:datasets": "dataset",
    }
    missing = []
    for row in (row for row in rows if row.name in lists):
        for who in world.near[lists[row.name]] - {worlds.EMERGENCY}:
            client, headers = by_token(world, "full")(row, who) if is_api(row) else (world.clients[who], {})
            _, text = ask(world, row, "GET", client, **headers)
            if world.values[lists[row.name]] not in text:
                missing.append((row.name, *who))

    assert missing == []


def test_an_address_without_a_row_fails(monkeypatch):
    monkeypatch.delitem(matrix.TABLE, "clinic:patient")

    with pytest.raises(matrix.Undeclared, match="clinic/patients"):
        matrix.walk()


def test_every_standing_is_real(world):
    """Data that could leak is there: other wards have patients, and those who were near once are near no more."""
    shut_out = {person.username for person in User.objects.filter(is_active=False)}
    ended = CareUnitUserPermission.objects.filter(until__lte=clock.now())

    assert {secret.near for secret in world.secrets} >= {frozenset({("clinician", "foreign")})}
    assert shut_out == {f"{role}-revoked" for role in (*worlds.BY_RELATION, *worlds.BY_ROLE)}
    assert {row.user.username for row in ended} == {
        "clinician-expired", "clinician-removed", "clinician-revoked",
    }  # fmt: skip
