"""Dataset, its versions, the three rights on it, and the summaries computed on it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.access.models import PermissionTable
from portal.compute.models import Job
from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded, Sealed
from portal.core.ids import new_id
from portal.core.phi import Phi
from portal.datasets.states import KEPT, Classification, VersionState
from portal.studies.models import Study

KNOW, COMPUTE, READ = "know_of_dataset", "compute_on_dataset", "read_dataset_rows"
_PERSON = {"to": settings.AUTH_USER_MODEL, "on_delete": models.PROTECT, "related_name": "+"}


class Dataset(Guarded):
    """A table of a study, in versions; its owner says who may do what with it."""

    PHI = {"public_id": Phi.PSEUDONYM, "title": Phi.NONE, "description": Phi.FREE_TEXT, "classification": Phi.NONE, "busy_with": Phi.PSEUDONYM, "created_at": Phi.NONE}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    description = EncryptedJSONField(default="")
    classification = models.CharField(max_length=13, choices=Classification)
    owner = models.ForeignKey(**_PERSON)
    created_at = models.DateTimeField(default=clock.now)
    # One summary at a time: each must know all that was told before.
    busy_with = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ("-id",)
        permissions = (
            (KNOW, "Can know of the dataset"),
            (COMPUTE, "Can compute on the dataset without seeing rows"),
            (READ, "Can read rows of the dataset"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def audit_study(self) -> str:
        """What the ledger files events about this dataset under."""
        return self.study.public_id


class DatasetUserPermission(PermissionTable):
    """Who may do what with which dataset."""

    content_object = models.ForeignKey(Dataset, on_delete=models.PROTECT)


class DatasetVersion(Sealed):
    """One content of a dataset, named by its digest; its files lie encrypted under a key that is kept here, encrypted."""

    PHI = dict.fromkeys(("number", "size", "kind", "state", "rows", "uploaded_at", "confirmed_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "stored": Phi.PSEUDONYM, "digest": Phi.PSEUDONYM, "columns": Phi.CLINICAL, "faults": Phi.FREE_TEXT, "file_key": Phi.IDENTIFIER}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    stored = models.CharField(max_length=20, unique=True)
    digest = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=11, choices=VersionState, default=VersionState.READING)
    rows = models.PositiveIntegerField(default=0)
    columns = EncryptedJSONField(default=list)
    faults = EncryptedJSONField(default=list)
    file_key = EncryptedJSONField()
    uploaded_by = models.ForeignKey(**_PERSON)
    uploaded_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.ForeignKey(null=True, **_PERSON)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("dataset", "number"), name="one_dataset_number"),
            models.UniqueConstraint(
                fields=("dataset", "digest"), condition=Q(state__in=sorted(KEPT)), name="one_version_per_digest"
            ),
        )

    def __str__(self) -> str:
        return f"{self.dataset} version {self.number}"

    @property
    def audit_study(self) -> str:
        """What the ledger files events about this version under."""
        return self.dataset.audit_study


class Summary(Sealed):
    """A declared computation on a version, and what of its answer may be told."""

    PHI = dict.fromkeys(("outcome", "asked_at", "ended_at"), Phi.NONE) | {"public_id": Phi.PSEUDONYM, "spec": Phi.CLINICAL, "answer": Phi.CLINICAL}  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(**_PERSON)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    spec = EncryptedJSONField()
    answer = EncryptedJSONField(null=True)
    outcome = models.CharField(max_length=20, blank=True)
    asked_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "summaries"
        indexes = (models.Index(fields=("version", "-id"), name="summary_version"),)

    @property
    def audit_study(self) -> str:
        """What the ledger files events about this summary under."""
        return self.version.audit_study
