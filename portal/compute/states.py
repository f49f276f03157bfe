"""The life of a job, and the sentence for every reason to wait or fail."""

from django.db import models


class JobState(models.TextChoices):
    """Where a job is; `unknown` is never taken for success."""

    PENDING = "pending", "waiting"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"
    UNKNOWN = "unknown", "unknown"


TRANSITIONS = {
    JobState.PENDING: {JobState.RUNNING, JobState.CANCELLED, JobState.FAILED},
    JobState.RUNNING: {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.PENDING, JobState.UNKNOWN},
    JobState.UNKNOWN: {JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.PENDING},
    JobState.SUCCEEDED: set(),
    JobState.FAILED: set(),
    JobState.CANCELLED: set(),
}
FINAL = frozenset(state for state, after in TRANSITIONS.items() if not after)

REASONS = {
    "": "",
    "waiting": "Accepted. Waiting for a free worker.",
    "working": "The model is running.",
    "done": "Done.",
    "worker-lost": "The worker stopped before it was done. The job waits to be started again.",
    "worker-lost-often": "Three workers stopped on this job, so it was given up. Nothing was charged.",
    "cancelled": "Cancelled before it was done. Nothing was charged.",
    "refused": "Refused when it was about to start. Nothing was charged.",
    "scorer-down": "The part that runs models does not answer. The job waits and tries again.",
    "digest_mismatch": "The model's files are not the ones that were approved, so it was not run. An alert was raised.",
    "artifact_missing": "The model's files are missing, so it was not run.",
    "environment_unavailable": "The software that this model needs is not installed here.",
    "environment_changed": "The software that this model was approved with has changed here, so it was not run.",
    "building": "The software is being put together. That may take some minutes.",
    "not-built": "The software could not be put together; the version's page says why.",
    "not-loaded": "The model does not load; the version's page says why.",
    "not-taken": "The model was not taken; the page it was sent from says why.",
    "load_failed": "The model could not be loaded.",
    "crashed": "The model stopped in the middle of its work.",
    "out_of_memory": "The model asked for more memory than it is allowed.",
    "timed_out": "The model took longer than it is allowed.",
    "bad_input": "The model was given a list that is not one of numbers, or is too long.",
    "no_blank": "This model takes no blank for a whole number or a yes or no, and one was not answered. Answer it.",
    "bad_output": "The model gave an answer that is not a number in the form it declares.",
    "withdrawn": "The model was stopped while it ran, so its answer is not given out. Nothing was charged.",
    "unsafe_format": "The model's file format may run code of its own and is not allowed here.",
    "sandbox_too_weak": "The protections required for clinical runs are not all in force on this machine.",
    "another-summary": "Another summary of this version is being computed. This one waits its turn.",
    "dataset-refused": "The file was not taken; the version's page says why.",
    "withheld": "Nothing may be told, because it would describe fewer than 11 rows.",
    "too-many-rows": "There are more rows than one job has time for. Name a table with fewer rows.",
    "not-computed": "The summary could not be computed; nothing was told about any row.",
    "error": "Something went wrong on our side. The team that runs the portal has been told.",
}


def sentence(reason: str) -> str:
    """The sentence for a reason code."""
    return REASONS.get(reason, REASONS["error"])
