"""Lock-out after too many wrong passwords, per account and address, counted by allauth in the shared cache."""

import time
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache


def key_of(login: str, address: str) -> str:
    """What wrong passwords are counted under; opening the account again begins a new count."""
    return f"{login.lower()}\x1f{address}\x1f{cache.get(_era(login), 0)}"


def open_again(login: str) -> None:
    """Forget what was counted for an account, from every address."""
    cache.set(_era(login), time.time_ns(), 2 * 60 * settings.LOCK_OUT_MINUTES)


def is_first_refusal(login: str, address: str) -> bool:
    """True once per lock-out, so that the ledger holds one event and not one per try."""
    return cache.add(f"lock-out:{_digest(key_of(login, address))}", True, 60 * settings.LOCK_OUT_MINUTES)


class Tries:
    """Wrong tries at something, counted for the time of a lock-out."""

    def __init__(self, what: str, limit: int | None = None):
        self.key, self.limit = f"tries:{_digest(what)}", limit or settings.LOCK_OUT_AFTER

    def are_used_up(self) -> bool:
        """Whether no further try is allowed for now."""
        return cache.get(self.key, 0) >= self.limit

    def add(self) -> None:
        """Count one more."""
        if not cache.add(self.key, 1, 60 * settings.LOCK_OUT_MINUTES):
            cache.incr(self.key)

    def clear(self) -> None:
        """Begin again."""
        cache.delete(self.key)


def _era(login: str) -> str:
    return f"lock-out-era:{_digest(login.lower())}"


def _digest(text: str) -> str:
    # What was typed as a name may be a password: it is not stored.
    return sha256(text.encode()).hexdigest()
