"""How many patients are both among the rows a model was trained on and among those it is tried on.

Their numbers are compared as keyed hashes under a key that lives as long as the comparison; neither is kept.
"""

import secrets
from collections.abc import Iterable
from hashlib import blake2b

LEAST = 11


def count(trained: Iterable, tried: Iterable) -> int:
    """How many different numbers are in both; what is empty is nobody."""
    key = secrets.token_bytes(32)
    before = {_hash(value, key) for value in trained if _said(value)}
    return len({found for value in tried if _said(value) and (found := _hash(value, key)) in before})


def told(number: int | None) -> dict | None:
    """What may be told of it: nothing, none, some, or a count in tens."""
    if number is None:
        return None
    return {"none": number == 0, "count": round(number / 10) * 10 if number >= LEAST else None}


def _said(value) -> str:
    return "" if value is None else str(value).strip()


def _hash(value, key: bytes) -> bytes:
    return blake2b(_said(value).casefold().encode(), key=key, digest_size=12).digest()
