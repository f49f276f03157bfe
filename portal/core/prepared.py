"""Querysets that are compiled once and run again with another value: the ORM's own SQL, without its building.

Building and compiling a filtered queryset takes the ORM several times as long as PostgreSQL needs to answer it. The
value asked for and the moment are found among the parameters by marks; everything else a filter depends on belongs
into the key. On SQLite, whose parameters are already texts, and for a filter that asks the database while it is
built, the queryset is built anew each time (docs/adr/0006).
"""

import copy
from collections.abc import Callable, Hashable
from datetime import date, datetime

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from portal.core import clock

Value = str | int
MOST = 4096
_MARKS: dict[type, Value] = {str: "\ue000asked for\ue000", int: -(2**53) + 1}
_kept: dict[Hashable, "Prepared | None"] = {}


class _AskedTheDatabase(Exception):
    """A filter that needs rows to be built cannot be kept: the rows may change."""


class Prepared:
    """One compiled queryset."""

    def __init__(self, queryset: QuerySet, mark: Value):
        self._queryset, self._mark = queryset, mark
        self._compiler = queryset.query.get_compiler(using=queryset.db)
        self._sql, self._params = self._compiler.as_sql()

    def rows(self, value: Value) -> list:
        """What the queryset holds for a value now."""
        params = tuple(self._param(given, value) for given in self._params)
        clone = self._queryset.all()
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[clone.db]
        compiler.as_sql = lambda *args, **kwargs: (self._sql, params)
        clone.query.get_compiler = lambda *args, **kwargs: compiler
        return list(clone)

    def _param(self, given, value: Value):
        if type(given) is type(value) and given == self._mark:
            return value
        if isinstance(given, datetime) and given.year >= clock.MARK.year - 1:
            return clock.now() + (given - clock.MARK)
        if isinstance(given, date) and given.year >= clock.MARK.year - 1:
            return clock.today() + (given - clock.day_of(clock.MARK))
        return given


def rows(key: Hashable, build: Callable[[Value], QuerySet], value: Value) -> list:
    """The rows of `build(value)`; `key` names all that `build` depends on besides the value and the moment."""
    if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        return list(build(value))
    if key not in _kept:
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[key] = _prepare(build, _MARKS[type(value)])
    found = _kept[key]
    return list(build(value)) if found is None else found.rows(value)


def first(key: Hashable, build: Callable[[Value], QuerySet], value: Value):
    """The first of those rows, or None."""
    return next(iter(rows(key, lambda given: build(given)[:1], value)), None)


def _prepare(build: Callable[[Value], QuerySet], mark: Value) -> Prepared | None:
    try:
        with clock.marked(), connections[DEFAULT_DB_ALIAS].execute_wrapper(_refuse):
            # A clock that was set by hand gives no mark, so its moment would be kept.
            return Prepared(build(mark), mark) if clock.now() == clock.MARK else None
    except (_AskedTheDatabase, EmptyResultSet, FullResultSet):
        return None


def _refuse(execute, sql, params, many, context):
    raise _AskedTheDatabase


def forget(**_) -> None:
    """Compile everything anew; settings may decide how a filter looks."""
    _kept.clear()


setting_changed.connect(forget, dispatch_uid="portal.core.prepared")
