"""Each event names the one that the same thread wrote before it, so that a row is missed even if no seal ever saw it.

A position is named only once its transaction has been committed, and until an event that names it is committed too.
What a rolled back transaction took is therefore never missed, and what was committed always is.
"""

from threading import local

from django.db import transaction

MARK = 12
_here = local()


def named() -> frozenset[str]:
    """The marks that the next event names: nothing but what this thread committed and no committed event names yet."""
    return _here.__dict__.get("committed", frozenset())


def wrote(mark: str, naming: frozenset[str]) -> None:
    """From its commit on, the event with this mark is the one to name, and those that it names are done."""
    transaction.on_commit(lambda: _here.__dict__.update(committed=(named() - naming) | {mark}))


def mark_of(place: int, leaf: str) -> str:
    """How an event is named: its position and the beginning of its hash, for on SQLite a position may be taken again."""
    return f"{place}:{leaf[:MARK]}"


def forget() -> None:
    """Name nothing that was written before: another ledger took the place of the one that this thread wrote to."""
    _here.__dict__.clear()
