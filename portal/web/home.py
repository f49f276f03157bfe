"""The front page sends each person to the first door of their roles; liveness and readiness for machines."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal.accounts import invented
from portal.core import glossary
from portal.web import guide, matrix
from portal.web.context import _doors


@require_safe
def home(request):
    """To the first door, or to a page that says whom to ask."""
    doors = _doors(request, request.user)
    return redirect(doors[0]["url"]) if doors else render(request, "home.html")


@require_safe
def words(request):
    """What one comes to do, then every word that needs one in a plain sentence, those of one's own roles first."""
    mine = request.user.role_names
    groups = sorted(glossary.groups(), key=lambda group: 0 if group.role in mine else 2 if group.role else 1)
    return render(request, "help.html", {"groups": groups, "tasks": guide.tasks_of(request.user)})


def from_elsewhere(request, reason=""):
    """A form whose page was opened before the person signed in anew, or that another site sent; nothing was done."""
    again = request.get_full_path() if "GET" in matrix.TABLE.get(request.resolver_match.view_name, [()])[0] else ""
    return render(request, "403_csrf.html", {"again": again}, status=403)


@login_not_required
@require_safe
def healthz(request):
    """The process answers."""
    return JsonResponse({"ok": True})


@login_not_required
@require_safe
def readyz(request):
    """The database answers too."""
    try:
        connection.ensure_connection()
    except DatabaseError:
        return JsonResponse({"ok": False, "down": "database"}, status=503)
    if settings.PRODUCTION and invented.active():
        return JsonResponse({"ok": False, "down": "demonstration people are in the database"}, status=503)
    return JsonResponse({"ok": True})
