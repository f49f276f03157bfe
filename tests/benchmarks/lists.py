"""P6 and P7: a page of 50 of 200,000 objects, and its 50 checks, for three people with very different reach."""

import atexit
import os
import shutil
import statistics
import tempfile
import time
from functools import cache

from tests.servers import Postgres

OBJECTS, GROUPS, PEOPLE, PAGE = 200_000, 500, 2_000, 50
# Who sees about 20, 4,000 and 128,000 objects: by 20 grants of their own, by 5 and by 200 groups of 500.
REACH = {"few": (0, 20), "narrow": (5, 0), "wide": (200, 0)}
ROUNDS = 30

_FILL = (
    "INSERT INTO shelf_book (name, audience) SELECT md5(i::text), '{}' FROM generate_series(1, %(objects)s) i",
    "INSERT INTO auth_group (name) SELECT 'circle ' || i FROM generate_series(1, %(groups)s) i",
    "INSERT INTO accounts_user (username, public_id, password, first_name, last_name, email, is_superuser, is_staff,"
    " is_active, date_joined) SELECT 'reader ' || i, 'r' || i, '', '', '', '', false, false, true, now()"
    " FROM generate_series(1, %(people)s) i",
    "INSERT INTO accounts_user_groups (user_id, group_id) SELECT u.id, g.id FROM accounts_user u, auth_group g"
    " WHERE u.username LIKE 'reader %%' AND (u.id * 7 + g.id * 13) %% 100 = 0 AND g.name LIKE 'circle %%'"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO shelf_bookgrouppermission (content_object_id, group_id, permission_id, since)"
    " SELECT b.id, (SELECT min(id) FROM auth_group WHERE name LIKE 'circle %%') + (hashint8(b.id * 3 + s) & 1048575) %% %(groups)s,"
    " %(see)s, now() - interval '1 day' FROM shelf_book b, generate_series(1, 2) s ON CONFLICT DO NOTHING",
    "INSERT INTO shelf_bookuserpermission (content_object_id, user_id, permission_id, since)"
    " SELECT b.id, (SELECT min(id) FROM accounts_user WHERE username LIKE 'reader %%') + (hashint8(b.id) & 1048575) %% %(people)s,"
    " %(see)s, now() - interval '1 day' FROM shelf_book b WHERE b.id %% 5 = 0 ON CONFLICT DO NOTHING",
)  # fmt: skip


@cache
def _stage() -> Postgres:
    """A database of its own with everything in it."""
    postgres, home = Postgres(durable=True), tempfile.mkdtemp(prefix="formulary-bench-")
    atexit.register(postgres.stop)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ.update({
        "FORMULARY_DATA": home, "DATABASE_URL": postgres.url,
        "FORMULARY_EXTRA_APPS": "tests.shelf", "DJANGO_SETTINGS_MODULE": "portal.settings",
    })  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _fill()
    return postgres


def _fill() -> None:
    from django.contrib.auth.models import Permission as Right
    from django.db import connection

    from portal.access import audience, policy
    from portal.access.permissions import Permission
    from portal.core import guard
    from tests.shelf.models import SEE, Book

    numbers = {"objects": OBJECTS, "groups": GROUPS, "people": PEOPLE, "see": Right.objects.get(codename=SEE).pk}
    with guard.unlocked(), connection.cursor() as cursor:
        for statement in _FILL:
            cursor.execute(statement, numbers)
        cursor.execute("ANALYZE")
        audience.refresh(Book.objects.all(), SEE)
        cursor.execute("VACUUM ANALYZE")
    policy.register(Book, Permission.MODEL_SEE, lambda by: audience.reach(Book, by, SEE), "it is lent to you", see=True)


@cache
def _people() -> dict:
    from django.contrib.auth.models import Group

    from portal.access import grants
    from portal.accounts.models import User
    from portal.core import guard
    from tests.shelf.models import SEE, Book

    found = {}
    with guard.unlocked():
        role = Group.objects.get_or_create(name="scientist")[0]
        for name, (groups, own) in REACH.items():
            person = User.objects.create(username=name)
            person.groups.set([role, *Group.objects.filter(name__startswith="circle")[:groups]])
            for book in Book.objects.order_by("?")[:own]:
                grants.give(SEE, to=person, on=book)
            found[name] = User.objects.get(pk=person.pk)
    return found


def pages() -> dict:
    """P6: the first page by name, ours and guardian's shortcut, against the unfiltered page."""
    _stage()
    from guardian.shortcuts import get_objects_for_user

    from portal.access import policy
    from tests.shelf.models import SEE, Book

    def guardian(person):
        return get_objects_for_user(person, f"shelf.{SEE}", Book, accept_global_perms=False).order_by("name")

    rows = {}
    for name, person in _people().items():
        cases = {
            "limit": lambda: list(Book.objects.order_by("name")[:PAGE]),
            "ours": lambda person=person: list(_ours(person)[:PAGE]),
            "peer": lambda person=person: list(guardian(person)[:PAGE]),
            "count": lambda person=person: policy.count_capped(_ours(person)),
        }
        assert cases["ours"]() == cases["peer"]()
        rows[name] = _measured(cases)

    lines = [
        f"{name} ({_ours(_people()[name]).count():,} of {OBJECTS:,}): {row['ours']:.2f} ms, unfiltered {row['limit']:.2f}, "
        f"guardian {row['peer']:.1f}; capped count {row['count']:.2f} ms"
        for name, row in rows.items()
    ]
    return _worst(rows, lambda row: row["ours"] / row["limit"], lines)


def checks() -> dict:
    """P7: the 50 checks of a page, in one query, against guardian's prefetch and its loop."""
    _stage()
    from guardian.core import ObjectPermissionChecker

    from portal.access import policy
    from portal.access.permissions import Permission
    from tests.shelf.models import SEE, Book

    page = list(Book.objects.order_by("name")[:PAGE])

    def prefetch(person):
        checker = ObjectPermissionChecker(person)
        checker.prefetch_perms(page)
        return {book.pk for book in page if checker.has_perm(SEE, book)}

    def loop(person):
        return {book.pk for book in page if ObjectPermissionChecker(person).has_perm(SEE, book)}

    rows = {}
    for name, person in _people().items():
        cases = {
            "ours": lambda person=person: policy.permitted(person, Permission.MODEL_SEE, page),
            "peer": lambda person=person: prefetch(person),
        }
        assert set(cases["ours"]()) == cases["peer"]() == loop(person)
        rows[name] = _measured(cases) | {"limit": _median(lambda person=person: loop(person), 3)}
    lines = [
        f"{name}: {row['ours']:.2f} ms, prefetch {row['peer']:.2f} (× {row['ours'] / row['peer']:.2f}), "
        f"a loop of has_perm {row['limit']:.0f} (1/{row['limit'] / row['ours']:.0f}, goal 1/100)"
        for name, row in rows.items()
    ]
    # The second goal, a hundredth of the loop, is a quarter of a twenty-fifth: both in one number.
    return _worst(rows, lambda row: max(row["ours"] / row["peer"], 25 * row["ours"] / row["limit"]), lines)


def _ours(person):
    from portal.access import policy
    from portal.access.permissions import Permission
    from tests.shelf.models import Book

    return policy.visible_to(Book.objects.order_by("name"), person, Permission.MODEL_SEE)


def _worst(rows: dict, ratio, lines: list[str]) -> dict:
    row = max(rows.values(), key=ratio)
    shown = {name: float(f"{row[name]:.3g}") for name in ("ours", "peer", "limit")}
    return shown | {"ratio": float(f"{ratio(row):.3g}"), "lines": lines}


def _measured(cases: dict) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in cases}
    for work in cases.values():
        work()
        work()
    for _ in range(ROUNDS):
        for name, work in cases.items():
            times[name].append(_once(work))
    return {name: statistics.median(found) for name, found in times.items()}


def _median(work, rounds: int) -> float:
    return statistics.median(_once(work) for _ in range(rounds))


def _once(work) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
