"""Study and its permission table."""

from django.db import models

from portal.access.models import PermissionTable
from portal.core.guard import Guarded
from portal.core.ids import new_id
from portal.core.phi import Phi

MEMBER, LEAD = "belong_to_study", "lead_study"


class Study(Guarded):
    """A research project: its members bring models and see its runs."""

    PHI = {"public_id": Phi.PSEUDONYM, "slug": Phi.NONE, "title": Phi.NONE, "created_at": Phi.NONE}
    public_id = models.CharField(max_length=20, unique=True, default=new_id, editable=False)
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"
        permissions = ((MEMBER, "Can work in the study"), (LEAD, "Can decide who else works in the study"))

    def __str__(self) -> str:
        return self.title


class StudyUserPermission(PermissionTable):
    """Who belongs to which study."""

    content_object = models.ForeignKey(Study, on_delete=models.PROTECT)
