"""The portal's secrets: read from the environment, or kept in the data folder of an embedded portal."""

import base64
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from portal.core.env import envsecret

NAMES = ("secret_key", "phi_keys", "index_key", "ledger_key", "head_key", "signing_keys")
OPTIONAL = frozenset({"head_key"})


def load_keys(folder: Path, *, generate: bool) -> dict[str, str]:
    """All secrets by name; `generate` makes the missing ones in `folder` (mode 0600), else they are demanded."""
    return {name: _load(name, folder, generate=generate) for name in NAMES}


def new_phi_key() -> str:
    """A fresh encryption key as `<id>:<base64 of 32 bytes>`."""
    return f"{secrets.token_hex(4)}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"


def new_signing_key() -> str:
    """A fresh key to sign records with, as `<id>:<base64 of its PKCS #8 form>` (ECDSA on P-384)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return f"{secrets.token_hex(4)}:{base64.urlsafe_b64encode(made).decode()}"


def write_key(folder: Path, name: str, value: str) -> None:
    """Put a secret into the folder in one step, readable by its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value + "\n")
    draft.replace(folder / name)


def _load(name: str, folder: Path, *, generate: bool) -> str:
    variable = f"FORMULARY_{name.upper()}"
    value = envsecret(variable)
    if value:
        return value
    path = folder / name
    if not generate and name in OPTIONAL:
        return ""
    if not generate:
        raise ImproperlyConfigured(
            f"{variable} is not set. In production every secret comes from the environment or from {variable}_FILE."
        )
    if not path.exists():
        write_key(folder, name, _generate(name))
    return path.read_text().strip()


def _generate(name: str) -> str:
    if name == "head_key":
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    rings = {"phi_keys": new_phi_key, "signing_keys": new_signing_key}
    return rings[name]() if name in rings else secrets.token_urlsafe(48)
