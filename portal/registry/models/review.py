"""The model committee: its seats, deputies and conflicts, what it answered, said and signed."""

from django.conf import settings
from django.db import models

from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.registry.models.versions import ModelVersion, RegisteredModel
from portal.registry.states import Seat

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}
MEANINGS = (
    ("approval", "approves"), ("refusal", "refuses"), ("withdrawal", "withdraws the approval"), ("resumption", "resumes"),
)  # fmt: skip


class Signature(Guarded):
    """One reviewer's signed decision on exactly the bytes that `payload_sha256` stands for (21 CFR 11.50, 11.70).

    `jws` is the portal's signature over the whole record, `previous` the digest of the version's signature before it.
    """

    PHI = dict.fromkeys(("printed_name", "role", "seat", "meaning", "meaning_code", "reason", "factors", "payload_sha256", "signed_at", "previous", "jws", "behalf_name"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "checklist": Phi.FREE_TEXT}  # fmt: skip
    MEANINGS = MEANINGS
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="signatures")
    signer = models.ForeignKey(**_PERSON)
    printed_name = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    seat = models.CharField(max_length=20, choices=Seat, blank=True)
    behalf_of = models.ForeignKey(null=True, **_PERSON)
    behalf_name = models.CharField(max_length=150, blank=True)
    meaning = models.CharField(max_length=12, choices=MEANINGS)
    meaning_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=1000)
    checklist = EncryptedJSONField(default=dict)
    factors = models.JSONField()
    payload_sha256 = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, null=True)  # noqa: DJ001 (none: signed before there were chains)
    signed_at = models.DateTimeField(default=clock.now)
    jws = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        # Two signatures of one instant cannot follow the same one.
        constraints = (models.UniqueConstraint(fields=("version", "previous"), name="one_signature_after_another"),)


class CommitteeSeat(Guarded):
    """A person's seat on the model committee, from when to when."""

    PHI = dict.fromkeys(("seat", "given_at", "ended_at"), Phi.NONE)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="committee_seats")
    seat = models.CharField(max_length=20, choices=Seat)
    given_by = models.ForeignKey(null=True, **_PERSON)
    given_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("person", "seat"), condition=models.Q(ended_at=None), name="one_seat_of_a_kind"
            ),
        )


class Deputy(Guarded):
    """Who signs in a reviewer's place, until when."""

    PHI = dict.fromkeys(("since", "until", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stands_in_for")
    since = models.DateTimeField(default=clock.now)
    until = models.DateField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "deputy"
        ordering = ("id",)


class InterestConflict(Guarded):
    """That a reviewer has an interest of their own in a model, and therefore signs none of its versions."""

    PHI = {"reason": Phi.FREE_TEXT, "declared_at": Phi.NONE}
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="conflicts")
    person = models.ForeignKey(**_PERSON)
    reason = EncryptedJSONField()
    declared_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("model", "person"), name="one_conflict_each"),)


class ReviewAnswer(Guarded):
    """A reviewer's answer to one point of the checklist; a signature takes a copy of all of them with it."""

    PHI = dict.fromkeys(("point", "answer", "answered_at"), Phi.NONE) | {"note": Phi.FREE_TEXT}
    ANSWERS = (("yes", "Yes"), ("no", "No"), ("na", "Does not apply"))
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="review_answers")
    reviewer = models.ForeignKey(**_PERSON)
    point = models.CharField(max_length=40)
    answer = models.CharField(max_length=3, choices=ANSWERS)
    note = EncryptedJSONField(default=str)
    answered_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("version", "reviewer", "point"), name="one_answer_each"),)


class ReviewComment(Guarded):
    """What somebody said about a version under review; never changed, never removed."""

    PHI = {"public_id": Phi.PSEUDONYM, "words": Phi.FREE_TEXT, "said_at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(**_PERSON)
    answers = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replies")
    words = EncryptedJSONField()
    said_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = "comment"
        ordering = ("id",)


class ExpiryReminder(Guarded):
    """That a version's owner and the committee were reminded so many days before its last day."""

    PHI = dict.fromkeys(("last_day", "days", "sent_at"), Phi.NONE)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reminders")
    last_day = models.DateField()
    days = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("version", "last_day", "days"), name="reminded_once"),)


class OwnerTransfer(Guarded):
    """A proposal that somebody else answers for a model, and what that person said."""

    PHI = dict.fromkeys(("proposed_at", "answered_at", "accepted"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "words": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="transfers")
    proposed_by = models.ForeignKey(**_PERSON)
    to = models.ForeignKey(**_PERSON)
    words = EncryptedJSONField(default=str)
    proposed_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("model",), condition=models.Q(answered_at=None), name="one_transfer_at_a_time"
            ),
        )
