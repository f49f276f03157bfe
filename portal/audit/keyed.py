"""HMAC-SHA-256 under the ledger's key, with the key's part of the work done once: a check asks for millions."""

from functools import lru_cache
from hashlib import sha256

from django.conf import settings

_BLOCK = 64


def keyed(text: str) -> str:
    """HMAC-SHA-256 (RFC 2104) under the ledger's key, in hexadecimal."""
    inner, outer = (half.copy() for half in halves())
    inner.update(text.encode())
    outer.update(inner.digest())
    return outer.hexdigest()


def halves() -> tuple:
    """The inner and the outer hash with the key taken in, to be copied."""
    return _halves(settings.LEDGER_KEY)


@lru_cache(maxsize=4)
def _halves(secret: str):
    key = secret.encode()
    key = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in key)), sha256(bytes(byte ^ 0x5C for byte in key))
