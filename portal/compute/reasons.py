"""Why a job waits or how it ended: for each code a sentence for the person, one for the operator, and whose fault it is."""

from dataclasses import dataclass

from django.db import models


class Fault(models.TextChoices):
    """Where a failure lies, which decides what helps: nothing went wrong, the request, our side, or the model."""

    NONE = "", "nothing went wrong"
    YOURS = "yours", "the request"
    OURS = "ours", "our side"
    MODEL = "model", "the model"


@dataclass(frozen=True)
class Reason:
    """What one code means."""

    person: str
    operator: str = ""
    fault: Fault = Fault.NONE


_NONE, _YOURS, _OURS, _MODEL = Fault.NONE, Fault.YOURS, Fault.OURS, Fault.MODEL
REASONS = {
    "": Reason(""),
    # Waiting and running
    "waiting": Reason(
        "Accepted. Waiting for a free worker.",
        "Nobody has taken it yet. When that lasts: are workers running, and does the broker answer?",
    ),
    "working": Reason("The model is running.", "A worker holds it and renews its lease."),
    "building": Reason(
        "The software is being put together. That may take some minutes.",
        "The builder works beside the worker; its log is on the version's Files page.",
    ),
    "another-summary": Reason(
        "Another summary of this version is being computed. This one waits its turn.",
        "One summary of a version at a time, so that what was told before is known.",
    ),
    "worker-lost": Reason(
        "The worker stopped before it was done. The job waits to be started again.",
        "Its lease ran out: the worker was killed, lost the database or its machine. It is started again by itself.",
        _OURS,
    ),
    "scorer-down": Reason(
        "The part that runs models does not answer. The job waits and tries again.",
        "Nothing listens on the scorer's socket. Start the scorer; waiting jobs go on by themselves.",
        _OURS,
    ),
    # Ended well, or because somebody wished it
    "done": Reason("Done.", "It ended and its answer was stored."),
    "cancelled": Reason("Cancelled before it was done. Nothing was charged.", "Somebody stopped it; the ledger says who."),
    "withdrawn": Reason(
        "The model was stopped while it ran, so its answer is not given out. Nothing was charged.",
        "Its version was stopped or lost its approval between start and end.",
    ),
    "refused": Reason(
        "Refused when it was about to start. Nothing was charged.",
        "The policy was asked again at the start and said no; the ledger has the rule.",
        _YOURS,
    ),
    # Ours
    "worker-lost-often": Reason(
        "Three workers stopped on this job, so it was given up. Nothing was charged.",
        "It may be what kills them: look at the workers' memory and the kernel's log at its three starts.",
        _OURS,
    ),
    "too-late": Reason(
        "It waited too long to be started and was given up. Nothing was charged.",
        "No worker took it before its deadline (FORMULARY_JOB_DEADLINE_HOURS). Were workers or the scorer away?",
        _OURS,
    ),
    "artifact_missing": Reason(
        "The model's files are missing, so it was not run.",
        "The folder of this digest is not in the artifact store, or cannot be read by the scorer.",
        _OURS,
    ),
    "digest_mismatch": Reason(
        "The model's files are not the ones that were approved, so it was not run. An alert was raised.",
        "The files under this digest give another digest now. The version was stopped; treat it as tampering until shown otherwise.",
        _OURS,
    ),
    "environment_unavailable": Reason(
        "The software that this model needs is not installed here.",
        "Its environment is not on this machine, or lacks a library; build it on the version's Files page.",
        _OURS,
    ),
    "environment_changed": Reason(
        "The software that this model was approved with has changed here, so it was not run.",
        "Packages differ from the lock that was signed, for instance after an update. Put them back, or have it signed anew.",
        _OURS,
    ),
    "sandbox_too_weak": Reason(
        "The protections required for clinical runs are not all in force on this machine.",
        "See the System page for the missing layer; FORMULARY_SCORER_MINIMUM says what is required.",
        _OURS,
    ),
    "error": Reason(
        "Something went wrong on our side. The team that runs the portal has been told.",
        "An exception of ours; the worker's log has it under this job's id.",
        _OURS,
    ),
    # The model's
    "unsafe_format": Reason(
        "The model's file format may run code of its own and is not allowed here.",
        "FORMULARY_ALLOW_PICKLE is off.",
        _MODEL,
    ),
    "load_failed": Reason("The model could not be loaded.", "Loading raised an error inside the sandbox.", _MODEL),
    "crashed": Reason("The model stopped in the middle of its work.", "Its process ended without an answer.", _MODEL),
    "out_of_memory": Reason(
        "The model asked for more memory than it is allowed.", "It reached the memory limit of its scorer.", _MODEL
    ),
    "timed_out": Reason("The model took longer than it is allowed.", "It was ended at its time limit.", _MODEL),
    "bad_output": Reason(
        "The model gave an answer that is not a number in the form it declares.",
        "An output is not finite, has another length than the rows, or lacks a column that the form names.",
        _MODEL,
    ),
    "not-built": Reason(
        "The software could not be put together; the version's page says why.", "The builder's log says why.", _MODEL
    ),
    "not-loaded": Reason(
        "The model does not load; the version's page says why.", "Its first load in the sandbox failed.", _MODEL
    ),
    # The request's
    "bad_input": Reason(
        "The model was given a list that is not one of numbers, or is too long.",
        "A value could not be put into the type of its column.",
        _YOURS,
    ),
    "no_blank": Reason(
        "This model takes no blank for a whole number or a yes or no, and one was not answered. Answer it.",
        "An optional whole number or yes/no of an ONNX graph was left open.",
        _YOURS,
    ),
    "not-taken": Reason(
        "The model was not taken; the page it was sent from says why.", "What was sent was refused.", _YOURS
    ),
    "dataset-refused": Reason(
        "The file was not taken; the version's page says why.", "What was sent was refused.", _YOURS
    ),
    "withheld": Reason(
        "Nothing may be told, because it would describe fewer than 11 rows.", "Small cells are not told.", _YOURS
    ),
    "too-many-rows": Reason(
        "There are more rows than one job has time for. Name a table with fewer rows.", "Over the limit of one job.", _YOURS
    ),
    "not-computed": Reason(
        "The summary could not be computed; nothing was told about any row.", "The reading child failed.", _OURS
    ),
}  # fmt: skip


def of(code: str) -> Reason:
    """What a code means; one that nobody has written down is our own error."""
    return REASONS.get(code, REASONS["error"])


def sentence(code: str) -> str:
    """The sentence for the person."""
    return of(code).person
