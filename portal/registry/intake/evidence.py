"""What of a version's files is signed, and what an approval waits for; the scan is part of the version's facts."""

from portal.compute.reasons import sentence
from portal.registry import reading
from portal.registry.models import ModelVersion, Trial
from portal.registry.states import EnvironmentState, TrialState

_WAITS = {
    EnvironmentState.WAITING: "Its software is not put together yet.",
    EnvironmentState.BUILDING: "Its software is still being put together.",
    EnvironmentState.FAILED: "Its software could not be put together.",
}


def covered(version: ModelVersion) -> dict:
    """The software that it runs with, and that it loaded with it."""
    trial, software = last_trial(version), version.environment
    # The digest of the lock, which names every package with the hash of its file. What lies on the disk (`tree`) is
    # not signed: built anew from the same lock it differs, in what Python compiles. It is proved against the row before
    # each start of the scorer (`environments.Proofs`), and the ledger has the tree of every build (environment.built).
    return {
        "environment": {"digest": software.digest} if software else None,
        "loads": trial is not None and trial.state == TrialState.LOADED,
    }


def missing(version: ModelVersion) -> list[str]:
    """A sentence for each thing that has still to be done."""
    if version.environment is None:
        return ["It was registered before software was written down; register it again."]
    if version.environment.state != EnvironmentState.READY:
        return [_WAITS[EnvironmentState(version.environment.state)]]
    trial = last_trial(version)
    if trial is None:
        return ["It has not been loaded in the sandbox yet."]
    return [] if trial.state == TrialState.LOADED else [f"It does not load in the sandbox: {sentence(trial.reason)}"]


@reading.once
def last_trial(version: ModelVersion) -> Trial | None:
    """The last attempt to load it that has ended."""
    return version.trials.exclude(state=TrialState.WAITING).first()
