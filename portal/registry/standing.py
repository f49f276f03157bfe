"""What a version rests on: its files' facts, its form and the signatures over them, worked out anew every few seconds.

Whether a version may run at all, its state and its last day, is read at every run; what was signed changes only by
tampering, which is found when the standing is next worked out.
"""

import time
from dataclasses import dataclass

from django.conf import settings

from portal.core.problems import Conflict
from portal.registry import signing, spec
from portal.registry.cards import majors
from portal.registry.models import ModelVersion, Signature
from portal.registry.states import VersionState


@dataclass(frozen=True)
class Standing:
    """A version with everything that was signed, its form, and who signed."""

    version: ModelVersion
    form: spec.FormSpec
    signed: tuple[Signature, ...]
    worked_out: float
    # The number of the version with which the present major version began.
    major: int


_KEPT: dict[int, Standing] = {}


def require_runnable(version: ModelVersion) -> Standing:
    """What a run of this version rests on; raises Conflict with the reason when it may not run on a ward now."""
    _check_state(version)
    found = _KEPT.get(version.pk)
    if found is None or time.monotonic() - found.worked_out > settings.STANDING_SECONDS:
        _KEPT.pop(version.pk, None)
        found = _KEPT[version.pk] = _work_out(version)
    return found


def _check_state(version: ModelVersion) -> None:
    if version.state == VersionState.SUSPENDED:
        raise Conflict(f"{version} was stopped: {version.stop_reason}", code="version-stopped")
    if version.state != VersionState.APPROVED:
        raise Conflict(f"{version} is {version.get_state_display()}, not approved.", code="version-not-approved")
    if version.expired:
        raise Conflict(f"The approval of {version} ended on {version.expires_on:%-d %b %Y}.", code="approval-expired")


def _work_out(version: ModelVersion) -> Standing:
    whole = ModelVersion.objects.select_related("model__study", "created_by", "environment").get(pk=version.pk)
    if not signing.intact(whole):
        raise Conflict(f"A signature of {version} was changed after it was given.", code="signatures-broken")
    signed = signing.approvals(whole)
    if not signing.enough(signed):
        raise Conflict(f"The signatures of {version} do not cover it as it stands now.", code="signatures-void")
    return Standing(whole, spec.form_of(whole), tuple(signed), time.monotonic(), majors.major_of(whole))
