"""The life of a model version, as one table; who may move it is the policy's question, not this one's."""

from django.db import models


class VersionState(models.TextChoices):
    """Where a version is on its way to the ward and back."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "submitted"
    IN_REVIEW = "in_review", "in review"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"
    SUSPENDED = "suspended", "stopped"
    RETIRED = "retired", "retired"


class Seat(models.TextChoices):
    """What a member of the model committee answers for; an approval needs one person of each."""

    CLINICAL = "clinical", "clinical owner"
    DATA = "data-science", "data science"


S = VersionState
TRANSITIONS = {
    S.DRAFT: {S.SUBMITTED},
    S.SUBMITTED: {S.IN_REVIEW, S.REFUSED, S.DRAFT},
    S.IN_REVIEW: {S.APPROVED, S.REFUSED, S.SUBMITTED},
    S.APPROVED: {S.SUSPENDED, S.RETIRED},
    S.REFUSED: set(),
    S.SUSPENDED: {S.APPROVED, S.RETIRED},
    S.RETIRED: set(),
}
WAITING = frozenset({S.SUBMITTED, S.IN_REVIEW})
# From so many days before its last one an approval is reminded of, and may be renewed.
RENEW_DAYS = 60
SHOWN_TO_CLINIC = frozenset({S.APPROVED, S.SUSPENDED, S.RETIRED})
# Codes of ASTM E1762 for what a signature means, as FHIR R4 lists them.
E1762, _CODE = "urn:iso-astm:E1762-95:2013", "1.2.840.10065.1.12.1."
MEANING_CODES = {
    "approval": f"{_CODE}5", "refusal": f"{_CODE}13", "withdrawal": f"{_CODE}17", "resumption": f"{_CODE}17",
}  # fmt: skip


class EnvironmentState(models.TextChoices):
    """Where the software of a model is; only what is ready runs."""

    WAITING = "waiting", "not put together yet"
    BUILDING = "building", "being put together"
    READY = "ready", "ready"
    FAILED = "failed", "could not be put together"


ENVIRONMENT_TRANSITIONS = {
    EnvironmentState.WAITING: {EnvironmentState.BUILDING, EnvironmentState.FAILED},
    EnvironmentState.BUILDING: {EnvironmentState.READY, EnvironmentState.FAILED},
    EnvironmentState.FAILED: {EnvironmentState.WAITING},
    EnvironmentState.READY: set(),
}


class TrialState(models.TextChoices):
    """How an attempt to load a version went."""

    WAITING = "waiting", "waiting"
    LOADED = "loaded", "loads"
    FAILED = "failed", "does not load"


class ArrivalState(models.TextChoices):
    """Where a model is on its way in; a refused one leaves nothing behind."""

    WAITING = "waiting", "on its way"
    TAKEN = "taken", "taken"
    REFUSED = "refused", "not taken"
