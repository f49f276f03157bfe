"""Which people and tokens a right reaches."""

from allauth.usersessions.models import UserSession
from django.db.models import Q

from portal.access import actors, grantable, policy
from portal.access.models import AccessRequest, Grant, Notice
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.accounts.models import ApiToken, User


def _people(by) -> Q:
    return Q()


def _own_person(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(pk=by.pk)


def _own_token(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(user_id=by.pk)


def _own_at_the_screen(by) -> Q:
    return Q(person_id=by.pk) if actors.scopes_of(by) is None else Q(pk__in=())


def _grants_of(by) -> Q:
    # Whom one patient was opened to is for officers, not for those who run the machines.
    return Q() if "auditor" in by.role_names else Q(person_id=by.pk) | Q(given_by_id=by.pk) | _run_by(by)


def _grants_to_end(by) -> Q:
    return Q(kind__in=(GrantKind.SHARE, GrantKind.REQUEST)) & (Q(person_id=by.pk) | Q(given_by_id=by.pk) | _run_by(by))


def _run_by(by) -> Q:
    return ~Q(object_type="patient") if "admin" in by.role_names else Q(pk__in=())


def _own_request_grants(by) -> Q:
    return Q(person_id=by.pk, kind=GrantKind.REQUEST)


def _own_requests(by) -> Q:
    return Q(asked_by_id=by.pk)


def _requests_to_decide(by) -> Q:
    if Permission.ACCESS_DECIDE not in actors.rights_of(by):
        return Q(pk__in=())
    return grantable.decided_by(by) & ~Q(asked_by_id=by.pk)


def _requests_seen(by) -> Q:
    return Q() if "auditor" in by.role_names else _own_requests(by) | _requests_to_decide(by)


def _own_notices(by) -> Q:
    return Q(person_id=by.pk)


def _register_grants() -> None:
    why = "it is yours, you gave it, or you look after access"
    policy.register(Grant, Permission.GRANT_SEE, _grants_of, why, see=True)
    policy.register(Grant, Permission.GRANT_END, _grants_to_end, "it was given by hand, and it is yours or you gave it")
    policy.register(Grant, Permission.GRANT_SETTLE, _people, "the portal writes down what has ended")
    policy.register(Grant, Permission.ACCESS_ASK, _own_request_grants, "it was given to you on request")
    policy.register(Grant, Permission.BREAK_GLASS, _own_at_the_screen, "it is your own access")
    policy.register(AccessRequest, Permission.GRANT_SEE, _requests_seen, "you asked, or you decide", see=True)
    policy.register(AccessRequest, Permission.ACCESS_ASK, _own_requests, "you asked")
    policy.register(AccessRequest, Permission.ACCESS_DECIDE, _requests_to_decide, "you decide about it")
    policy.register(Notice, Permission.NOTICE_READ, _own_notices, "it was sent to you", see=True)
    policy.register(User, Permission.GRANT_SETTLE, _people, "the portal sends notices")


def register() -> None:
    """Called once the apps are loaded."""
    policy.register(User, Permission.PERSON_MANAGE, _people, "administrators look after everyone's account", see=True)
    policy.register(User, Permission.AUDIT_READ, _people, "audit officers ask what anyone did")
    policy.register(User, Permission.TOKEN_ISSUE, _own_person, "people make tokens for themselves")
    policy.register(User, Permission.ACCOUNT_OWN, _own_person, "it is your own account")
    policy.register(UserSession, Permission.ACCOUNT_OWN, _own_token, "it is your own session", see=True)
    policy.register(ApiToken, Permission.PERSON_MANAGE, _people, "administrators look after everyone's account")
    policy.register(ApiToken, Permission.TOKEN_ISSUE, _own_token, "it is your own token", see=True)
    _register_grants()
