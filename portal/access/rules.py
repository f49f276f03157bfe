"""Which people and tokens a right reaches."""

from django.db.models import Q

from portal.access import actors, policy
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken, User


def _people(by) -> Q:
    return Q()


def _own_person(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(pk=by.pk)


def _own_token(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(user_id=by.pk)


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(User, Permission.PERSON_MANAGE, _people, "administrators look after everyone's account", see=True)
    policy.register(User, Permission.AUDIT_READ, _people, "audit officers ask what anyone did")
    policy.register(User, Permission.TOKEN_ISSUE, _own_person, "people make tokens for themselves")
    policy.register(ApiToken, Permission.TOKEN_ISSUE, _own_token, "it is your own token", see=True)
