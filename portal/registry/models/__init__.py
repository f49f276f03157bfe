"""The tables of the formulary."""

from portal.registry.models.forms import FormRevision
from portal.registry.models.review import (
    CommitteeSeat,
    Deputy,
    ExpiryReminder,
    InterestConflict,
    OwnerTransfer,
    ReviewAnswer,
    ReviewComment,
    Signature,
)
from portal.registry.models.versions import ModelVersion, RegisteredModel

__all__ = [
    "CommitteeSeat",
    "Deputy",
    "ExpiryReminder",
    "FormRevision",
    "InterestConflict",
    "ModelVersion",
    "OwnerTransfer",
    "RegisteredModel",
    "ReviewAnswer",
    "ReviewComment",
    "Signature",
]
