"""The shape of every permission table: guardian rows with a direct foreign key, and an end."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from guardian.models import UserObjectPermissionBase

from portal.core import clock
from portal.core.guard import Guarded
from portal.core.phi import Phi


class PermissionTable(UserObjectPermissionBase, Guarded):
    """One person's right to one object until a moment; subclasses add `content_object`."""

    PHI = {"since": Phi.NONE, "until": Phi.NONE}
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True

    @classmethod
    def reach(cls, by, codename: str, through: str = "pk") -> Exists:
        """The condition that `by` holds `codename` on the object that `through` points at, and it has not ended."""
        live = Q(until__isnull=True) | Q(until__gt=clock.now())
        rows = cls._default_manager.filter(
            live, user_id=by.pk, permission__codename=codename, content_object=OuterRef(through)
        )
        return Exists(rows)
