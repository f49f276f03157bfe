"""User, ApiToken, and what is kept about people's browsers and half-filled forms."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser, Group
from django.db import models

from portal.core import prepared
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded, Sealed
from portal.core.ids import new_id
from portal.core.phi import Phi


class Depth(models.TextChoices):
    """What is needed to act, with the rest folded; or everything open."""

    PLAIN = "plain", "Plain"
    DETAIL = "detail", "Detailed"


def _memberships(person: int):
    return Group.objects.filter(user=person).values_list("pk", "name")


class User(AbstractUser):
    """A person; never deleted or reused, only deactivated, because the ledger names them."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "password": Phi.NONE, "last_login": Phi.NONE, "is_superuser": Phi.NONE,
        "username": Phi.NONE, "first_name": Phi.NONE, "last_name": Phi.NONE, "email": Phi.NONE,
        "is_staff": Phi.NONE, "is_active": Phi.NONE, "date_joined": Phi.NONE, "depth": Phi.NONE,
        "guide_away_at": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    # How much pages show at first, as the person chose, and since when they need no first steps.
    depth = models.CharField(max_length=6, choices=Depth, default=Depth.PLAIN)
    guide_away_at = models.DateTimeField(null=True, editable=False)

    @cached_property
    def memberships(self) -> dict[int, str]:
        """The Django groups this person is in, by key."""
        return dict(prepared.rows("memberships", _memberships, self.pk))

    @cached_property
    def role_names(self) -> frozenset[str]:
        """The names of these groups."""
        return frozenset(self.memberships.values())

    @property
    def label(self) -> str:
        """The name on screens and signatures."""
        return self.get_full_name() or self.username


class ApiToken(Guarded):
    """A program's key: shown once, kept as a hash, limited by scopes and an end date."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "digest": Phi.NONE, "scopes": Phi.NONE, "label": Phi.NONE,
        "created_at": Phi.NONE, "expires_at": Phi.NONE, "last_used_at": Phi.NONE, "revoked_at": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=80, blank=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.public_id} of {self.user.username}"


class KeptForm(Sealed):
    """What a person had typed when a time limit ended the session: encrypted, given back once, only to them."""

    PHI = {"path": Phi.PSEUDONYM, "typed": Phi.CLINICAL, "kept_at": Phi.NONE}
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=300)
    typed = EncryptedJSONField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "path"), name="one_kept_form_each"),)
        indexes = (models.Index(fields=("kept_at",), name="kept_form_age"),)

    def __str__(self) -> str:
        return f"form kept for {self.user_id}"


class KnownDevice(Guarded):
    """A browser that signed a person in before; recognised by a cookie of which only the hash is stored."""

    PHI = {"digest": Phi.NONE, "label": Phi.NONE, "since": Phi.NONE, "told_at": Phi.NONE}
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="devices")
    digest = models.CharField(max_length=64)
    label = models.CharField(max_length=60)
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "digest"), name="one_device_each"),)

    def __str__(self) -> str:
        return self.label
