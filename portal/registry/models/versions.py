"""RegisteredModel, ModelVersion and the Signatures of its approval."""

from django.conf import settings
from django.db import models

from portal.core import clock
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.records.models import CareUnit
from portal.registry.states import VersionState
from portal.studies.models import Study

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class RegisteredModel(Guarded):
    """A model of a study, under one short name for good; the screen says “Model”."""

    PHI = {"public_id": Phi.PSEUDONYM, "slug": Phi.NONE, "title": Phi.NONE, "summary": Phi.NONE, "created_at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=160)
    summary = models.TextField(blank=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="models")
    created_by = models.ForeignKey(**_PERSON)
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

    PHI = dict.fromkeys(("number", "state", "digest", "engine", "facts", "overlay", "run", "created_at", "submitted_at", "approved_at", "expires_on", "stopped_at", "stop_reason"), Phi.NONE) | {"public_id": Phi.PSEUDONYM}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState, default=VersionState.DRAFT)
    digest = models.CharField(max_length=64)
    engine = models.CharField(max_length=10)
    facts = models.JSONField()
    overlay = models.JSONField(default=dict)
    run = models.JSONField(default=dict)
    care_units = models.ManyToManyField(CareUnit, related_name="+", blank=True)
    created_by = models.ForeignKey(**_PERSON)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    expires_on = models.DateField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(null=True, **_PERSON)
    stop_reason = models.CharField(max_length=500, blank=True)

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
        return self.expires_on is not None and self.expires_on < clock.now().date()


class Signature(Guarded):
    """One reviewer's signed decision on exactly the bytes that `payload_sha256` stands for (21 CFR 11.50, 11.70)."""

    PHI = dict.fromkeys(("printed_name", "role", "meaning", "reason", "factors", "payload_sha256", "signed_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM}  # fmt: skip
    MEANINGS = (("approval", "approves"), ("refusal", "refuses"))
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="signatures")
    signer = models.ForeignKey(**_PERSON)
    printed_name = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    meaning = models.CharField(max_length=10, choices=MEANINGS)
    reason = models.CharField(max_length=1000)
    factors = models.JSONField()
    payload_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("version", "signer"), name="one_signature_each"),)
