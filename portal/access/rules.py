"""Which people and tokens a right reaches."""

from allauth.usersessions.models import UserSession
from django.db.models import Q

from portal.access import actors, policy
from portal.access.models import Case, Grant
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken, User


def _people(by) -> Q:
    return Q()


def _own_person(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(pk=by.pk)


def _own_token(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(user_id=by.pk)


def _own_at_the_screen(by) -> Q:
    return Q(person_id=by.pk) if actors.scopes_of(by) is None else Q(pk__in=())


def _not_mine(by) -> Q:
    return ~Q(grant__person_id=by.pk)


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(User, Permission.PERSON_MANAGE, _people, "administrators look after everyone's account", see=True)
    policy.register(User, Permission.AUDIT_READ, _people, "audit officers ask what anyone did")
    policy.register(User, Permission.TOKEN_ISSUE, _own_person, "people make tokens for themselves")
    policy.register(User, Permission.ACCOUNT_OWN, _own_person, "it is your own account")
    policy.register(UserSession, Permission.ACCOUNT_OWN, _own_token, "it is your own session", see=True)
    policy.register(ApiToken, Permission.PERSON_MANAGE, _people, "administrators look after everyone's account")
    policy.register(ApiToken, Permission.TOKEN_ISSUE, _own_token, "it is your own token", see=True)
    policy.register(Grant, Permission.BREAK_GLASS, _own_at_the_screen, "it is your own access", see=True)
    policy.register(Case, Permission.CASE_REVIEW, _not_mine, "audit officers review the access of others", see=True)
