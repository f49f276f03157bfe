"""Forms that a time limit interrupted: kept on the server, encrypted, and given back to their own author."""

from django.http import QueryDict
from django.urls import Resolver404, resolve

from portal.access import own, sessions
from portal.access.actors import SYSTEM
from portal.accounts.models import User

LARGEST = 64 * 1024
_WAITING = "kept"
# The pages that call `take`; what nobody gives back, a search or an emergency's codes, is not kept either.
GIVEN_BACK = frozenset({
    "clinic:form", "oversight:approval", "oversight:stop", "lab:form-studio", "lab:card-change", "lab:dataset-new", "lab:model-new", "lab:dataset-columns",
    "lab:dataset-rights", "lab:dataset-summaries", "lab:evidence-case", "lab:evaluation-rows", "account:ask", "account:notice-settings", "clinic:share", "clinic:show", "lab:review", "lab:submit", "lab:owner", "lab:take-back", "lab:retire",
    "oversight:withdraw", "oversight:resume", "oversight:committee",
})  # fmt: skip


def has_form(path: str) -> bool:
    """Whether an address shows a form of ours that can be filled again."""
    try:
        name = resolve(path.partition("?")[0]).view_name
    except Resolver404:
        return False
    return name in GIVEN_BACK


def keep(request, path: str, typed: dict[str, list[str]]) -> bool:
    """Keep what was typed for the person whose session a limit ended here; False when there is nobody or nothing."""
    person = User.objects.filter(pk=sessions.ended_of(request), is_active=True).first()
    size = sum(len(text) for values in typed.values() for text in values)
    if person is None or size > LARGEST or len(path) > 300 or not has_form(path):
        return False
    own.keep_form(by=SYSTEM, on=person, path=path, typed=typed)
    return True


def remember(request, person) -> None:
    """Note at the sign-in for which pages something waits, so that other pages need not ask."""
    paths = own.kept_paths(by=SYSTEM, on=person)
    if paths:
        request.session[_WAITING] = paths


def take(request) -> QueryDict | None:
    """What the person had typed on this page before a limit ended the session; None otherwise."""
    waiting, path = request.session.get(_WAITING, []), request.get_full_path()
    if request.method != "GET" or path not in waiting:
        return None
    request.session[_WAITING] = [other for other in waiting if other != path]
    found = own.take_form(by=request.user, on=request.user.public_id, path=path)
    if found is None:
        return None
    typed = QueryDict(mutable=True)
    for name, values in found.items():
        typed.setlist(name, values)
    return typed
