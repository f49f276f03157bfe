"""Showing a result to a colleague."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.core.problems import BadInput, Conflict
from portal.predictions import showing
from portal.web import kept
from portal.web.days import end_of, in_days

DAYS = 7


@require_http_methods(["GET", "HEAD", "POST"])
def show(request, prediction):
    """To whom the result may be shown; a form to ask one of them to look."""
    if request.method != "POST":
        return _page(request, prediction, typed=kept.take(request))
    given = request.POST
    try:
        name = showing.show(
            by=request.user, on=prediction, colleague=given.get("colleague", ""), words=given.get("words", ""),
            reason=given.get("reason", ""), share_until=end_of(in_days(DAYS)) if "share" in given else None,
        )  # fmt: skip
        messages.success(request, f"{name} is told, and finds the way to this result among their notices.")
    except BadInput as problem:
        return _page(request, prediction, typed=given, errors=problem.errors)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    return redirect("clinic:prediction", prediction)


def _page(request, prediction, *, typed=None, errors=None):
    typed = typed or {}
    choice = showing.open_choice(by=request.user, on=prediction, colleague=typed.get("colleague", ""))
    if choice.offer and "share" not in typed and not (errors or {}).keys() - {"colleague"}:
        # Not a fault but a question: what it takes is offered.
        errors = {}
    context = {
        "choice": choice, "prediction": choice.view, "patient": choice.view.patient, "errors": errors or {},
        "typed": typed, "restored": bool(typed) and request.method == "GET", "days": DAYS,
    }  # fmt: skip
    return render(request, "clinic/show.html", context, status=422 if errors else 200)
