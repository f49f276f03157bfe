"""The tables of the formulary."""

from portal.registry.models.cards import Attestation, CardEntry
from portal.registry.models.evaluation import Evaluation, EvaluationSet
from portal.registry.models.evidence import AcceptanceCase, AcceptanceReport, AcceptanceRun
from portal.registry.models.forms import FormRevision
from portal.registry.models.intake import Arrival, ModelEnvironment, Trial
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
    "AcceptanceCase",
    "AcceptanceReport",
    "AcceptanceRun",
    "Attestation",
    "CardEntry",
    "Arrival",
    "CommitteeSeat",
    "Deputy",
    "Evaluation",
    "EvaluationSet",
    "ExpiryReminder",
    "FormRevision",
    "InterestConflict",
    "ModelEnvironment",
    "ModelVersion",
    "OwnerTransfer",
    "RegisteredModel",
    "ReviewAnswer",
    "ReviewComment",
    "Signature",
    "Trial",
]
