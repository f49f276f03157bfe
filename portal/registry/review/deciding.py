"""Deciding about a version: approve, refuse, withdraw one's approval, let it run again; each a signature."""

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.registry import bundle, moving, signing
from portal.registry.models import ModelVersion, Signature
from portal.registry.review import chairing, checklist
from portal.registry.review.seats import Chair
from portal.registry.states import MEANING_CODES, WAITING, VersionState


@action(Permission.MODEL_REVIEW, verb="model.approval-signed", on=ModelVersion)
def approve(*, by, on, reason, proof, seen, chair=None) -> Signature:
    """Sign for a version in one seat; with the other seat's signature, of somebody else, it is approved.

    `seen` is the digest of what the signer was shown; raises Conflict when the version is another by now. `chair`
    names the seat of whoever may sign in several.
    """
    version = moving.locked(on)
    taken = may_approve(version, by, reason=reason, seen=seen, chair=chair)
    check_proof(by, proof)
    signature = _sign(version, by, "approval", reason, proof, taken)
    if version.state == VersionState.SUBMITTED:
        moving.move(version, VersionState.IN_REVIEW)
    if version.state == VersionState.IN_REVIEW and signing.enough(signing.approvals(version)):
        moving.move(version, VersionState.APPROVED)
        version.approved_at = clock.now()
    version.save()
    event().note(state=version.state, seat=signature.seat, payload=signature.payload_sha256)
    return signature


@action(Permission.MODEL_REVIEW, verb="model.refused", on=ModelVersion)
def refuse(*, by, on, reason, proof, seen, chair=None) -> Signature:
    """Refuse a version with a reason; one refusal is enough. `seen` and `chair` as in approve."""
    version = moving.locked(on)
    taken = may_refuse(version, by, reason=reason, seen=seen, chair=chair)
    check_proof(by, proof)
    signature = _sign(version, by, "refusal", reason, proof, taken)
    moving.move(version, VersionState.REFUSED)
    version.save()
    event().note(seat=signature.seat)
    return signature


@action(Permission.MODEL_REVIEW, verb="model.approval-withdrawn", on=ModelVersion)
def withdraw(*, by, on, reason, proof, seen) -> Signature:
    """Take one's own approval back, signed; what was approved is stopped at once. `seen` as in approve."""
    version = moving.locked(on)
    taken = may_withdraw(version, by, reason=reason, seen=seen)
    check_proof(by, proof)
    signature = _sign(version, by, "withdrawal", reason, proof, taken)
    if version.state == VersionState.APPROVED:
        moving.move(version, VersionState.SUSPENDED)
        version.stopped_at, version.stopped_by = clock.now(), by
        version.stop_reason = f"{by.label} withdrew the approval: {reason.strip()}"[: moving.REASON_LIMIT]
    elif version.state == VersionState.IN_REVIEW and not signing.approvals(version):
        moving.move(version, VersionState.SUBMITTED)
    version.save()
    event().note(state=version.state)
    return signature


@action(Permission.MODEL_REVIEW, verb="model.resumed", on=ModelVersion)
def resume(*, by, on, reason, proof, seen) -> Signature:
    """Let a stopped version run again, signed for with both factors; the approvals must cover it as it stands. `seen` as in approve."""
    version = moving.locked(on)
    taken = may_resume(version, by, reason=reason, seen=seen)
    check_proof(by, proof)
    moving.move(version, VersionState.APPROVED)
    signature = _sign(version, by, "resumption", reason, proof, taken)
    version.stopped_at, version.stop_reason, version.stopped_by = None, "", None
    version.save()
    return signature


def check_proof(by, proof) -> None:
    """That both factors were given by this person just now; raises BadInput."""
    if proof is None or not proof.covers(by):
        raise BadInput({"code": "Signing needs your password and a current one-time code, or your passkey."})


def may_approve(version: ModelVersion, by, *, reason: str, seen: str, chair=None) -> Chair:
    """The seat in which somebody may approve now; raises whatever stands in the way but the proof of who they are.

    Pages ask it first: a one-time code that was used for a refused signature would be spent.
    """
    _check_waits(version)
    _check_last_day(version)
    taken = chairing.take(version, by, "approval", chair)
    chairing.check_owner(version)
    checklist.check(version, by)
    _check_words(version, reason, seen)
    _check_ready(version)
    return taken


def may_refuse(version: ModelVersion, by, *, reason: str, seen: str, chair=None) -> Chair:
    """The same for a refusal."""
    if version.state not in WAITING:
        raise Conflict(f"{version} is {version.get_state_display()}; it is not waiting for a decision.")
    taken = chairing.take(version, by, "refusal", chair)
    _check_words(version, reason, seen)
    return taken


def may_withdraw(version: ModelVersion, by, *, reason: str, seen: str) -> Chair:
    """The seat in which somebody approved and may take that back; as may_approve."""
    mine = next((one for one in signing.not_withdrawn(version) if one.signer_id == by.pk), None)
    if mine is None or not signing.intact(version):
        raise Conflict("There is no approval of yours to withdraw.", code="no-approval")
    _check_words(version, reason, seen)
    return chairing.of(mine)


def may_resume(version: ModelVersion, by, *, reason: str, seen: str) -> Chair:
    """The seat in which somebody may let a stopped version run again; as may_approve."""
    taken = chairing.take(version, by, "resumption")
    _check_words(version, reason, seen)
    moving.check(version, VersionState.APPROVED)
    if not signing.enough(signing.approvals(version)):
        raise Conflict(
            "The approvals do not cover this version as it stands now: it has to be signed again first.",
            code="signatures-void",
        )
    _check_last_day(version)
    chairing.check_owner(version)
    _check_ready(version)
    return taken


def open_to_signatures(version: ModelVersion) -> bool:
    """Whether reviewers sign now: while it waits, and when a stopped version has to be signed anew."""
    if version.state in WAITING:
        return True
    return version.state == VersionState.SUSPENDED and not signing.enough(signing.approvals(version))


def _check_waits(version: ModelVersion) -> None:
    if not open_to_signatures(version):
        raise Conflict(f"{version} is {version.get_state_display()}; it is not waiting for a decision.")


def _check_last_day(version: ModelVersion) -> None:
    if version.expired:
        raise Conflict(
            f"The last day of {version} was {version.expires_on:%-d %b %Y}: it needs a later one, with which it is"
            " proposed again.",
            code="approval-expired",
        )


def _check_words(version: ModelVersion, reason: str, seen: str) -> None:
    if seen != signing.payload_sha256(version):
        raise Conflict(
            "The version has changed since this page was opened. Read it again, then sign.", code="stale-page"
        )
    moving.check_reason(reason)


def _check_ready(version: ModelVersion) -> None:
    found = bundle.missing(version)
    if found:
        raise Conflict(" ".join(one.sentence for one in found), code="not-ready")


def _sign(version: ModelVersion, by, meaning: str, reason: str, proof, chair: Chair) -> Signature:
    behalf = chair.behalf_of
    return signing.close(
        Signature(
            version=version, signer=by, printed_name=by.label, role=chair.seat.label.capitalize(), seat=chair.seat,
            behalf_of=behalf, behalf_name=behalf.label if behalf else "", meaning=meaning,
            meaning_code=MEANING_CODES[meaning], reason=reason.strip(), factors=list(proof.factors),
            checklist=checklist.snapshot(version, by) if meaning in ("approval", "refusal") else {},
            payload_sha256=signing.payload_sha256(version),
        )
    )  # fmt: skip
