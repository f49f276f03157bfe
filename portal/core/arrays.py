"""Whole numbers written into a statement as one array of PostgreSQL: each plan then fits its own numbers."""

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, F, Func, IntegerField, Q


class Numbers(Func):
    """An array of whole numbers."""

    def __init__(self, numbers: list[int]):
        super().__init__(output_field=ArrayField(IntegerField()))
        self.numbers = tuple(numbers)

    def as_sql(self, compiler, connection, **_):
        return f"ARRAY[{_listed(self.numbers)}]::integer[]", []

    @property
    def identity(self):
        return (type(self), self.numbers)


class _Among(Func):
    """Whether the key is one of some: fifty parameters would cost more than the search."""

    def __init__(self, keys: list[int]):
        super().__init__(F("pk"), output_field=BooleanField())
        self.keys = tuple(keys)

    def as_sql(self, compiler, connection, **_):
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY(ARRAY[{_listed(self.keys)}]::bigint[])", params

    @property
    def identity(self):
        return (type(self), self.keys)


def among(keys: list[int]) -> Q:
    """The rows with one of these keys."""
    return Q(_Among(keys)) if connection.vendor == "postgresql" else Q(pk__in=keys)


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(int(number)) for number in numbers)
