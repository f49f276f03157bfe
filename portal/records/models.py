"""Wards, the people who work on them, and the sealed patient record.

What a record says is encrypted as one JSON value per row; the columns beside it are pseudonyms and keyed hashes.
"""

from django.conf import settings
from django.db import models

from portal.access.models import Grant, PermissionTable
from portal.audit.purposes import TEST
from portal.core import clock
from portal.core.crypto import EncryptedJSONField
from portal.core.guard import Guarded, Sealed
from portal.core.ids import new_id
from portal.core.phi import Phi

TREAT, LEAD, READ_RECORD = "treat_in_unit", "lead_unit", "read_record"


class Standing(models.TextChoices):
    """Whether a patient's record is in use; only a current one is listed and run for."""

    CURRENT = "current", "in use"
    INACTIVE = "inactive", "not in use"
    MERGED = "merged", "merged into another record"
    REMOVED = "removed", "deleted at its source"


class CareUnit(Guarded):
    """A ward or clinic; who works there reaches the patients who lie there."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "name": Phi.NONE, "source_index": Phi.PSEUDONYM, "digest": Phi.NONE,
        "created_at": Phi.NONE, "practice": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    source_index = models.CharField(max_length=64, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # The ward of the invented patients whom everybody practises on; nobody works there.
    practice = models.BooleanField(default=False, editable=False)

    class Meta:
        permissions = (
            (TREAT, "Can treat the unit's patients"),
            (LEAD, "Can decide who else treats the unit's patients"),
        )

    def __str__(self) -> str:
        return self.name


class CareUnitUserPermission(PermissionTable):
    """Who treats the patients of which unit."""

    content_object = models.ForeignKey(CareUnit, on_delete=models.PROTECT)


class CareRelationship(Guarded):
    """Why a clinician reaches a unit's patients: a standing assignment from a day until a day."""

    PHI = {"public_id": Phi.PSEUDONYM, "kind": Phi.NONE, "since": Phi.NONE, "until": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="care_relationships")
    care_unit = models.ForeignKey(CareUnit, on_delete=models.PROTECT, related_name="care_relationships")
    covers = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="covered_by")
    kind = models.CharField(max_length=12, default="standing", choices=(("standing", "Standing assignment"),))
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, null=True, related_name="+")


class Patient(Sealed):
    """A person in care; `person` holds name, birth date, sex, record number and death."""

    PHI = {
        "public_id": Phi.PSEUDONYM, "source_index": Phi.PSEUDONYM, "mrn_index": Phi.PSEUDONYM, "digest": Phi.NONE,
        "person": Phi.IDENTIFIER, "created_at": Phi.NONE, "updated_at": Phi.NONE, "changed_at": Phi.NONE, "practice": Phi.NONE,
        "active": Phi.NONE, "standing": Phi.NONE, "removed_at": Phi.NONE, "merged_at": Phi.NONE, "absorbs": Phi.NONE,
    }  # fmt: skip
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    source_index = models.CharField(max_length=64, unique=True)
    mrn_index = models.CharField(max_length=64, db_index=True)
    digest = models.CharField(max_length=64)
    care_unit = models.ForeignKey(CareUnit, on_delete=models.PROTECT, null=True, related_name="+")
    person = EncryptedJSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # When an import last brought something new about the patient.
    changed_at = models.DateTimeField(default=clock.now)
    practice = models.BooleanField(default=False, editable=False)
    # What the source says of the record: in use or not; nothing where it does not say.
    active = models.BooleanField(null=True)
    standing = models.CharField(max_length=8, choices=Standing, default=Standing.CURRENT)
    removed_at = models.DateTimeField(null=True)
    # The record that goes on for the same person; never one that was itself merged (docs/adr/0012).
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    merged_at = models.DateTimeField(null=True)
    # Whether others were merged into this one: spares the question where nothing was.
    absorbs = models.BooleanField(default=False)

    class Meta:
        permissions = ((READ_RECORD, "Can read the record and run models for it"),)

    @property
    def audit_patient(self) -> str:
        """What the ledger files events about this patient under."""
        return self.public_id

    @property
    def audit_purpose(self) -> str:
        """The purpose of use of whatever is done with an invented patient."""
        return TEST if self.practice else ""


class PatientLink(Sealed):
    """What one record says about another: that it is replaced by it, or replaces it; the other may come later."""

    PHI = {"kind": Phi.NONE, "target_index": Phi.PSEUDONYM}
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=11)
    target_index = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("patient", "kind", "target_index"), name="one_link"),)


class PatientUserPermission(PermissionTable):
    """Who reaches one patient beside the people of the ward."""

    content_object = models.ForeignKey(Patient, on_delete=models.PROTECT)


class Mark(Guarded):
    """A patient whom a person keeps an eye on: first in their worklist."""

    PHI = {"since": Phi.NONE}
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "patient"), name="one_mark"),)


class WardStay(Sealed):
    """From when until when a ward had a patient; what the days before and after a stay are counted from."""

    PHI = {"first_on": Phi.IDENTIFIER, "last_on": Phi.IDENTIFIER}
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    care_unit = models.ForeignKey(CareUnit, on_delete=models.PROTECT, related_name="+")
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("patient", "care_unit", "first_on", "last_on"), name="one_stay"),
        )


class Resource(Sealed):
    """A part of a patient's record as it came from its source."""

    PHI = {"source_index": Phi.PSEUDONYM, "digest": Phi.NONE, "code": Phi.CLINICAL, "content": Phi.CLINICAL, "removed_at": Phi.NONE, "stored_at": Phi.NONE}  # fmt: skip
    source_index = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    # Deleted at its source: it stays, and is neither used nor shown.
    removed_at = models.DateTimeField(null=True)
    # When it last said something new about this patient; empty for what came before this was kept.
    stored_at = models.DateTimeField(null=True, default=clock.now)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40, blank=True)
    content = EncryptedJSONField()

    class Meta:
        abstract = True
        indexes = (models.Index(fields=("patient", "code")),)


class Encounter(Resource):
    """A stay or a visit; the current or latest one says on which ward the patient is."""

    care_unit = models.ForeignKey(CareUnit, on_delete=models.PROTECT, null=True, related_name="+")


class Observation(Resource):
    """A measurement; `code` is its LOINC code."""


class Condition(Resource):
    """An entry of the problem list; `code` is its SNOMED CT code."""


class MedicationRequest(Resource):
    """A prescription; `code` is its RxNorm code."""


class Practitioner(Sealed):
    """A member of staff as the source names them."""

    PHI = {"source_index": Phi.PSEUDONYM, "digest": Phi.NONE, "content": Phi.IDENTIFIER}
    source_index = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    content = EncryptedJSONField()
