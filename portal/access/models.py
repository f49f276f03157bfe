"""Why and until when: grants, the permission rows they are materialised into, requests and cases."""

from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from guardian.models import UserObjectPermissionBase

from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}
_left_out: ContextVar[frozenset[int]] = ContextVar("left_out", default=frozenset())


class GrantKind(models.TextChoices):
    """By which road a person came to a right."""

    RELATIONSHIP = "relationship", "assigned"
    MEMBERSHIP = "membership", "member"
    SHARE = "share", "shared with you"
    REQUEST = "request", "asked for and given"
    BREAK_GLASS = "break-glass", "emergency access"


class Purpose(models.TextChoices):
    """What the access is for: codes of HL7 v3 ActReason."""

    TREAT = "TREAT", "Treatment"
    ETREAT = "ETREAT", "Emergency treatment"
    COVERAGE = "COVERAGE", "Covering a colleague"
    HRESCH = "HRESCH", "Research"
    HQUALIMP = "HQUALIMP", "Quality improvement"
    HSYSADMIN = "HSYSADMIN", "Running the system"
    PATRQT = "PATRQT", "The patient asks for it"
    HOPERAT = "HOPERAT", "Running the hospital"
    BTG = "BTG", "Another emergency"


class Grant(Guarded):
    """The why-and-until of one person's right to one object; ending it removes its permission rows."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "kind": Phi.NONE, "purpose": Phi.NONE, "object_type": Phi.NONE,
        "object_id": Phi.PSEUDONYM, "right": Phi.NONE, "since": Phi.NONE, "until": Phi.NONE,
        "code": Phi.NONE, "reason": Phi.FREE_TEXT, "ended_at": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=GrantKind)
    purpose = models.CharField(max_length=12, choices=Purpose)
    person = models.ForeignKey(**_PERSON)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=20)
    right = models.CharField(max_length=40)
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)
    given_by = models.ForeignKey(null=True, **_PERSON)
    code = models.CharField(max_length=24, blank=True)
    reason = EncryptedJSONField(blank=True, default=str)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(null=True, **_PERSON)

    class Meta:
        indexes = (
            models.Index(fields=("person", "kind", "until"), name="grant_person"),
            models.Index(fields=("object_type", "object_id"), name="grant_object"),
            models.Index(fields=("until",), name="grant_until", condition=Q(ended_at__isnull=True)),
        )

    @property
    def live(self) -> bool:
        """Whether it is in force at this moment."""
        now = clock.now()
        return self.ended_at is None and self.since <= now and (self.until is None or self.until > now)

    @property
    def state(self) -> str:
        """In force, to come, or over; and why over."""
        if self.live:
            return "in force"
        if self.ended_at is not None:
            return "ended"
        return "to come" if self.since > clock.now() else "expired"

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this grant under."""
        return self.object_id if self.object_type == "patient" else ""


class PermissionTable(UserObjectPermissionBase, Guarded):
    """One person's right to one object from a moment to a moment, by one grant; subclasses add `content_object`."""

    PHI = {"since": Phi.NONE, "until": Phi.NONE}
    user = models.ForeignKey(**_PERSON)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        # One row per grant: two reasons for the same right end on their own days.
        unique_together = ("grant", "user", "permission", "content_object")
        indexes = (models.Index(fields=("user", "permission", "content_object"), name="%(class)s_reach"),)

    @classmethod
    def live(cls, by, codename: str):
        """The rows by which `by` holds `codename` now; beginning and end are asked here, in the query."""
        now = clock.now()
        rows = cls._default_manager.filter(
            Q(until__isnull=True) | Q(until__gt=now), since__lte=now, user_id=by.pk, permission__codename=codename
        )
        left_out = _left_out.get()
        return rows.exclude(grant_id__in=left_out) if left_out else rows

    @classmethod
    def reach(cls, by, codename: str, through: str = "pk") -> Exists:
        """The condition that `by` holds `codename` on the object that `through` points at, now."""
        return Exists(cls.live(by, codename).filter(content_object=OuterRef(through)))


@contextmanager
def without(grants):
    """Ask the policy as if these grants were not there: what removing them would change."""
    token = _left_out.set(frozenset(grant.pk for grant in grants))
    try:
        yield
    finally:
        _left_out.reset(token)


class RequestState(models.TextChoices):
    """Where an access request is."""

    PENDING = "pending", "waiting"
    GRANTED = "granted", "granted"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn"


class AccessRequest(Guarded):
    """Somebody asks for a right; `object_id` and `owner_id` stay empty when nothing was meant, and nobody is told."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "object_type": Phi.NONE, "object_id": Phi.PSEUDONYM, "owner_type": Phi.NONE,
        "owner_id": Phi.PSEUDONYM, "named": Phi.IDENTIFIER, "purpose": Phi.NONE, "reason": Phi.FREE_TEXT,
        "until": Phi.NONE, "state": Phi.NONE, "asked_at": Phi.NONE, "decided_at": Phi.NONE, "answer": Phi.FREE_TEXT,
        "reminded_at": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    asked_by = models.ForeignKey(**_PERSON)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=20, blank=True)
    owner_type = models.CharField(max_length=40, blank=True)
    owner_id = models.CharField(max_length=20, blank=True)
    named = EncryptedJSONField(default=dict)
    purpose = models.CharField(max_length=12, choices=Purpose)
    reason = EncryptedJSONField(default=str)
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.PENDING)
    asked_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(null=True, **_PERSON)
    answer = EncryptedJSONField(default=str)
    reminded_at = models.DateTimeField(null=True)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("state", "owner_id"), name="request_owner"),)


class CaseState(models.TextChoices):
    """Where a case is."""

    OPEN = "open", "open"
    CLOSED = "closed", "closed"


class CaseOutcome(models.TextChoices):
    """What a review found."""

    APPROPRIATE = "appropriate", "Appropriate"
    FIX_RULE = "appropriate-fix-rule", "Appropriate, and the access rule must change"
    INAPPROPRIATE = "inappropriate", "Inappropriate"
    UNABLE = "unable-to-tell", "Unable to tell"


class Case(Guarded):
    """An inquiry of the audit officers, opened by the portal at the moment of what it is about."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "kind": Phi.NONE, "opened_at": Phi.NONE, "due_on": Phi.NONE, "state": Phi.NONE,
        "outcome": Phi.NONE, "note": Phi.FREE_TEXT, "closed_at": Phi.NONE, "often": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=(("break-glass", "Emergency access"),), default="break-glass")
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=clock.now)
    due_on = models.DateField()
    often = models.BooleanField(default=False)
    state = models.CharField(max_length=6, choices=CaseState, default=CaseState.OPEN)
    reviewer = models.ForeignKey(null=True, **_PERSON)
    outcome = models.CharField(max_length=20, choices=CaseOutcome, blank=True)
    note = EncryptedJSONField(default=str)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("state", "due_on"), name="case_due"),)

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this case under."""
        return self.grant.audit_patient

    @property
    def overdue(self) -> bool:
        """Whether the review is late."""
        return self.state == CaseState.OPEN and self.due_on < clock.now().date()


class BreachAssessment(Guarded):
    """The four factors of 45 CFR 164.402(2), opened when a case ends as inappropriate."""

    PHI = {
        "nature": Phi.FREE_TEXT, "who": Phi.FREE_TEXT, "acquired": Phi.FREE_TEXT, "mitigation": Phi.FREE_TEXT,
        "conclusion": Phi.NONE, "opened_at": Phi.NONE, "concluded_at": Phi.NONE,
    }  # fmt: skip
    FACTORS = ("nature", "who", "acquired", "mitigation")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="assessment")
    nature = EncryptedJSONField(default=str)
    who = EncryptedJSONField(default=str)
    acquired = EncryptedJSONField(default=str)
    mitigation = EncryptedJSONField(default=str)
    conclusion = models.CharField(
        max_length=8, blank=True, choices=(("low", "Low probability of compromise"), ("breach", "A breach to notify"))
    )
    opened_at = models.DateTimeField(default=clock.now)
    concluded_at = models.DateTimeField(null=True)
    concluded_by = models.ForeignKey(null=True, **_PERSON)


class Notice(Guarded):
    """Something a person is told in the portal and by e-mail, in words without health data."""

    PHI = dict.fromkeys(("public_id", "kind", "about", "created_at", "read_at", "mailed_at"), Phi.NONE)
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    person = models.ForeignKey(**_PERSON)
    kind = models.CharField(max_length=24)
    about = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("person",), name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=("id",), name="notice_unmailed", condition=Q(mailed_at__isnull=True)),
        )
