"""For pages that read a version and change nothing: what is costly to work out of it, or of who reads it, is worked out once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

from django.db.models import Model

_kept: ContextVar[dict | None] = ContextVar("kept", default=None)


@contextmanager
def one_page() -> Iterator[None]:
    """Within the block a version counts as it is first read; never for a block that writes."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(work: Callable) -> Callable:
    """Let a function of one row be asked once in a page; whoever gets the answer leaves it as it is."""

    @wraps(work)
    def call(row: Model):
        kept, key = _kept.get(), (work.__module__, work.__name__, row.pk)
        if kept is None:
            return work(row)
        if key not in kept:
            kept[key] = work(row)
        return kept[key]

    return call
