"""How the machines are: jobs, and the walls around models that are in force here."""

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.compute import actions
from portal.compute.runtime.client import Client, ScorerUnavailable

WORDS = {
    "cleared environment": "starts with an empty environment: no secret to read",
    "bubblewrap": "sees no file but its own and the libraries, and no other process",
    "no network": "reaches no address, not even this machine's",
    "rlimits": "has a limit on memory and on what it writes",
    "no_new_privs": "cannot gain rights by starting programs",
    "landlock": "is fenced in by the kernel: files, TCP and signals",
    "unprivileged user": "runs as nobody",
}


@require_safe
def system(request):
    """The page for administrators and audit officers."""
    jobs = actions.view_system(by=request.user)
    try:
        found = Client(str(settings.SCORER_SOCKET)).status(timeout=3)
    except ScorerUnavailable:
        found = None
    offered = found["layers"] if found else []
    minimum = [*settings.SCORER_MINIMUM, *settings.SCORER_MINIMUM_CODE]
    missing = [wall for wall in minimum if not any(layer.startswith(wall) for layer in offered)]
    context = {
        "jobs": sorted(jobs.items()),
        "scorer": found,
        "layers": [
            (layer, WORDS.get(layer.split()[0] if layer.startswith("landlock") else layer, "")) for layer in offered
        ],
        "missing": missing,
        "minimum": minimum,
    }
    return render(request, "system.html", context)
