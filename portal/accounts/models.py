"""User and ApiToken."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser, Group
from django.db import models

from portal.core import prepared
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi


def _memberships(person: int):
    return Group.objects.filter(user=person).values_list("pk", "name")


class User(AbstractUser):
    """A person; never deleted or reused, only deactivated, because the ledger names them."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "password": Phi.NONE, "last_login": Phi.NONE, "is_superuser": Phi.NONE,
        "username": Phi.NONE, "first_name": Phi.NONE, "last_name": Phi.NONE, "email": Phi.NONE,
        "is_staff": Phi.NONE, "is_active": Phi.NONE, "date_joined": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)

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
