"""What a fixture makes in the database, kept and put back: the same people and approvals cost a copy, not their making.

A fixture is put back only where every row so far came from kept fixtures too, in the same order; after any other
write it is made as ever. SQLite makes everything each time.
"""

import re
import time
from collections.abc import Callable
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from portal.core import clock, guard

# What the migrations made and no test changes.
MADE_ONCE = {"django_migrations", "django_content_type", "auth_permission"}
_WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE|COPY|TRUNCATE|MERGE|WITH)\b", re.IGNORECASE)
_KEPT: dict[tuple, "Snapshot"] = {}
Tables = dict[str, list[bytes]]


class Snapshot:
    """The rows that one step added to the tables, and the tables that it wrote anew; the value that it gave."""

    def __init__(self, before: Tables, after: Tables, value):
        self.value = _marked(value)
        self.anew, self.rows = [], {}
        for name in {*before, *after}:
            old, new = before.get(name, []), after.get(name, [])
            there = set(old)
            if there - set(new):
                self.anew.append(name)
                self.rows[name] = new
            elif len(new) > len(old):
                self.rows[name] = [row for row in new if row not in there]

    def put_back(self):
        """Write the rows again; gives the value with its rows read from the tables."""
        with _bare() as cursor:
            for name in self.anew:
                cursor.execute(f'DELETE FROM "{name}"')
            for name, rows in self.rows.items():
                with cursor.cursor.copy(f'COPY "{name}" FROM STDIN') as copy:
                    copy.write(b"".join(rows))
        return _found(self.value)


class Stage:
    """How far kept fixtures alone have filled the database of this test."""

    def __init__(self, *, kept: bool = True):
        self._steps, self._own, self._touched = (), False, not kept

    def watch(self, execute, sql, params, many, context):
        """An execute wrapper that notices what is written by anything else."""
        if not self._own and _WRITE.match(str(sql)):
            self._touched = True
        return execute(sql, params, many, context)

    def make(self, step: str, build: Callable):
        """What `build` gives, with the same rows that it made the first time, or by building it."""
        if connection.vendor != "postgresql" or self._touched or self._own or _clock_is_moved():
            return build()
        self._steps += ((step, str(settings.ARTIFACTS)),)
        self._own = True
        try:
            kept = _KEPT.get(self._steps)
            return kept.put_back() if kept else self._build(build)
        finally:
            self._own = False

    def _build(self, build: Callable):
        before = _tables()
        value = build()
        _KEPT[self._steps] = Snapshot(before, _tables(), value)
        return value


def filled(cursor) -> list[str]:
    """The tables that hold anything but what the migrations made."""
    names = sorted(set(connection.introspection.table_names(cursor)) - MADE_ONCE)
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in names))
    return [name for (name,) in cursor.fetchall()]


@contextmanager
def _bare():
    """A cursor that the server asks neither triggers nor foreign keys for, as a replica's."""
    with guard.unlocked(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def _tables() -> Tables:
    found = {}
    with guard.unlocked(), transaction.atomic(), connection.cursor() as cursor:
        for name in filled(cursor):
            with cursor.cursor.copy(f'COPY "{name}" TO STDOUT') as copy:
                found[name] = b"".join(map(bytes, copy)).splitlines(keepends=True)
    return found


def _clock_is_moved() -> bool:
    return abs(clock.now().timestamp() - time.time()) > 5


def _marked(value):
    if isinstance(value, dict):
        return {key: _marked(one) for key, one in value.items()}
    return (type(value), value.pk) if isinstance(value, Model) else value


def _found(value):
    if isinstance(value, dict):
        return {key: _found(one) for key, one in value.items()}
    return value[0]._default_manager.get(pk=value[1]) if isinstance(value, tuple) else value
