"""Signed heads: the newest seal's digest, signed and kept outside the database, so that a cut end shows.

Each head is a pair of files, `head-<seal>.json` and `head-<seal>.sig`: the exact bytes and their Ed25519
signature (RFC 8032), so that a share that is written once can hold them and anybody can check them.
"""

import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from portal.audit.models import Seal
from portal.audit.rows import Fault
from portal.core import clock


@dataclass(frozen=True)
class Head:
    """One head as its file says it."""

    seal: int
    digest: str
    last: int
    sealed: int
    at: str
    previous: str
    path: Path


def newest() -> Head | None:
    """The newest head in the folder."""
    found = files()
    return _read(found[-1]) if found else None


def write() -> Head | None:
    """Sign the newest seal into two new files; None when there is no seal, or it has its head already."""
    seal, before = Seal.objects.order_by("-id").first(), newest()
    if seal is None or (before and before.seal >= seal.id):
        return None
    facts = {
        "seal": seal.id, "digest": seal.digest, "last": seal.last, "sealed": seal.events, "at": clock.now().isoformat(),
        "previous": _fingerprint(before.path) if before else "",
    }  # fmt: skip
    text = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    path = settings.HEADS / f"head-{seal.id:012}.json"
    settings.HEADS.mkdir(mode=0o755, parents=True, exist_ok=True)
    _put(path.with_suffix(".sig"), sign(text))
    _put(path, text)
    return _read(path)


def check(notes: list[str]) -> int:
    """Hold the ledger to every head in the folder; raises Fault at the first that does not fit."""
    paths = files()
    if not paths:
        notes.append(f"No heads in {settings.HEADS.name}/: the end of the ledger is not held by anything outside it.")
        return 0
    found = [_read(path) for path in paths]
    known = dict(Seal.objects.filter(id__in=[head.seal for head in found]).values_list("id", "digest"))
    before = None
    for head in found:
        _hold(head, known, before)
        before = head
    return len(found)


def sign(text: bytes) -> bytes:
    """The Ed25519 signature of some bytes under the portal's head key."""
    return _key().sign(text)


def signed(text: bytes, signature: str) -> bool:
    """Whether a hexadecimal signature is ours."""
    try:
        _key().public_key().verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key() -> str:
    """The public key as PEM, for whoever checks heads elsewhere."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _key().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _hold(head: Head, known: dict[int, str], before: Head | None) -> None:
    if before and head.previous and head.previous != _fingerprint(before.path):
        raise Fault(None, f"A head between seals {before.seal} and {head.seal} was taken away or changed.")
    if head.seal not in known:
        last = Seal.objects.filter(id__lt=head.seal).order_by("-last").values_list("last", flat=True).first() or 0
        raise Fault(
            last + 1,
            f"Event {last + 1} and what followed are missing: the head of {head.at[:10]} attests seal {head.seal}, "
            f"up to event {head.last}.",
        )
    if known[head.seal] != head.digest:
        raise Fault(head.last, f"Seal {head.seal} is not the one that the head of {head.at[:10]} attests.")


def files() -> list[Path]:
    """The heads in the folder, oldest first."""
    return sorted(settings.HEADS.glob("head-*.json")) if settings.HEADS.is_dir() else []


def _read(path: Path) -> Head:
    text, signature = path.read_bytes(), path.with_suffix(".sig")
    if not signature.is_file() or not signed(text, signature.read_bytes().hex()):
        raise Fault(None, f"The head {path.name} is not signed with this portal's key.")
    return Head(**json.loads(text), path=path)


def _put(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)


def _fingerprint(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _key() -> Ed25519PrivateKey:
    if settings.HEAD_KEY:
        return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(settings.HEAD_KEY))
    # A hospital that set the ledger's key alone still gets heads: a key that follows from it and nothing else.
    spread = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"formulary ledger heads")
    return Ed25519PrivateKey.from_private_bytes(spread.derive(settings.LEDGER_KEY.encode()))
