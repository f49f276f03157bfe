"""The officer's queue of requests for access: who asked for what, who decides, how long it has waited."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access import grantable, policy
from portal.access import requests as verbs
from portal.access.permissions import Permission
from portal.access.states import RequestState
from portal.audit import purposes
from portal.core import clock


@require_safe
def requests(request):
    """What waits and what was decided, newest first; patients by their opaque id alone."""
    policy.require(request.user, Permission.CASE_REVIEW)
    state = request.GET.get("state") if request.GET.get("state") in RequestState else RequestState.PENDING
    rows = verbs.list_requests(by=request.user, state=state, limit=200)
    context = {
        "requests": [(row, grantable.kind_of(row), purposes.WORDS.get(row.purpose, row.purpose)) for row in rows],
        "state": state,
        "states": RequestState.choices,
        "late": clock.now() - verbs.REMIND_AFTER,
    }
    return render(request, "oversight/requests.html", context)
