"""Which studies a right reaches."""

from django.db.models import Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.studies.models import MEMBER, Study, StudyUserPermission


def _all(by) -> Q:
    return Q()


def _own(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(StudyUserPermission.reach(by, MEMBER))


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Study, Permission.STUDY_MANAGE, _all, "administrators set studies up")
    policy.register(Study, Permission.MODEL_REGISTER, _own, "you are a member of the study")
    policy.register(Study, Permission.MODEL_SEE, _own, "you are a member of the study", see=True)
