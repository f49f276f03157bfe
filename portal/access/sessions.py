"""How long a session lives, by role; what a role asks of it; and what is left of it when it ends."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from portal.access import action
from portal.accounts import factors

_PROVED, _STARTED, _ACTIVE, _ENDED_OF = "second_factor", "started", "active", "ended_of"
_GRAIN = 20  # seconds of activity that are not worth a write; they shorten a session, never lengthen it


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


def proved(session) -> None:
    """Note that a second factor was asked for elsewhere, by a provider that is trusted to do so."""
    session[_PROVED] = True


def idle_seconds(person) -> int:
    """How long a person may do nothing; the strictest of their roles counts."""
    table = settings.IDLE_MINUTES
    return 60 * min((table[role] for role in person.role_names if role in table), default=min(table.values()))


def begin(session) -> None:
    """Start both clocks: at the sign-in, not at the first page."""
    session.pop(_ENDED_OF, None)
    session[_STARTED] = session[_ACTIVE] = int(time.time())


def touch(session, *, now: bool = False) -> None:
    """Note that the person did something."""
    if now or time.time() - session.get(_ACTIVE, 0) > _GRAIN:
        session[_ACTIVE] = int(time.time())


def left(request) -> tuple[int, bool]:
    """Seconds until this session ends, and whether doing something would prolong it."""
    if _STARTED not in request.session:
        begin(request.session)
    idle = request.session[_ACTIVE] + idle_seconds(request.user)
    last = request.session[_STARTED] + settings.SESSION_COOKIE_AGE
    return max(0, int(min(idle, last) - time.time())), idle < last


def end(request, why: str) -> None:
    """Sign a person out because a limit was reached; the browser's next session remembers whose it was."""
    person, key = request.user, request.session.session_key
    action.record("person.session-ended", by=person, detail={"why": why})
    UserSession.objects.filter(session_key=key).delete()
    request.session.flush()
    request.session[_ENDED_OF] = person.pk
    request.user = AnonymousUser()


def ended_of(request) -> int | None:
    """The person whose session a limit ended in this browser."""
    return request.session.get(_ENDED_OF)
