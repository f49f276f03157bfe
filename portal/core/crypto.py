"""Encrypted columns and blind indexes: AES-256-GCM per value, keys that rotate, equality search by keyed hash.

Stored form: `<key id>.<base64 of nonce + ciphertext + tag>`; the column's name is authenticated with the value,
so a ciphertext moved to another column does not open (NIST SP 800-38D).
"""

import base64
import hmac
import json
import os
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

_NONCE = 12


class Undecipherable(Exception):
    """A stored value could not be opened with any key we hold."""


@cache
def _keyring(text: str) -> dict[str, AESGCM]:
    pairs = (line.split(":", 1) for line in text.replace(",", "\n").split() if line)
    return {name: AESGCM(base64.urlsafe_b64decode(key)) for name, key in pairs}


def _keys() -> dict[str, AESGCM]:
    return _keyring(settings.PHI_KEYS)


def encrypt(text: str, column: str) -> str:
    """The stored form of a text under the newest key."""
    name, key = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE)
    sealed = nonce + key.encrypt(nonce, text.encode(), column.encode())
    return f"{name}.{base64.b64encode(sealed).decode()}"


def decrypt(stored: str, column: str) -> str:
    """The text of a stored form; raises Undecipherable when it was changed, moved, or its key is gone."""
    name, _, body = stored.partition(".")
    key = _keys().get(name)
    if key is None:
        raise Undecipherable(f"{column}: no key “{name}” in the ring")
    raw = base64.b64decode(body)
    try:
        return key.decrypt(raw[:_NONCE], raw[_NONCE:], column.encode()).decode()
    except InvalidTag:
        raise Undecipherable(f"{column}: the stored value was changed or moved") from None


def is_current(stored: str) -> bool:
    """Whether a stored form is under the newest key."""
    return stored.partition(".")[0] == next(iter(_keys()))


def blind_index(kind: str, text: str) -> str:
    """A keyed hash by which an encrypted value is found again; `kind` keeps columns apart."""
    message = f"{kind}\x1f{text.strip().casefold()}".encode()
    return hmac.new(settings.INDEX_KEY.encode(), message, sha256).hexdigest()


class EncryptedJSONField(models.TextField):
    """A JSON value that is encrypted at rest and plain in Python."""

    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def from_db_value(self, value, expression, connection):
        return None if value is None else json.loads(decrypt(value, self._column()))

    def get_prep_value(self, value):
        if value is None:
            return None
        return encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")), self._column())

    def to_python(self, value):
        return value
