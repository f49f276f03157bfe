"""What surrounds an event: request, session, address and purpose of use, carried beside the call."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Context:
    """Where a call comes from; `purpose` is a v3-ActReason code such as TREAT or HTEST."""

    request: str = ""
    session: str = ""
    address: str = ""
    purpose: str = ""


_current: ContextVar[Context] = ContextVar("audit_context", default=Context())


def current() -> Context:
    """The context of this call."""
    return _current.get()


@contextmanager
def of(**changes):
    """Run a block in another context; what is not named stays."""
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield
    finally:
        _current.reset(token)
