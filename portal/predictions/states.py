"""How a prediction stands: its job's state until it ends, then its own outcome."""

from django.db import models

from portal.compute.states import JobState


class PredictionState(models.TextChoices):
    """What a person is told; a job that is unknown shows as running, never as done."""

    PENDING = "pending", "waiting"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    REFUSED = "refused", "refused"
    CANCELLED = "cancelled", "cancelled"


OUTCOMES = tuple(
    (state.value, state.label)
    for state in PredictionState
    if state not in (PredictionState.PENDING, PredictionState.RUNNING)
)
OF_JOB = {
    JobState.PENDING: PredictionState.PENDING,
    JobState.RUNNING: PredictionState.RUNNING,
    JobState.UNKNOWN: PredictionState.RUNNING,
    JobState.SUCCEEDED: PredictionState.SUCCEEDED,
    JobState.FAILED: PredictionState.FAILED,
    JobState.CANCELLED: PredictionState.CANCELLED,
}
REFUSALS = frozenset(
    {"refused", "digest_mismatch", "artifact_missing", "environment_unavailable", "unsafe_format", "sandbox_too_weak"}
)


def outcome_of(job_state: str, reason: str) -> str:
    """The outcome of a prediction whose job ended so."""
    if job_state == JobState.FAILED and reason in REFUSALS:
        return PredictionState.REFUSED
    return OF_JOB[JobState(job_state)]
