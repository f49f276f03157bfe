"""What a role asks of a session: a second factor."""

from django.conf import settings

from portal.accounts import factors

_PROVED = "second_factor"


def needs_factor(person) -> bool:
    """Whether one of a person's roles opens only with a second factor."""
    return bool(person.role_names & settings.SECOND_FACTOR_ROLES)


def has_needed_factor(request) -> bool:
    """Whether this session's person holds the second factor that their roles ask for; asked once a session."""
    # A factor that a role needs is never removed while its person is in, so the answer may be remembered.
    if request.session.get(_PROVED) or not needs_factor(request.user):
        return True
    if factors.has_one(request.user):
        request.session[_PROVED] = True
        return True
    return False
