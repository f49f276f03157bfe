"""What stands between a signed-in person and a page: the second factor that their role asks for."""

from django.conf import settings
from django.shortcuts import redirect

from portal.access import sessions

_WITHOUT_FACTOR = frozenset({"account_logout", "account_reauthenticate", "account_inactive", "healthz", "readyz"})


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


def _open(route: str) -> bool:
    return route in _WITHOUT_FACTOR or route.startswith("mfa_")
