"""Prediction and its Envelope; both sealed, their content encrypted."""

from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.compute.models import Job
from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded, Sealed
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.predictions.states import (
    OF_JOB,
    OUTCOMES,
    CorrectionKind,
    IncidentKind,
    RetractionReason,
    Verdict,
)
from portal.records.models import CareUnit, Patient
from portal.records.queries import root_of
from portal.registry.models import ModelVersion


class Prediction(Sealed):
    """One run of a model version, for a patient or for typed values alone."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "outcome": Phi.NONE, "sentence": Phi.NONE, "inputs": Phi.CLINICAL,
        "idempotency_key": Phi.NONE, "body_sha256": Phi.NONE, "created_at": Phi.NONE, "ended_at": Phi.NONE,
        "retracted_at": Phi.NONE, "retraction_code": Phi.NONE, "retraction_words": Phi.FREE_TEXT,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=OUTCOMES, blank=True)
    sentence = models.CharField(max_length=800, blank=True)
    inputs = EncryptedJSONField()
    idempotency_key = models.CharField(max_length=64, blank=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    retracted_at = models.DateTimeField(null=True)
    retracted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    retraction_code = models.CharField(max_length=14, choices=RetractionReason, blank=True)
    retraction_words = EncryptedJSONField(default="")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("requested_by", "idempotency_key"), condition=~Q(idempotency_key=""), name="one_answer_per_key"
            ),
        )
        indexes = (models.Index(fields=("patient", "-id"), name="prediction_patient"),)

    @property
    def state(self) -> str:
        """Where the prediction is."""
        return self.outcome or OF_JOB[self.job.state]

    @cached_property
    def envelope(self) -> "Envelope | None":
        """What surrounds its numbers; None before it succeeded."""
        return Envelope.objects.filter(prediction=self).first()

    @cached_property
    def patient_now(self) -> Patient | None:
        """The record that goes on for its patient, where that was merged into another."""
        return root_of(self.patient) if self.patient else None

    @cached_property
    def corrections(self) -> "list[Correction]":
        """What it used that is another now."""
        return list(Correction.objects.filter(prediction=self, lifted_at__isnull=True))

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this prediction under."""
        return self.patient.public_id if self.patient else ""

    @property
    def audit_purpose(self) -> str:
        """The purpose of use of a run for an invented patient."""
        return self.patient.audit_purpose if self.patient else ""


class Envelope(Sealed):
    """What surrounds the numbers of one prediction; without it no result can be shown."""

    PHI = {"content": Phi.CLINICAL, "created_at": Phi.NONE}
    prediction = models.OneToOneField(Prediction, on_delete=models.PROTECT, related_name="+")
    content = EncryptedJSONField()
    created_at = models.DateTimeField(default=clock.now)


class Use(Sealed):
    """That a prediction used a resource of the record, with the digest that it had; one row for each resource."""

    PHI = {"source_index": Phi.PSEUDONYM, "digest": Phi.NONE}
    prediction = models.ForeignKey(Prediction, on_delete=models.PROTECT, related_name="+", db_index=False)
    source_index = models.CharField(max_length=64, db_index=True)
    digest = models.CharField(max_length=64)


class Correction(Sealed):
    """That a value which a prediction used is another now; lifted when it is again what it was."""

    PHI = dict.fromkeys(("name", "kind", "at", "lifted_at"), Phi.NONE) | {"content": Phi.CLINICAL}
    prediction = models.ForeignKey(Prediction, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=CorrectionKind)
    content = EncryptedJSONField()
    at = models.DateTimeField(default=clock.now)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("prediction", "name"), condition=Q(lifted_at__isnull=True), name="one_correction"
            ),
        )


class Outcome(Sealed):
    """Whether what a prediction was about has happened since; open until it has, or its time is over.

    `content` holds whether, the day, the source, and what groups are made of: predicted share, sex and age then.
    """

    PHI = {"is_open": Phi.NONE, "due_on": Phi.NONE, "content": Phi.CLINICAL, "settled_at": Phi.NONE}
    prediction = models.OneToOneField(Prediction, on_delete=models.PROTECT, related_name="+")
    is_open = models.BooleanField(default=True)
    due_on = models.DateField()
    content = EncryptedJSONField(default=dict)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("due_on",), name="outcome_due", condition=Q(is_open=True)),)

    @property
    def state(self) -> str:
        """Whether it happened, as far as is known."""
        return self.content["state"]


class Feedback(Sealed):
    """What a clinician thinks of one result; the newest of each person counts, earlier ones stay."""

    PHI = dict.fromkeys(("verdict", "code", "given_at"), Phi.NONE) | {"words": Phi.FREE_TEXT}
    prediction = models.ForeignKey(Prediction, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=14, choices=Verdict)
    code = models.CharField(max_length=20, blank=True)
    words = EncryptedJSONField(default="")
    given_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("prediction", "-id"), name="feedback_prediction"),)


class Showing(Sealed):
    """A result that one colleague asked another to look at."""

    PHI = {"words": Phi.FREE_TEXT, "shown_at": Phi.NONE}
    prediction = models.ForeignKey(Prediction, on_delete=models.PROTECT, related_name="+")
    shown_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shown_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    words = EncryptedJSONField(default="")
    shown_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("prediction", "-id"), name="showing_prediction"),)


class Incident(Guarded):
    """A problem or possible harm that somebody reports from a result; the committee closes it."""

    PHI = dict.fromkeys(("kind", "reported_at", "closed_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "prediction": Phi.PSEUDONYM, "words": Phi.FREE_TEXT, "answer": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    prediction = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=IncidentKind)
    words = EncryptedJSONField(default="")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(default=clock.now)
    answer = EncryptedJSONField(default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("closed_at", "-id"), name="incident_queue"),)


class Recall(Guarded):
    """What a stop of a version means for those who had seen its results: how many there are, and who is to know."""

    PHI = dict.fromkeys(("stopped_at", "begun_at", "results", "patients"), Phi.NONE) | {"public_id": Phi.PSEUDONYM}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    stopped_at = models.DateTimeField()
    begun_at = models.DateTimeField(default=clock.now)
    results = models.PositiveIntegerField()
    patients = models.PositiveIntegerField()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("version", "stopped_at"), name="one_recall_per_stop"),)


class Acknowledgement(Guarded):
    """That one person is to know of a recall, and when they said that they do."""

    PHI = {"public_id": Phi.PSEUDONYM, "at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="acknowledgements")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("recall", "person"), name="one_acknowledgement_each"),)


class DowntimePacket(Guarded):
    """A ward's last results as a locked file; `lines` says what the file holds of each patient, as digests."""

    PHI = {"password": Phi.FREE_TEXT, "lines": Phi.PSEUDONYM, "written_at": Phi.NONE}
    care_unit = models.OneToOneField(CareUnit, on_delete=models.PROTECT, related_name="+")
    password = EncryptedJSONField()
    lines = EncryptedJSONField(default=dict)
    written_at = models.DateTimeField(null=True)


class Draft(Sealed):
    """What a person has typed so far into one model's form for one patient; nobody else's, and nobody else's patient.

    `ended` names the pages whose form was run or whose draft was discarded: what they still send is not kept.
    """

    PHI = {"typed": Phi.CLINICAL, "kept_at": Phi.NONE, "ended": Phi.NONE}
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    typed = EncryptedJSONField()
    kept_at = models.DateTimeField()
    ended = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "patient", "version"), name="one_draft_each"),)
        indexes = (models.Index(fields=("kept_at",), name="draft_age"),)
