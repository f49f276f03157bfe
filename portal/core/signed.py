"""Records that the portal signs: canonical bytes (RFC 8785) and a JSON web signature over them (RFC 7515, ES384).

The ring of keys is `<id>:<base64 of PKCS #8>`, newest first: the newest signs, every key of the ring proves its own.
"""

import base64
import math
from functools import cache
from hashlib import sha256

import jwt
import rfc8785
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.conf import settings

ALGORITHM, TYPE = "ES384", "formulary-signature"
_EXACT = 2**53 - 1


def canonical(value) -> bytes:
    """The one form that a JSON value has (RFC 8785); raises what rfc8785 raises for anything that is not JSON.

    Numbers that JSON cannot carry exactly, too large ones and those that are none, stand as texts.
    """
    return rfc8785.dumps(_plain(value))


def digest(value) -> str:
    """SHA-256 over the canonical form, in hexadecimal."""
    return sha256(canonical(value)).hexdigest()


def sign(record: dict) -> str:
    """The record with the portal's signature, as a compact JWS."""
    name, key = next(iter(_ring(settings.SIGNING_KEYS).items()))
    return jwt.PyJWS([ALGORITHM]).encode(canonical(record), key, ALGORITHM, headers={"kid": name, "typ": TYPE})


def holds(token: str, record: dict) -> bool:
    """Whether a compact JWS is this portal's signature over exactly this record."""
    try:
        ring, name = _ring(settings.SIGNING_KEYS), jwt.get_unverified_header(token).get("kid")
        if name not in ring:
            return False
        said = jwt.PyJWS([ALGORITHM]).decode(token, ring[name].public_key(), [ALGORITHM])
    except jwt.PyJWTError:
        return False
    return said == canonical(record)


@cache
def _ring(text: str) -> dict:
    pairs = (line.split(":", 1) for line in text.replace(",", "\n").split() if line)
    return {name: load_der_private_key(base64.urlsafe_b64decode(key), None) for name, key in pairs}


def _plain(value):
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    exact = abs(value) <= _EXACT if isinstance(value, int) else math.isfinite(value)
    return value if exact else str(value)
