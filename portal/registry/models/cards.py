"""What a model card says, value by value, and who has read it."""

from django.conf import settings
from django.db import models

from portal.core import clock
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.registry.models.versions import ModelVersion, RegisteredModel

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class CardEntry(Guarded):
    """One value of a version's card as one person wrote it; an edit is a new row, and the newest row of a key counts."""

    PHI = dict.fromkeys(("key", "value", "at", "since"), Phi.NONE)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="card_entries")
    key = models.CharField(max_length=60)
    value = models.JSONField()
    author = models.ForeignKey(**_PERSON)
    at = models.DateTimeField(default=clock.now)
    # The number of the version for which it was written; later versions take it over.
    since = models.PositiveIntegerField()

    class Meta:
        ordering = ("id",)


class Attestation(Guarded):
    """One person's word that they read the card of a model, for all versions up to the next major one."""

    PHI = dict.fromkeys(("major", "at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    person = models.ForeignKey(**_PERSON)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    major = models.PositiveIntegerField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "model", "major"), name="one_attestation_each"),)
