"""What stands between a signed-in person and a page: the limits of the session, and the second factor."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from portal.access import sessions
from portal.web import kept

# Asked by pages on their own: nobody did anything.
_PASSIVE = frozenset(
    {
        "clinic:prediction-status",
        "lab:dataset-version-status",
        "lab:summary-status",
        "lab:evidence-status",
        "lab:evaluation-status",
        "lab:arrival-status",
        "lab:files-status",
        "account:session-status",
        "account:keep",
        "healthz",
        "readyz",
    }
)
_WITHOUT_FACTOR = frozenset({
    "account_logout", "account_reauthenticate", "account_inactive", "account:session-status", "account:session-extend",
    "account:keep", "healthz", "readyz",
})  # fmt: skip


class SessionLimitMiddleware:
    """Ends sessions at their idle and absolute limits, and keeps the form that a limit interrupted."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.user.is_authenticated:
            seconds, idle = sessions.left(request)
            if seconds:
                if not _passive(request):
                    sessions.touch(request.session)
                return None
            _end(request, idle)
        if getattr(view, "login_required", True) and (request.method == "POST" or request.htmx):
            return _to_sign_in(request)
        return None


class SecondFactorMiddleware:
    """Leads a person whose role asks for a second factor to add one before any other page opens."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        route = request.resolver_match.view_name
        if settings.DEMO and route.startswith("mfa_") and route != "mfa_index":
            return redirect("mfa_index")
        if settings.DEMO or not request.user.is_authenticated or _open(route):
            return None
        if sessions.has_needed_factor(request):
            return None
        return redirect("mfa_index")


def _passive(request) -> bool:
    return request.resolver_match.view_name in _PASSIVE or "X-Background" in request.headers


def _end(request, idle: bool) -> None:
    minutes = sessions.idle_seconds(request.user) // 60
    sessions.end(request, "idle" if idle else "absolute")
    if idle:
        messages.warning(request, f"You were signed out after {minutes} minutes without activity. Sign in to go on.")
    else:
        hours = settings.SESSION_COOKIE_AGE // 3600
        messages.warning(request, f"You were signed out, because a session lasts {hours} hours. Sign in to go on.")


def _to_sign_in(request):
    """To the sign-in, and from there back to the form with what was typed; a fragment sends the whole page there."""
    path = request.get_full_path()
    if request.method == "POST" and kept.keep(request, path, dict(request.POST.lists())):
        messages.info(request, "What you typed is kept and comes back after the sign-in. Nothing was sent.")
    elif request.method == "POST" or request.htmx:
        path = _page_of(request)
    address = f"{reverse('account_login')}?{urlencode({'next': path})}"
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _page_of(request) -> str:
    parts = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/")
    return parts.path if not parts.netloc or parts.netloc == request.get_host() else "/"


def _open(route: str) -> bool:
    return route in _WITHOUT_FACTOR or route.startswith("mfa_")
