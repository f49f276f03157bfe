"""Job, Quota and the ledger of what was used."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.audit.purposes import TEST
from portal.compute import reasons
from portal.compute.states import JobState
from portal.core import clock
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi


class Job(Guarded):
    """A run of something, and the truth about it: the broker's message is only a nudge."""

    PHI = dict.fromkeys(("kind", "purpose", "state", "reason", "attempt", "nudges", "nudged_at", "lease_until", "created_at", "started_at", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "subject": Phi.PSEUDONYM, "patient": Phi.PSEUDONYM, "holder": Phi.NONE}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=20)
    purpose = models.CharField(max_length=12, default="clinical")
    subject = models.CharField(max_length=20)
    patient = models.CharField(max_length=20, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=10, choices=JobState, default=JobState.PENDING)
    reason = models.CharField(max_length=30, default="waiting")
    attempt = models.PositiveSmallIntegerField(default=0)
    holder = models.CharField(max_length=20, blank=True)
    lease_until = models.DateTimeField(null=True)
    nudges = models.PositiveSmallIntegerField(default=1)
    nudged_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("kind", "subject"), name="one_job_per_subject"),
            models.CheckConstraint(condition=Q(state="running") | Q(holder=""), name="only_running_jobs_have_a_holder"),
        )
        indexes = (
            models.Index(fields=("state", "nudged_at"), name="job_waiting"),
            models.Index(fields=("created_by", "-id"), name="job_person"),
        )

    def __str__(self) -> str:
        return f"{self.kind} job {self.public_id}"

    @property
    def audit_purpose(self) -> str:
        """The purpose of use of a job for an invented patient."""
        return TEST if self.purpose == "practice" else ""

    @property
    def sentence(self) -> str:
        """Where the job is and why."""
        return reasons.sentence(self.reason)

    @property
    def operator_sentence(self) -> str:
        """The same for whoever looks after the machines."""
        return reasons.of(self.reason).operator

    @property
    def fault(self) -> str:
        """Where it failed: `yours` is the request, `ours` the portal, `model` the model; empty where nothing did."""
        return reasons.of(self.reason).fault

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this job under."""
        return self.patient


class Quota(Guarded):
    """How much of something one person may use each day; without one the site's default holds."""

    PHI = {"public_id": Phi.PSEUDONYM, "resource": Phi.NONE, "daily_limit": Phi.NONE, "changed_at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quotas")
    resource = models.CharField(max_length=20, choices=(("predictions", "Predictions a day"),), default="predictions")
    daily_limit = models.PositiveIntegerField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "resource"), name="one_quota_each"),)

    def __str__(self) -> str:
        return f"{self.person.username}: {self.daily_limit} {self.resource} a day"


class QuotaUse(Guarded):
    """How much of a quota is taken on one day; the row that makes reserving race-free."""

    PHI = {"day": Phi.NONE, "resource": Phi.NONE, "taken": Phi.NONE}
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    resource = models.CharField(max_length=20)
    day = models.DateField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "resource", "day"), name="one_use_a_day"),)


class LedgerEntry(Guarded):
    """One movement between two accounts; a job reserves once and is settled or refunded once."""

    PHI = dict.fromkeys(("kind", "debit", "credit", "resource", "day", "amount", "at"), Phi.NONE)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=7, choices=(("reserve", "reserve"), ("close", "settle or refund")))
    debit = models.CharField(max_length=12)
    credit = models.CharField(max_length=12)
    resource = models.CharField(max_length=20)
    day = models.DateField()
    amount = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("job", "kind"), name="one_entry_each"),)
