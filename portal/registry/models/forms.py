"""FormRevision: one state of a version's form, as somebody saved it."""

from django.conf import settings
from django.db import models

from portal.core import clock
from portal.core.guard import Guarded, Locked
from portal.core.phi import Phi
from portal.registry.models.versions import ModelVersion

_FIXED = "A saved form is never changed; save another one."


class _Kept(models.QuerySet):
    """Rows that are added and read, and nothing else."""

    def update(self, **changes):
        raise Locked(_FIXED)

    def delete(self):
        raise Locked(_FIXED)

    def bulk_update(self, *args, **kwargs):
        raise Locked(_FIXED)


class FormRevision(Guarded):
    """One saved state of a version's form; never changed, the newest is the form that is asked and signed."""

    PHI = dict.fromkeys(("number", "overlay", "changes", "why", "saved_at", "back_to"), Phi.NONE)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="forms")
    number = models.PositiveIntegerField()
    overlay = models.JSONField()
    changes = models.JSONField(default=list)
    why = models.CharField(max_length=500)
    back_to = models.PositiveIntegerField(null=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(default=clock.now)

    objects = _Kept.as_manager()

    class Meta:
        verbose_name = "saved form"
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("version", "number"), name="one_form_number_each"),)

    def __str__(self) -> str:
        return f"form {self.number} of {self.version}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise Locked(_FIXED)
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise Locked(_FIXED)
