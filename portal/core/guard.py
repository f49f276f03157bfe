"""The lock: SQL that touches guarded tables runs only while an action has unlocked the connection.

The lock sits on the database connection rather than on querysets, so every road is closed by one rule:
ORM calls, reverse joins, related managers, bulk calls and raw SQL alike (see docs/adr/0002).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache

from django.apps import apps
from django.db import models

_unlocked: ContextVar[bool] = ContextVar("unlocked", default=False)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_HARMLESS = re.compile(r"^\s*(PRAGMA|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET)\b", re.IGNORECASE)


class Locked(Exception):
    """A guarded table was reached without an action."""


class Guarded(models.Model):
    """Rows that are written only inside an action; reading them is free."""

    class Meta:
        abstract = True


class Sealed(Guarded):
    """Rows of people's health: neither written nor read outside an action."""

    class Meta:
        abstract = True


@contextmanager
def unlocked() -> Iterator[None]:
    """Open the guarded tables for the block; only `access.action` and the migrate command may."""
    token = _unlocked.set(True)
    try:
        yield
    finally:
        _unlocked.reset(token)


def install(connection, **_) -> None:
    """Put the lock on a new database connection (receiver of `connection_created`)."""
    if lock not in connection.execute_wrappers:
        connection.execute_wrappers.append(lock)


def lock(execute, sql, params, many, context):
    """Refuse a statement that reaches a guarded table while locked."""
    if not _unlocked.get():
        table = _forbidden_table(str(sql))
        if table:
            raise Locked(f"{table} is opened by actions only: call one, or write one with portal.access.action.")
    return execute(sql, params, many, context)


def guarded_models() -> list[type[models.Model]]:
    """Every concrete model behind the lock."""
    return [model for model in apps.get_models(include_auto_created=True) if _is_guarded(model)]


def _is_guarded(model) -> bool:
    owner = model._meta.auto_created or model
    return issubclass(owner, Guarded)


def _is_sealed(model) -> bool:
    return issubclass(model._meta.auto_created or model, Sealed)


@cache
def _patterns() -> tuple[re.Pattern, re.Pattern]:
    tables = {model._meta.db_table: _is_sealed(model) for model in guarded_models()}
    sealed = "|".join(re.escape(name) for name, is_sealed in tables.items() if is_sealed) or "(?!)"
    every = "|".join(re.escape(name) for name in tables) or "(?!)"
    writes = r"(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO|COPY|(?:DROP|ALTER)\s+TABLE(?:\s+IF\s+EXISTS)?)"
    return (
        re.compile(rf"(?<![\w.])(?:\w+\.)?[\"`\[]?({sealed})(?!\w)", re.IGNORECASE),
        re.compile(rf"{writes}\s+(?:\w+\.)?[\"`\[]?({every})(?!\w)", re.IGNORECASE),
    )


@lru_cache(maxsize=4096)
def _forbidden_table(sql: str) -> str | None:
    if _HARMLESS.match(sql) and ";" not in sql.rstrip("; \n"):
        return None
    sealed, written = _patterns()
    # As it stands and without comments: what looks like a comment may be a text, and hide what follows it.
    texts = (sql, _COMMENT.sub(" ", sql))
    found = next((hit for text in texts if (hit := sealed.search(text) or written.search(text))), None)
    return found.group(1) if found else None
