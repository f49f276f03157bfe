"""RegisteredModel and ModelVersion."""

from django.conf import settings
from django.db import models

from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.records.models import CareUnit
from portal.registry.models.intake import ModelEnvironment
from portal.registry.states import VersionState
from portal.studies.models import Study

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class RegisteredModel(Guarded):
    """A model of a study, under one short name for good; the screen says “Model”."""

    PHI = {"public_id": Phi.PSEUDONYM, "slug": Phi.NONE, "title": Phi.NONE, "summary": Phi.NONE, "created_at": Phi.NONE, "ownerless_since": Phi.NONE}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=160)
    summary = models.TextField(blank=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="models")
    created_by = models.ForeignKey(**_PERSON)
    owner = models.ForeignKey(null=True, **_PERSON)
    ownerless_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "model"
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.title

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.study.slug


class ModelVersion(Guarded):
    """One fixed set of files of a model; `facts` is what its files say, `overlay` what people made of the form."""

    PHI = dict.fromkeys(("number", "state", "digest", "engine", "facts", "overlay", "run", "created_at", "submitted_at", "approved_at", "expires_on", "stopped_at", "stop_reason", "retired_at", "retire_reason"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "changes": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState, default=VersionState.DRAFT)
    digest = models.CharField(max_length=64)
    engine = models.CharField(max_length=10)
    facts = models.JSONField()
    overlay = models.JSONField(default=dict)
    run = models.JSONField(default=dict)
    environment = models.ForeignKey(ModelEnvironment, null=True, on_delete=models.PROTECT, related_name="versions")
    care_units = models.ManyToManyField(CareUnit, related_name="+", blank=True)
    created_by = models.ForeignKey(**_PERSON)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    expires_on = models.DateField(null=True)
    changes = EncryptedJSONField(default=str)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(null=True, **_PERSON)
    stop_reason = models.CharField(max_length=500, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(null=True, **_PERSON)
    retire_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "model version"
        ordering = ("model", "-number")
        constraints = (models.UniqueConstraint(fields=("model", "number"), name="one_number_each"),)

    def __str__(self) -> str:
        return f"{self.model.title}, version {self.number}"

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.model.study.slug

    @property
    def expired(self) -> bool:
        """Whether the approval's last day is over."""
        return self.expires_on is not None and self.expires_on < clock.today()

    @property
    def state_shown(self) -> str:
        """The state as people read it: an approval whose last day is over is none."""
        return "expired" if self.state == VersionState.APPROVED and self.expired else self.get_state_display()
