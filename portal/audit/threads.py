"""Each event names the one that the same thread wrote before it, so that a row is missed even if no seal ever saw it.

A position is named only once its transaction has been committed, and until an event that names it is committed too.
What a rolled back transaction took is therefore never missed, and what was committed always is.
"""

from threading import local

from django.db import transaction

_here = local()


def before(place: int) -> str:
    """The positions that the next event names, and from its commit on `place` is the one to name."""
    named = frozenset(_committed())
    transaction.on_commit(lambda: _here.__dict__.update(committed=(_committed() - named) | {place}))
    return ",".join(map(str, sorted(named)))


def forget() -> None:
    """Name nothing that was written before: another ledger took the place of the one that this thread wrote to."""
    _here.__dict__.clear()


def _committed() -> frozenset[int]:
    return _here.__dict__.get("committed", frozenset())
