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


S = VersionState
TRANSITIONS = {
    S.DRAFT: {S.SUBMITTED},
    S.SUBMITTED: {S.IN_REVIEW, S.REFUSED, S.DRAFT},
    S.IN_REVIEW: {S.APPROVED, S.REFUSED},
    S.APPROVED: {S.SUSPENDED, S.RETIRED},
    S.REFUSED: set(),
    S.SUSPENDED: {S.APPROVED, S.RETIRED},
    S.RETIRED: set(),
}
WAITING = frozenset({S.SUBMITTED, S.IN_REVIEW})
SHOWN_TO_CLINIC = frozenset({S.APPROVED, S.SUSPENDED, S.RETIRED})
SIGNERS = 2
