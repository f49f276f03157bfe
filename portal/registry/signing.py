"""What a signature covers: the canonical bytes of everything that decides how a version behaves on a ward."""

import json
from hashlib import sha256

from portal.registry import bundle
from portal.registry.models import ModelVersion, Signature
from portal.registry.states import SIGNERS


def payload_sha256(version: ModelVersion) -> str:
    """The digest that reviewers sign: files, signature, form, scope, last day and every part of the evidence (RFC 8785-like canonical JSON)."""
    covered = {
        "model": version.model.slug,
        "number": version.number,
        "digest": version.digest,
        "facts": version.facts,
        "overlay": version.overlay,
        "care_units": sorted(version.care_units.values_list("public_id", flat=True)),
        "expires_on": version.expires_on.isoformat() if version.expires_on else None,
        "parts": bundle.covered(version),
    }
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def approvals(version: ModelVersion) -> list[Signature]:
    """The approving signatures that cover the version as it stands now."""
    now = payload_sha256(version)
    return list(version.signatures.filter(meaning="approval", payload_sha256=now))


def enough(signed: list[Signature]) -> bool:
    """Whether enough different reviewers signed."""
    return len({signature.signer_id for signature in signed}) >= SIGNERS
