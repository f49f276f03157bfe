"""Moving a version from state to state, with its row held."""

from portal.core.problems import BadInput, Conflict
from portal.registry.models import ModelVersion, RegisteredModel
from portal.registry.states import TRANSITIONS, VersionState

REASON_LIMIT = 500


def locked(on: ModelVersion) -> ModelVersion:
    """The version as it is now, held until the transaction ends, and with it who answers for its model."""
    # The model first, everywhere: two that hold both do not wait for each other.
    RegisteredModel.objects.select_for_update().get(pk=on.model_id)
    rows = ModelVersion.objects.select_for_update(of=("self",))
    return rows.select_related("model__study", "model__owner", "created_by").get(pk=on.pk)


def move(version: ModelVersion, state: VersionState) -> None:
    """Put a version into another state; raises Conflict when it cannot go there from where it is."""
    check(version, state)
    version.state = state


def check(version: ModelVersion, state: VersionState) -> None:
    """That a version can go to another state from where it is; raises Conflict."""
    if state not in TRANSITIONS[VersionState(version.state)]:
        raise Conflict(f"{version} is {version.get_state_display()} and cannot become {state.label}.")


def check_reason(reason: str) -> None:
    """A reason of a readable length; raises BadInput."""
    if not 5 <= len(reason.strip()) <= REASON_LIMIT:
        raise BadInput({"reason": f"Give a reason of 5 to {REASON_LIMIT} characters; others will read it."})
