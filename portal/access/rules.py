"""Which people and tokens a right reaches."""

from django.db.models import Q

from portal.access import actors, grants, policy
from portal.access.models import AccessRequest, Case, Grant, GrantKind, Notice
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken, User


def _people(by) -> Q:
    return Q()


def _own_person(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(pk=by.pk)


def _own_token(by) -> Q:
    return Q() if by is actors.SYSTEM else Q(user_id=by.pk)


def _grants_of(by) -> Q:
    if by is actors.SYSTEM or by.role_names & {"auditor", "admin"}:
        return Q()
    return Q(person_id=by.pk) | Q(given_by_id=by.pk)


def _grants_to_end(by) -> Q:
    by_hand = Q(kind__in=(GrantKind.SHARE, GrantKind.REQUEST))
    mine = (Q(person_id=by.pk) & by_hand) | Q(given_by_id=by.pk, kind__in=(GrantKind.SHARE, GrantKind.REQUEST))
    return mine | by_hand if "admin" in by.role_names else mine


def _own_request_grants(by) -> Q:
    return Q(person_id=by.pk, kind=GrantKind.REQUEST)


def _own_requests(by) -> Q:
    return Q(asked_by_id=by.pk)


def _requests_seen(by) -> Q:
    return _own_requests(by) | _requests_to_decide(by)


def _requests_to_decide(by) -> Q:
    if Permission.ACCESS_DECIDE not in actors.rights_of(by):
        return Q(pk__in=())
    return grants.decided_by(by) & ~Q(asked_by_id=by.pk)


def _own_emergency(by) -> Q:
    return Q(person_id=by.pk, kind=GrantKind.BREAK_GLASS) & grants.live() if actors.at_the_glass(by) else Q(pk__in=())


def _others_cases(by) -> Q:
    return ~Q(grant__person_id=by.pk)


def _register_grants() -> None:
    policy.register(
        Grant, Permission.GRANT_SEE, _grants_of, "it is yours, you gave it, or you look after access", see=True
    )
    policy.register(Grant, Permission.GRANT_END, _grants_to_end, "it is yours or you gave it")
    policy.register(Grant, Permission.GRANT_SETTLE, _people, "the portal ends what is over")
    policy.register(Grant, Permission.ACCESS_ASK, _own_request_grants, "it was given to you on request")
    policy.register(Grant, Permission.BREAK_GLASS, _own_emergency, "you opened it and it has not ended")
    policy.register(AccessRequest, Permission.GRANT_SEE, _requests_seen, "you asked, or you decide", see=True)
    policy.register(AccessRequest, Permission.ACCESS_ASK, _own_requests, "you asked")
    policy.register(AccessRequest, Permission.ACCESS_DECIDE, _requests_to_decide, "you decide about it")
    policy.register(Case, Permission.CASE_REVIEW, _others_cases, "audit officers review what others did", see=True)
    policy.register(Notice, Permission.NOTICE_READ, _own_notices, "it was sent to you", see=True)
    policy.register(Notice, Permission.GRANT_SETTLE, _people, "the portal sends notices")


def _own_notices(by) -> Q:
    return Q(person_id=by.pk)


def register() -> None:
    """Called once the apps are loaded."""
    _register_grants()
    policy.register(User, Permission.PERSON_MANAGE, _people, "administrators look after everyone's account", see=True)
    policy.register(User, Permission.TOKEN_ISSUE, _own_person, "people make tokens for themselves")
    policy.register(ApiToken, Permission.TOKEN_ISSUE, _own_token, "it is your own token", see=True)
