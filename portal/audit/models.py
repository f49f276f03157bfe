"""AuditEvent and Seal: rows that are only ever added.

Events name people and objects by text, without foreign keys: what the ledger says must outlive what it is about.
"""

from django.db import models

from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi

LEAST_YEARS = 6


class Outcome(models.TextChoices):
    """How an event ended."""

    OK = "ok", "done"
    DENIED = "denied", "denied"
    FAILED = "failed", "failed"


class AuditEvent(Guarded):
    """One thing that happened; `payload` holds the canonical bytes, the other columns repeat it for searching."""

    PHI = dict.fromkeys(("epoch", "recorded_at", "verb", "outcome", "actor", "roles", "object_type", "purpose", "request", "session", "address", "payload", "leaf", "study"), Phi.NONE) | {"object_id": Phi.PSEUDONYM, "patient": Phi.PSEUDONYM, "actor_id": Phi.PSEUDONYM}  # fmt: skip
    id = models.BigIntegerField(primary_key=True, editable=False)
    epoch = models.BigIntegerField(editable=False)
    recorded_at = models.DateTimeField(default=clock.now)
    verb = models.CharField(max_length=60)
    outcome = models.CharField(max_length=6, choices=Outcome)
    actor = models.CharField(max_length=150)
    actor_id = models.CharField(max_length=20, blank=True)
    roles = models.CharField(max_length=120, blank=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    patient = models.CharField(max_length=80, blank=True)
    study = models.CharField(max_length=80, blank=True)
    purpose = models.CharField(max_length=20, blank=True)
    request = models.CharField(max_length=20, blank=True)
    session = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=45, blank=True)
    payload = models.TextField()
    leaf = models.CharField(max_length=64)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("patient", "-id"), name="audit_patient"),
            models.Index(fields=("actor", "-id"), name="audit_actor"),
            models.Index(fields=("verb", "-id"), name="audit_verb"),
            models.Index(fields=("recorded_at", "-id"), name="audit_time"),
            models.Index(fields=("epoch",), name="audit_epoch"),
        )

    def __str__(self) -> str:
        return f"{self.recorded_at:%Y-%m-%d %H:%M} {self.actor} {self.verb} {self.outcome}"


class Seal(Guarded):
    """A closed batch of events, chained to the batch before; covers the epochs `since` ≤ epoch < `until`."""

    PHI = dict.fromkeys(
        ("since", "until", "events", "last", "places", "root", "previous", "digest", "sealed_at"), Phi.NONE
    )
    id = models.BigIntegerField(primary_key=True, editable=False)
    since = models.BigIntegerField()
    until = models.BigIntegerField()
    events = models.BigIntegerField()
    last = models.BigIntegerField()
    places = models.TextField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"seal {self.id} of {self.events} events"


class RetentionPolicy(Guarded):
    """For how many years something is kept at least; the newest one in force counts."""

    PHI = dict.fromkeys(("what", "years", "reason", "set_by", "since", "made_at"), Phi.NONE) | {
        "public_id": Phi.PSEUDONYM
    }
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    what = models.CharField(max_length=20, default="events", choices=(("events", "Events of the audit log"),))
    years = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=500)
    set_by = models.CharField(max_length=150)
    since = models.DateField()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(years__gte=LEAST_YEARS), name="audit_at_least_six_years"),
        )

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.years} years"


class Tombstone(Guarded):
    """What stands for purged batches: which seals, how many events, by whom, under which policy, signed."""

    PHI = dict.fromkeys(
        ("first_seal", "last_seal", "since", "until", "events", "before", "policy", "purged_by", "purged_at", "digest",
         "signature"),
        Phi.NONE,
    )  # fmt: skip
    first_seal = models.BigIntegerField()
    last_seal = models.BigIntegerField()
    since = models.BigIntegerField()
    until = models.BigIntegerField()
    events = models.BigIntegerField()
    before = models.DateField()
    policy = models.CharField(max_length=20)
    purged_by = models.CharField(max_length=150)
    purged_at = models.DateTimeField(default=clock.now)
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ("first_seal",)

    def __str__(self) -> str:
        return f"seals {self.first_seal} to {self.last_seal}, purged"


class PeriodReview(Guarded):
    """An officer's signed word that the log of a period was reviewed."""

    PHI = dict.fromkeys(
        ("since", "until", "events", "seal", "seal_digest", "signer", "printed_name", "factors", "signed_at"), Phi.NONE
    ) | {"public_id": Phi.PSEUDONYM, "note": Phi.FREE_TEXT}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    since = models.DateField()
    until = models.DateField()
    events = models.BigIntegerField()
    seal = models.BigIntegerField()
    seal_digest = models.CharField(max_length=64)
    note = EncryptedJSONField()
    signer = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=150)
    factors = models.JSONField(default=list)
    signed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-until", "-id")

    def __str__(self) -> str:
        return f"{self.since} to {self.until}, reviewed by {self.printed_name}"
