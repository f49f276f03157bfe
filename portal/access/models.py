"""Grants, the permission tables they are materialised in, and the cases that emergency access opens."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import time

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, OuterRef, Q
from guardian.models import UserObjectPermissionBase

from portal.access.states import CaseOutcome, GrantKind, RequestState
from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi

_left_out: ContextVar[frozenset[int]] = ContextVar("left_out", default=frozenset())
_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class Grant(Guarded):
    """Why a person or group reaches an object: from whom, for what, from when until when; kept after its end."""

    PHI = dict.fromkeys(("kind", "purpose", "codename", "object_type", "since", "until", "code", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "object_id": Phi.PSEUDONYM, "words": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=GrantKind)
    purpose = models.CharField(max_length=20)
    person = models.ForeignKey(null=True, **_PERSON)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, related_name="+")
    codename = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=20)
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True)
    given_by = models.ForeignKey(null=True, **_PERSON)
    code = models.CharField(max_length=20, blank=True)
    words = EncryptedJSONField(default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(null=True, **_PERSON)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("person", "kind", "until"), name="grant_person"),
            models.Index(fields=("object_type", "object_id"), name="grant_object"),
            models.Index(fields=("until",), name="grant_ending", condition=Q(ended_at__isnull=True)),
        )

    @property
    def live(self) -> bool:
        """Whether it counts at this moment."""
        return self.since <= clock.now() and (self.until is None or self.until > clock.now())

    @property
    def state(self) -> str:
        """In force, to come, or over."""
        if self.live:
            return "in force"
        return "to come" if self.until is None or self.until > clock.now() else "over"

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this grant under."""
        return self.object_id if self.object_type == "patient" else ""


class PermissionTable(UserObjectPermissionBase, Guarded):
    """One person's right to one object until a moment; subclasses add `content_object`."""

    PHI = {"since": Phi.NONE, "until": Phi.NONE}
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True
        # Two grants may reach the same object; each has its row and its own end.
        unique_together = ("user", "permission", "content_object", "grant")

    @classmethod
    def reach(cls, by, codename: str, through: str = "pk", *, kinds=None) -> Exists:
        """The condition that `by` holds `codename` now on the object that `through` points at; `kinds` narrows it."""
        rows = cls._in_force(codename, user_id=by.pk, content_object=OuterRef(through))
        return Exists(rows if kinds is None else rows.filter(grant__kind__in=kinds))

    @classmethod
    def held(cls, by, codename: str, on) -> bool:
        """Whether `by` holds `codename` on this object now, by any grant."""
        return cls._in_force(codename, user_id=by.pk, content_object=on).exists()

    @classmethod
    def holders(cls, codename: str, on) -> models.QuerySet:
        """The rows by which anybody holds `codename` on this object now."""
        return cls._in_force(codename, content_object=on)

    @classmethod
    def _in_force(cls, codename: str, **of) -> models.QuerySet:
        now = clock.now()
        rows = cls._default_manager.filter(
            Q(until__isnull=True) | Q(until__gt=now), permission__codename=codename, since__lte=now, **of
        )
        left_out = _left_out.get()
        return rows.exclude(grant_id__in=left_out) if left_out else rows


@contextmanager
def without(grants):
    """Ask the policy as if these grants were not there: what removing them would change."""
    token = _left_out.set(frozenset(grant.pk for grant in grants))
    try:
        yield
    finally:
        _left_out.reset(token)


class Case(Guarded):
    """An inquiry that emergency access opened; an audit officer closes it."""

    PHI = dict.fromkeys(("opened_at", "due_on", "urgent", "outcome", "closed_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "note": Phi.FREE_TEXT, "assessment": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="case")
    opened_at = models.DateTimeField(default=clock.now)
    due_on = models.DateField()
    urgent = models.BooleanField(default=False)
    outcome = models.CharField(max_length=13, choices=CaseOutcome, blank=True)
    note = EncryptedJSONField(default="")
    assessment = EncryptedJSONField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(null=True, **_PERSON)

    class Meta:
        ordering = ("due_on", "id")
        indexes = (models.Index(fields=("closed_at", "due_on"), name="case_queue"),)

    @property
    def overdue(self) -> bool:
        """Whether it should have been closed by now."""
        return self.closed_at is None and self.due_on < clock.today()

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this case under."""
        return self.grant.object_id


class AccessRequest(Guarded):
    """Somebody asks for a right; `object_id` and `owner_id` stay empty when nothing was meant, and nobody is told."""

    PHI = dict.fromkeys(("object_type", "owner_type", "purpose", "until", "state", "asked_at", "decided_at", "reminded_at"), Phi.NONE) | dict.fromkeys(("public_id", "object_id", "owner_id"), Phi.PSEUDONYM) | {"named": Phi.IDENTIFIER, "words": Phi.FREE_TEXT, "answer": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    asked_by = models.ForeignKey(**_PERSON)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=20, blank=True)
    owner_type = models.CharField(max_length=40, blank=True)
    owner_id = models.CharField(max_length=20, blank=True)
    named = EncryptedJSONField(default=dict)
    purpose = models.CharField(max_length=20)
    words = EncryptedJSONField(default="")
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.PENDING)
    asked_at = models.DateTimeField(default=clock.now)
    reminded_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(null=True, **_PERSON)
    answer = EncryptedJSONField(default="")
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, null=True, related_name="request")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "owner_id"), name="request_owner"),)


class Notice(Guarded):
    """Something a person is told in the portal and by e-mail, in fixed words without health data."""

    PHI = dict.fromkeys(("kind", "created_at", "read_at", "counted", "due_at", "mailed_at"), Phi.NONE) | dict.fromkeys(("public_id", "about"), Phi.PSEUDONYM)  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    person = models.ForeignKey(**_PERSON)
    kind = models.CharField(max_length=24)
    about = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    counted = models.BooleanField(default=True)
    due_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("person",), name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=("due_at",), name="notice_due", condition=Q(mailed_at__isnull=True, read_at__isnull=True)
            ),
        )


class NoticeSettings(Guarded):
    """What one person chose to be told of and when; kinds they said nothing about are as the kind says."""

    PHI = dict.fromkeys(("mail", "uncounted", "quiet_from", "quiet_until", "digest_at"), Phi.NONE)
    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mail = models.JSONField(default=dict)
    uncounted = models.JSONField(default=list)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    digest_at = models.TimeField(default=time(7))
