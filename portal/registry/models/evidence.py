"""AcceptanceCase, and every run of a version's cases with its report."""

from django.conf import settings
from django.db import models

from portal.compute.models import Job
from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.registry.models.versions import ModelVersion

_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}
WHY = (
    ("submission", "when it was submitted"),
    ("change", "after a change"),
    ("demand", "asked for"),
    ("nightly", "nightly"),
)
VERDICTS = (("passed", "passed"), ("failed", "failed"), ("not-run", "could not be run"))


class AcceptanceCase(Guarded):
    """One invented person's answers and what the model must say to them; `content` is as cases.Case has it."""

    PHI = {"public_id": Phi.PSEUDONYM, "number": Phi.NONE, "content": Phi.FREE_TEXT, "brought": Phi.NONE, "added_at": Phi.NONE}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="cases")
    number = models.PositiveIntegerField()
    content = EncryptedJSONField()
    # Whether it came with the model's folder or was added on the page.
    brought = models.BooleanField(default=False)
    added_by = models.ForeignKey(**_PERSON)
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("version", "number")
        constraints = (models.UniqueConstraint(fields=("version", "number"), name="one_case_number"),)

    def __str__(self) -> str:
        return self.content["name"]

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.version.audit_study


class AcceptanceRun(Guarded):
    """A run of all cases of a version that was asked for; how it stands is its job's to say."""

    PHI = {"public_id": Phi.PSEUDONYM, "why": Phi.NONE, "asked_at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="acceptance_runs")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=10, choices=WHY)
    asked_by = models.ForeignKey(null=True, **_PERSON)
    asked_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.version.audit_study


class AcceptanceReport(Guarded):
    """What a run found, written once: `over` is the digest of the files, form and cases that it ran over."""

    PHI = dict.fromkeys(("over", "verdict", "verdict_sha256", "milliseconds", "written_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "content": Phi.FREE_TEXT}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    run = models.OneToOneField(AcceptanceRun, on_delete=models.PROTECT, related_name="report")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="acceptance_reports")
    over = models.CharField(max_length=64)
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    verdict_sha256 = models.CharField(max_length=64)
    content = EncryptedJSONField()
    milliseconds = models.PositiveIntegerField()
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("version", "over", "-id"), name="report_over"),)

    def save(self, *args, **kwargs):
        if self.pk:
            raise TypeError("A report is written once.")
        super().save(*args, **kwargs)

    @property
    def audit_study(self) -> str:
        """The study that the ledger files this under."""
        return self.version.audit_study
