"""Showing a result to a colleague."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.core import days
from portal.core.problems import BadInput, Conflict
from portal.predictions import showing
from portal.records import colleagues
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
        told = showing.show(
            by=request.user, on=prediction, colleague=_named(given), words=given.get("words", ""),
            reason=given.get("reason", ""), share_until=end_of(in_days(DAYS)) if "share" in given else None,
        )  # fmt: skip
        messages.success(request, _receipt(told))
    except BadInput as problem:
        return _page(request, prediction, typed=given, errors=problem.errors)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    return redirect("clinic:prediction", prediction)


def _named(typed) -> str:
    """What was chosen of several that fit, unless something else was typed since."""
    chosen, text = typed.get("chosen", ""), typed.get("colleague", "")
    return chosen if chosen and colleagues.like(text, {chosen: None}) else text


def _receipt(told: showing.Told) -> str:
    first = f"{told.name} is told, and finds the way to this result among their notices."
    if told.until is None:
        return first
    return f"{first} {told.name} can open this patient until the end of {days.said(in_days(DAYS))}."


def _page(request, prediction, *, typed=None, errors=None):
    typed = typed or {}
    choice = showing.open_choice(by=request.user, on=prediction, colleague=_named(typed))
    if choice.offer and "share" not in typed and not (errors or {}).keys() - {"colleague"}:
        # Not a fault but a question: what it takes is offered.
        errors = {}
    context = {
        "choice": choice, "prediction": choice.view, "patient": choice.view.patient, "errors": errors or {},
        "typed": typed, "restored": bool(typed) and request.method == "GET", "days": DAYS,
    }  # fmt: skip
    return render(request, "clinic/show.html", context, status=422 if errors else 200)
