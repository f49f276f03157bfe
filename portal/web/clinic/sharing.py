"""Sharing one patient with one colleague."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.core.problems import BadInput
from portal.records import sharing
from portal.web.days import end_of, in_days


@require_http_methods(["GET", "HEAD", "POST"])
def share(request, patient):
    """Who else has this patient; a form to add a colleague."""
    errors = {}
    if request.method == "POST":
        posted = request.POST
        try:
            sharing.share(
                by=request.user, on=patient, username=posted.get("colleague", ""), reason=posted.get("reason", ""),
                until=end_of(posted.get("until", "")),
            )  # fmt: skip
            messages.success(request, "Shared. Your colleague is told, and finds the patient among theirs.")
            return redirect("clinic:share", patient)
        except BadInput as problem:
            errors = problem.errors
    summary, shares = sharing.open_shares(by=request.user, on=patient)
    context = {
        "patient": summary, "shares": shares, "errors": errors, "typed": request.POST, "most": sharing.MOST_DAYS,
        "until": request.POST.get("until") or in_days(7),
    }  # fmt: skip
    return render(request, "clinic/share.html", context, status=422 if errors else 200)
