"""Answers that no cache keeps, and problems as pages that say what happened and what to do."""

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponseNotAllowed
from django.shortcuts import render

from portal.access.action import record
from portal.access.policy import Denied
from portal.accounts import passkeys
from portal.core.problems import Problem
from portal.web import matrix

_PAGES = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
logger = logging.getLogger(__name__)


class NoStoreMiddleware:
    """Pages of signed-in people never stay in a browser's cache (45 CFR 164.312(a)(2)(iii))."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response


class ProblemMiddleware:
    """Turns a Problem that a page's verb raised into a page with its sentence."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        declared = matrix.TABLE.get(request.resolver_match.view_name)
        if declared and request.method not in {*_PAGES, *declared[0]} and not request.path.startswith("/api/"):
            # Pages of other packages take a PUT for a POST, or answer it as if it were a GET.
            return HttpResponseNotAllowed(declared[0])
        # PostgreSQL takes no NUL in a text, and nobody types one.
        given = [*request.GET.values(), *(request.POST.values() if request.method == "POST" else ())]
        if any("\x00" in value for value in given):
            sentence = "A character was sent that no text may hold (NUL). Remove it and send again."
            return render(request, "problem.html", {"sentence": sentence}, status=400)
        credential = request.POST.get("credential", "") if request.method == "POST" else ""
        if credential and not passkeys.is_harmless(credential):
            sentence = "The passkey's answer was not accepted. Go back and use it once more."
            return render(request, "problem.html", {"sentence": sentence}, status=400)
        return None

    def process_exception(self, request, exception):
        if request.path.startswith("/api/"):
            return None
        if isinstance(exception, Denied):
            return refused(request, exception)
        if isinstance(exception, Problem):
            return render(request, "problem.html", {"sentence": exception.sentence}, status=exception.status)
        return None


def not_understood(request, exception):
    """What could not even be read; what is too large is found out before any page is asked."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "problem.html", {"sentence": "What you sent is too large. Send less of it."}, status=413)
    return render(request, "400.html", status=400)


def refused(request, denied: Denied):
    """An unseen object answers as if it did not exist; a seen but forbidden one says why; both are in the ledger."""
    if not getattr(denied, "recorded", False):
        record("access.denied", by=request.user, outcome="denied", detail={"page": request.resolver_match.view_name})
    if denied.hidden:
        return render(request, "404.html", status=404)
    return render(request, "403.html", {"why": denied.sentence}, status=403)
