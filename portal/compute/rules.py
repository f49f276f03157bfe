"""Which jobs and quotas a right reaches."""

from django.db.models import Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.compute.models import Job, Quota


def _jobs_of(by) -> Q:
    if by is actors.SYSTEM or "admin" in by.role_names:
        return Q()
    return Q(created_by_id=by.pk)


def _all(by) -> Q:
    return Q()


def _own_quota(by) -> Q:
    if by is actors.SYSTEM or "admin" in by.role_names:
        return Q()
    return Q(person_id=by.pk)


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(Job, Permission.JOB_SEE, _jobs_of, "you started the job or look after all of them", see=True)
    policy.register(Job, Permission.JOB_CANCEL, _jobs_of, "you started the job or look after all of them")
    policy.register(Job, Permission.JOB_WORK, _all, "the portal works on every job")
    policy.register(Quota, Permission.QUOTA_SEE, _own_quota, "it is your own quota", see=True)
    policy.register(User, Permission.QUOTA_SET, _all, "administrators set quotas")
    policy.register(Quota, Permission.QUOTA_SET, _all, "administrators set quotas")
