"""EvaluationSet, the hospital's own rows that versions of a model are tried on, and every Evaluation on one."""

from django.conf import settings
from django.db import models

from portal.compute.models import Job
from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.datasets.models import DatasetVersion
from portal.registry.models.versions import ModelVersion, RegisteredModel

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class EvaluationSet(Guarded):
    """A dataset version, frozen by its digest, and how its columns answer a model's questions; the newest one counts."""

    PHI = {"public_id": Phi.PSEUDONYM, "content": Phi.CLINICAL, "digest": Phi.PSEUDONYM, "named_at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="evaluation_sets")
    table = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    # The rows that the model was trained on, where they lie here too: to count who is in both.
    trained_on = models.ForeignKey(DatasetVersion, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    content = EncryptedJSONField()
    named_by = models.ForeignKey(**_PERSON)
    named_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.model.audit_study


class Evaluation(Guarded):
    """A version tried on all rows of an evaluation set; `answer` holds aggregates alone, worked out by the portal."""

    PHI = dict.fromkeys(("outcome", "asked_at", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "answer": Phi.CLINICAL}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    rows_of = models.ForeignKey(EvaluationSet, on_delete=models.PROTECT, related_name="evaluations")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(**_PERSON)
    asked_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True)
    answer = EncryptedJSONField(null=True)

    class Meta:
        ordering = ("-id",)

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.version.audit_study
