"""Sharing one patient with one colleague."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.core.problems import BadInput
from portal.records import sharing
from portal.web import kept
from portal.web.days import end_of, in_days


@require_http_methods(["GET", "HEAD", "POST"])
def share(request, patient):
    """Who else has this patient; a form to add a colleague."""
    if request.method != "POST":
        return _page(request, patient, typed=kept.take(request))
    given = request.POST
    try:
        sharing.share(
            by=request.user, on=patient, username=given.get("colleague", ""), words=given.get("words", ""),
            until=end_of(given.get("until", "")),
        )  # fmt: skip
    except BadInput as problem:
        return _page(request, patient, typed=given, errors=problem.errors)
    messages.success(request, "Shared. Your colleague is told, and finds the patient among theirs.")
    return redirect("clinic:share", patient)


def _page(request, patient, *, typed=None, errors=None):
    summary, shares, names = sharing.open_shares(by=request.user, on=patient)
    context = {
        "patient": summary, "shares": shares, "names": names, "errors": errors or {}, "typed": typed or {}, "most": sharing.MOST_DAYS,
        "until": (typed or {}).get("until") or in_days(7),
    }  # fmt: skip
    return render(request, "clinic/share.html", context, status=422 if errors else 200)
