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


class Verdict(models.TextChoices):
    """What a clinician thinks of a result."""

    AGREE = "agree", "Agree"
    DISAGREE = "disagree", "Disagree"
    NOT_APPLICABLE = "not-applicable", "Not applicable"


class RetractionReason(models.TextChoices):
    """Why a result must not be used; it stays where it is, with this reason."""

    WRONG_PATIENT = "wrong-patient", "It was run for the wrong patient"
    WRONG_INPUT = "wrong-input", "A value it used was wrong"
    OTHER = "other", "Another reason, written below"


class CorrectionKind(models.TextChoices):
    """How a value that a result used came to be another."""

    CHANGED = "changed", "corrected"
    WITHDRAWN = "withdrawn", "entered in error or deleted"
    OTHER_PERSON = "other-person", "another person's"


class OutcomeState(models.TextChoices):
    """Whether what a result was about has happened since."""

    OPEN = "open", "not yet known"
    YES = "yes", "happened"
    NO = "no", "did not happen"


class IncidentKind(models.TextChoices):
    """What went wrong, as it is reported from a result."""

    CONTRADICTS = "contradicts", "The result contradicts what I see"
    DATA = "data", "It used wrong or old data"
    MISLEADING = "misleading", "It is shown in a misleading way"
    TECHNICAL = "technical", "Something does not work"
    HARM = "harm", "A patient was harmed, or could have been"


# Why a clinician does not follow a result; `other` asks for words.
FEEDBACK_REASONS = {
    "too-high": "Too high for this patient",
    "too-low": "Too low for this patient",
    "picture": "The patient's picture says otherwise",
    "data": "The data it used is old or wrong",
    "unknown-to-it": "It does not know something important",
    "acted-on": "It has been acted on already",
    "outside": "The patient is outside what the model is meant for",
    "goals": "The goals of care make it irrelevant",
    "other": "Another reason, written beside it",
}
# A direction is only said of an answer that has one, and an answer that does not apply is not doubted.
DIRECTIONS, DOUBTS = ("too-high", "too-low"), ("too-high", "too-low", "picture")
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
    {
        "refused",
        "digest_mismatch",
        "artifact_missing",
        "environment_unavailable",
        "environment_changed",
        "unsafe_format",
        "sandbox_too_weak",
        "withdrawn",
    }
)


def outcome_of(job_state: str, reason: str) -> str:
    """The outcome of a prediction whose job ended so."""
    if job_state == JobState.FAILED and reason in REFUSALS:
        return PredictionState.REFUSED
    return OF_JOB[JobState(job_state)]
