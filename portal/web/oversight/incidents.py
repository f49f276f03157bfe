"""The committee's view of what clinicians say: reports of problems, and how often results are not followed."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.core.problems import BadInput, Conflict
from portal.predictions import feedback
from portal.predictions import incidents as verbs


@require_safe
def incidents(request):
    """What waits, harm first; or what was closed; and the override rates."""
    closed = request.GET.get("closed") == "1"
    context = {
        "incidents": verbs.list_incidents(by=request.user, closed=closed),
        "closed": closed,
        "rates": feedback.override_rates(by=request.user),
        "smallest": feedback.SMALLEST,
    }
    return render(request, "oversight/incidents.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def incident(request, incident):
    """One report, and the answer that closes it."""
    errors = {}
    if request.method == "POST":
        try:
            verbs.close(by=request.user, on=incident, answer=request.POST.get("answer", ""))
            messages.success(request, "Closed. Who reported it reads your answer.")
            return redirect("oversight:incidents")
        except BadInput as problem:
            errors = problem.errors
        except Conflict as conflict:
            errors = {"answer": conflict.sentence}
    context = {"incident": verbs.open_incident(by=request.user, on=incident), "errors": errors, "typed": request.POST}
    return render(request, "oversight/incident.html", context, status=422 if errors else 200)
