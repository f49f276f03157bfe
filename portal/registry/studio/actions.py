"""Verbs of the form studio: change a form, put it back, look at how it was changed."""

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.registry import moving, overlays
from portal.registry.evidence import asking
from portal.registry.models import FormRevision, ModelVersion
from portal.registry.states import VersionState
from portal.registry.studio import revisions

WHY_LIMIT = 500
# Who may change a form, by the state of its version.
_WHO = {VersionState.DRAFT: Permission.MODEL_SUBMIT, VersionState.SUBMITTED: Permission.MODEL_REVIEW}


@action(Permission.MODEL_SHAPE, verb="model.form-changed", on=ModelVersion)
def change_form(*, by, on, overlay, why, seen=None) -> FormRevision | None:
    """Save another state of the form before anyone has signed; None when nothing differs.

    `seen` is the number of the state that was shown. Raises BadInput naming what does not fit the signature, Conflict
    when the form is fixed, or another was saved meanwhile.
    """
    version = moving.locked(on)
    _check_open(by, version)
    _check_seen(version, seen)
    overlays.check(overlay, version.facts)
    if overlay == version.overlay:
        event().skip()
        return None
    if wrong := why_fault(why):
        raise BadInput(wrong)
    event().note(fields=sorted(overlays.changed(version.overlay, overlay)), number=revisions.newest(version) + 1)
    saved = revisions.add(version, overlay, by, why.strip())
    on.overlay = overlay
    _run_cases(version, by)
    return saved


@action(Permission.MODEL_SHAPE, verb="model.form-put-back", on=ModelVersion)
def put_back(*, by, on, number) -> FormRevision:
    """Make an earlier state the form again, as a new state; raises BadInput where there is none of that number."""
    version = moving.locked(on)
    _check_open(by, version)
    earlier = version.forms.filter(number=number).first() if str(number).isdecimal() else None
    if earlier is None or earlier.overlay == version.overlay:
        raise BadInput({"number": "Choose an earlier form that differs from the one that stands."})
    overlays.check(earlier.overlay, version.facts)
    event().note(number=revisions.newest(version) + 1, back_to=earlier.number)
    words = f"Back to form {earlier.number}."
    saved = revisions.add(version, earlier.overlay, by, words, back_to=earlier.number)
    _run_cases(version, by)
    return saved


@action(Permission.MODEL_SEE, verb="model.form-history-seen", on=ModelVersion)
def history(*, by, on) -> list[FormRevision]:
    """Every saved state of a form, the newest first."""
    return list(on.forms.select_related("saved_by"))


def closed(by, version: ModelVersion) -> str:
    """Why this person cannot change the form now, as a sentence; empty when they can."""
    needed = _WHO.get(VersionState(version.state))
    if needed is None:
        return f"The form is fixed once a reviewer has signed; this version is {version.get_state_display()}."
    if policy.decide(by, needed, version).allowed:
        return ""
    if version.state == VersionState.SUBMITTED:
        return "The version waits for the committee; now only a reviewer can change its form."
    return "The version is a draft; only members of its study can change its form."


def _run_cases(version: ModelVersion, by) -> None:
    """What waits for signatures has to pass its cases with the form as it stands now."""
    if version.state == VersionState.SUBMITTED:
        asking.begin(version, "change", by=by)


def _check_open(by, version: ModelVersion) -> None:
    sentence = closed(by, version)
    if sentence:
        raise Conflict(sentence)


def _check_seen(version: ModelVersion, seen) -> None:
    if seen is not None and str(seen) != str(revisions.newest(version)):
        raise Conflict(
            "Somebody else saved another form since this page was opened. Open it again, then change it.",
            code="stale-page",
        )


def why_fault(why: str) -> dict[str, str]:
    """What is wrong with the reason of a change; empty when it can be read."""
    if 5 <= len(why.strip()) <= WHY_LIMIT:
        return {}
    return {"why": f"Say why in 5 to {WHY_LIMIT} characters; whoever signs will read it."}
