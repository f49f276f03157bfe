"""Opaque public identifiers: what URLs, the API and the ledger call an object."""

import re
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 20
PATTERN = re.compile(rf"^[{_ALPHABET}]{{{LENGTH}}}$")


def new_id() -> str:
    """A random identifier of 100 bits that says nothing about what it names."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


class PublicIdConverter:
    """The URL converter `<pid:…>` for public identifiers."""

    regex = f"[{_ALPHABET}]{{{LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
