"""Verbs on models and versions: register, submit, adjust the form, sign, stop and resume."""

from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.core.validators import validate_slug

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.compute.runtime import facts
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.registry import artifacts, bundle, overlays, signing
from portal.registry.models import ModelVersion, RegisteredModel, Signature
from portal.registry.states import TRANSITIONS, WAITING, VersionState
from portal.studies.models import Study

YEAR = timedelta(days=365)
REASON_LIMIT = 500


@action(Permission.MODEL_REGISTER, verb="model.registered", on=Study)
def register(*, by, on, slug, folder, digest=None, run=None) -> ModelVersion:
    """Bring a model folder in as the next version of `slug`; raises BadInput saying what to mend."""
    _check_slug(slug)
    model = RegisteredModel.objects.filter(slug=slug).first()
    if model and model.study_id != on.pk:
        raise BadInput({"name": f"The name {slug} belongs to another study; choose another name."})
    found = _inspect(Path(folder))
    overlays.check_parts(found.overlay or {}, found.plain())
    stored = artifacts.keep(Path(folder), expected=digest)
    model = model or _new_model(slug, on, by, found.overlay or {})
    version = ModelVersion.objects.create(
        model=model, number=model.versions.count() + 1, digest=stored, engine=found.engine,
        facts=found.plain(), overlay=found.overlay or {}, run=run or {}, created_by=by,
    )  # fmt: skip
    event().about(version)
    event().note(model=slug, number=version.number, digest=stored)
    return version


@action(Permission.MODEL_SUBMIT, verb="model.submitted", on=ModelVersion)
def submit(*, by, on, expires_on=None, care_units=()) -> None:
    """Propose a version for approval, with the wards it is for (none: all) and the last day it may be used."""
    last = expires_on or clock.now().date() + YEAR
    if last <= clock.now().date():
        raise BadInput({"expires_on": f"The last day must lie ahead; {last:%-d %b %Y} does not."})
    _move(on, VersionState.SUBMITTED)
    on.submitted_at, on.expires_on = clock.now(), last
    on.save()
    on.care_units.set(care_units)
    event().note(number=on.number, expires_on=last.isoformat(), wards=len(care_units))


@action(Permission.MODEL_REVIEW, verb="model.form-changed", on=ModelVersion)
def change_form(*, by, on, overlay) -> None:
    """Replace the form's overlay before anyone has signed; raises BadInput naming what does not fit the signature."""
    if on.state != VersionState.SUBMITTED:
        raise Conflict(f"The form is fixed once a reviewer has signed; this version is {on.get_state_display()}.")
    overlays.check(overlay, on.facts)
    event().note(fields=sorted(overlays.changed(on.overlay, overlay)))
    on.overlay = overlay
    on.save(update_fields=("overlay",))


@action(Permission.MODEL_REVIEW, verb="model.approval-signed", on=ModelVersion)
def approve(*, by, on, reason, proof, seen=None) -> Signature:
    """Sign for a version; with the second reviewer's signature it is approved.

    `seen` is the digest of what the signer was shown; raises Conflict when the version is another by now.
    """
    version = _locked(on)
    _check_signer(version, by, reason, proof, seen)
    _check_ready(version)
    signature = _sign(version, by, "approval", reason, proof)
    if version.state == VersionState.SUBMITTED:
        _move(version, VersionState.IN_REVIEW)
    if signing.enough(signing.approvals(version)):
        _move(version, VersionState.APPROVED)
        version.approved_at = clock.now()
    version.save()
    event().note(state=version.state, payload=signature.payload_sha256)
    return signature


@action(Permission.MODEL_REVIEW, verb="model.refused", on=ModelVersion)
def refuse(*, by, on, reason, proof, seen=None) -> Signature:
    """Refuse a version with a reason; one refusal is enough. `seen` as in approve."""
    version = _locked(on)
    _check_signer(version, by, reason, proof, seen)
    signature = _sign(version, by, "refusal", reason, proof)
    _move(version, VersionState.REFUSED)
    version.save()
    return signature


@action(Permission.MODEL_STOP, verb="model.stopped", on=ModelVersion)
def stop(*, by, on, reason) -> None:
    """Stop a version at once: nothing new runs, what waits is refused, past results keep a banner."""
    version = _locked(on)
    _check_reason(reason)
    _move(version, VersionState.SUSPENDED)
    version.stopped_at, version.stop_reason = clock.now(), reason.strip()
    version.stopped_by = by if by.pk else None
    version.save()
    event().note(number=version.number)


@action(Permission.MODEL_REVIEW, verb="model.resumed", on=ModelVersion)
def resume(*, by, on, reason, proof) -> None:
    """Let a stopped version run again, signed for with both factors."""
    version = _locked(on)
    _check_reason(reason)
    _check_proof(by, proof)
    _move(version, VersionState.APPROVED)
    version.stopped_at, version.stop_reason, version.stopped_by = None, "", None
    version.save()


@action(Permission.MODEL_SEE, verb="model.opened", on=ModelVersion)
def open_version(*, by, on) -> ModelVersion:
    """One version of a model."""
    return on


def _locked(on: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_for_update(of=("self",)).select_related("model__study").get(pk=on.pk)


def _move(version: ModelVersion, state: VersionState) -> None:
    if state not in TRANSITIONS[VersionState(version.state)]:
        raise Conflict(f"{version} is {version.get_state_display()} and cannot become {state.label}.")
    version.state = state


def _check_signer(version: ModelVersion, by, reason: str, proof, seen: str | None) -> None:
    if version.state not in WAITING:
        raise Conflict(f"{version} is {version.get_state_display()}; it is not waiting for a decision.")
    if version.created_by_id == by.pk:
        raise Conflict("You registered this version; nobody decides on their own model.", code="own-model")
    if version.signatures.filter(signer=by).exists():
        raise Conflict("You have signed this version; the second signature must be another reviewer's.")
    if seen is not None and seen != signing.payload_sha256(version):
        raise Conflict(
            "The version has changed since this page was opened. Read it again, then sign.", code="stale-page"
        )
    _check_reason(reason)
    _check_proof(by, proof)


def _check_ready(version: ModelVersion) -> None:
    found = bundle.missing(version)
    if found:
        raise Conflict(" ".join(one.sentence for one in found), code="not-ready")


def _check_reason(reason: str) -> None:
    if not 5 <= len(reason.strip()) <= REASON_LIMIT:
        raise BadInput({"reason": f"Give a reason of 5 to {REASON_LIMIT} characters; others will read it."})


def _check_proof(by, proof) -> None:
    if proof is None or not proof.covers(by):
        raise BadInput({"code": "Signing needs your password and a current one-time code, or your passkey."})


def _sign(version: ModelVersion, by, meaning: str, reason: str, proof) -> Signature:
    return Signature.objects.create(
        version=version, signer=by, printed_name=by.label, role="Reviewer", meaning=meaning, reason=reason.strip(),
        factors=list(proof.factors), payload_sha256=signing.payload_sha256(version),
    )  # fmt: skip


def _inspect(folder: Path) -> facts.ModelFacts:
    try:
        found = facts.inspect_model(folder)
    except facts.ModelRefused as refusal:
        raise BadInput({"folder": refusal.sentence}) from None
    if "pickle" in found.flags and not settings.ALLOW_PICKLE:
        raise BadInput({"folder": "The model holds a pickle, which is not taken here. Log it as ONNX or with skops."})
    return found


def _check_slug(slug: str) -> None:
    try:
        validate_slug(slug)
    except Exception:
        slug = ""
    if not slug or slug != slug.lower() or len(slug) > 80:
        raise BadInput({"name": "A model's name has small letters, digits and hyphens, at most 80 of them."})


def _new_model(slug: str, study: Study, by, overlay: dict) -> RegisteredModel:
    title = overlay.get("title") or slug.replace("-", " ").capitalize()
    return RegisteredModel.objects.create(
        slug=slug, title=title[:160], summary=overlay.get("summary", ""), study=study, created_by=by
    )


def default_last_day() -> date:
    """The last day that is proposed when nobody names one."""
    return clock.now().date() + YEAR
