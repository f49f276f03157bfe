"""ModelEnvironment, Trial and Arrival: how a model gets in, what it runs with, and whether it loads."""

from django.conf import settings
from django.db import models

from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.registry.states import ArrivalState, EnvironmentState, TrialState
from portal.studies.models import Study


class ModelEnvironment(Guarded):
    """The software that models with the same requirements run with; `lock` has a line for each package.

    One that is `shared` is what is installed for all; any other is built once and lies in a folder named by `key`.
    """

    PHI = dict.fromkeys(("key", "shared", "state", "requirements", "lock", "digest", "tree", "log", "fault", "made_at", "began_at", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "build": Phi.PSEUDONYM}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    key = models.CharField(max_length=64, unique=True)
    shared = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=EnvironmentState, default=EnvironmentState.WAITING)
    requirements = models.JSONField()
    lock = models.JSONField(default=list)
    digest = models.CharField(max_length=64, blank=True)
    tree = models.CharField(max_length=64, blank=True)
    log = models.TextField(blank=True)
    fault = models.CharField(max_length=500, blank=True)
    # The subject of the job that builds it, or did last.
    build = models.CharField(max_length=20, blank=True)
    made_at = models.DateTimeField(default=clock.now)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "environment"

    def __str__(self) -> str:
        return f"environment {self.key[:12]}"

    @property
    def named(self) -> dict:
        """As the scorer is told of it."""
        key = "" if self.shared else self.key
        return {"key": key, "digest": self.digest, "tree": self.tree, "requirements": self.requirements}


class Trial(Guarded):
    """One attempt to load a version in its sandbox, without a patient."""

    PHI = dict.fromkeys(("state", "reason", "seconds", "layers", "asked_at", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="trials")
    state = models.CharField(max_length=8, choices=TrialState, default=TrialState.WAITING)
    reason = models.CharField(max_length=30, blank=True)
    seconds = models.FloatField(null=True)
    layers = models.JSONField(default=list)
    asked_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"trial {self.public_id}"

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.version.audit_study


class Arrival(Guarded):
    """A model on its way in from the browser: an address that MLflow knows, or a zip of its folder, encrypted."""

    PHI = dict.fromkeys(("slug", "address", "expected", "state", "size", "asked_at", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "stored": Phi.PSEUDONYM, "file_key": Phi.IDENTIFIER, "faults": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    slug = models.CharField(max_length=80)
    address = models.CharField(max_length=300, blank=True)
    stored = models.CharField(max_length=20, blank=True)
    file_key = EncryptedJSONField(default="")
    size = models.PositiveBigIntegerField(default=0)
    expected = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=ArrivalState, default=ArrivalState.WAITING)
    faults = EncryptedJSONField(default=list)
    version = models.ForeignKey("registry.ModelVersion", null=True, on_delete=models.PROTECT, related_name="+")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"arrival of {self.slug}"

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.study.slug
