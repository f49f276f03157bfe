"""What a signature covers, and what makes it hold: canonical bytes, the portal's signature over the record, the chain."""

from hashlib import sha256

from portal.core import signed
from portal.registry import bundle, reading
from portal.registry.models import ModelVersion, Signature
from portal.registry.states import E1762, Seat

GENESIS = "0" * 64
DECISIONS = frozenset({"approval", "refusal", "withdrawal"})


@reading.once
def payload_sha256(version: ModelVersion) -> str:
    """The digest that reviewers sign (RFC 8785)."""
    return signed.digest(payload(version))


def payload(version: ModelVersion) -> dict:
    """What reviewers sign: files and how they run, form, scope, last day, words and evidence."""
    return {
        "model": version.model.slug,
        "title": version.model.title,
        "summary": version.model.summary,
        "number": version.number,
        "author": version.created_by.public_id,
        "digest": version.digest,
        "engine": version.engine,
        "run": version.run,
        "facts": version.facts,
        "overlay": version.overlay,
        "care_units": sorted(unit.public_id for unit in version.care_units.all()),
        "expires_on": version.expires_on.isoformat() if version.expires_on else None,
        "changes": version.changes,
        "parts": bundle.covered(version),
    }


def record_of(signature: Signature) -> dict:
    """The whole signature record that the portal signs; a later change of any of it shows."""
    version = signature.version
    return {
        "record_type": "model-version",
        "record_id": version.public_id,
        "record": f"{version.model.slug}/{version.number}",
        "record_sha256": signature.payload_sha256,
        "signature_id": signature.public_id,
        "signer_id": signature.signer.public_id,
        "printed_name": signature.printed_name,
        "role": signature.role,
        "seat": signature.seat,
        "behalf_of": signature.behalf_of.public_id if signature.behalf_of else None,
        "behalf_name": signature.behalf_name,
        "meaning": signature.meaning,
        "meaning_code": {"system": E1762, "code": signature.meaning_code},
        "reason": signature.reason,
        "checklist_sha256": signed.digest(signature.checklist),
        "factors": signature.factors,
        "signed_at": signature.signed_at.isoformat(),
        "prev_signature_sha256": signature.previous,
    }


def close(signature: Signature) -> Signature:
    """Hang a signature behind the last one of its version, sign it as the portal and keep it."""
    last = _chained(signature.version).last()
    signature.previous = fingerprint(last) if last else GENESIS
    signature.jws = signed.sign(record_of(signature))
    signature.save(force_insert=True)
    return signature


def fingerprint(signature: Signature) -> str:
    """How the next signature names this one."""
    return sha256(signature.jws.encode()).hexdigest()


def intact(version: ModelVersion) -> bool:
    """Whether every signature of a version is as it was signed, and none is missing in between."""
    return _intact(_chain(version))


@reading.once
def decisions(version: ModelVersion) -> list[Signature]:
    """The last decision of each signer about the version as it stands now; none when any signature was touched.

    A withdrawal ends every approval of its signer before it, whatever bytes either covers.
    """
    found = _chain(version)
    if not _intact(found):
        return []
    now = payload_sha256(version)
    last = {one.signer_id: one for one in found if _decides(one, now)}
    return sorted(last.values(), key=lambda one: one.pk)


def approvals(version: ModelVersion) -> list[Signature]:
    """The approving signatures that cover the version as it stands now and were not withdrawn."""
    return [one for one in decisions(version) if one.meaning == "approval"]


def not_withdrawn(version: ModelVersion) -> list[Signature]:
    """The last approval of each signer who has not taken it back, also of the version as it was before a change."""
    last = {one.signer_id: one for one in _chain(version) if one.meaning in ("approval", "withdrawal")}
    return [one for one in last.values() if one.meaning == "approval"]


def enough(signatures: list[Signature]) -> bool:
    """Whether different people signed in every seat of the committee."""
    people = {person for one in signatures for person in (one.signer_id, one.behalf_of_id) if person}
    alone = sum(1 + (one.behalf_of_id is not None) for one in signatures) == len(people)
    return alone and {one.seat for one in signatures} >= set(Seat.values)


def _decides(signature: Signature, now: str) -> bool:
    if signature.meaning == "withdrawal":
        return True
    return signature.meaning in DECISIONS and signature.payload_sha256 == now


@reading.once
def _chain(version: ModelVersion) -> list[Signature]:
    return list(_chained(version))


def _chained(version: ModelVersion):
    # What was signed before there were chains proves nothing any more.
    rows = Signature.objects.filter(version=version, previous__isnull=False).order_by("id")
    return rows.select_related("version__model", "signer", "behalf_of")


def _intact(found: list[Signature]) -> bool:
    before = GENESIS
    for one in found:
        if one.previous != before or not signed.holds(one.jws, record_of(one)):
            return False
        before = fingerprint(one)
    return True
