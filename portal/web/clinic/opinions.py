"""What a clinician says about a result: a verdict, a retraction, a report of a problem."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.access import policy
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.monitoring import reliability
from portal.predictions import discussion, incidents, retraction
from portal.predictions import feedback as verdicts
from portal.predictions.states import DIRECTIONS, DOUBTS, FEEDBACK_REASONS, IncidentKind, RetractionReason, Verdict

_DIRECTED = ("risk", "survival", "number")
# Where the box of a field stands that more than one form has.
_FIELDS = {
    ("retract", "code"): "retract-code", ("retract", "words"): "retract-words", ("report", "words"): "report-words",
}  # fmt: skip


def show(request, prediction, *, errors=None, about="", status=200):
    """The page of one prediction, with the forms that say something about it."""
    found = discussion.open_page(by=request.user, on=prediction)
    said = {"errors": errors or {}, "about": about, "typed": request.POST}
    said["wrong"] = request.POST.get("verdict", "") if about == "feedback" else ""
    said["summary"] = {_place(about, name, said["wrong"]): sentence for name, sentence in (errors or {}).items()}
    return render(request, "clinic/prediction.html", _context(request, found) | said, status=status)


def follow(request, prediction):
    """The live part of that page."""
    found = discussion.follow(by=request.user, on=prediction)
    return render(request, "clinic/_prediction_status.html", _context(request, found) | {"swapped": True})


@require_POST
def feedback(request, prediction):
    """Agree, disagree or not applicable."""
    given = request.POST
    work = lambda: verdicts.give(  # noqa: E731
        by=request.user, on=prediction, verdict=given.get("verdict", ""), code=given.get("code", ""),
        words=given.get("words", ""),
    )  # fmt: skip
    return _do(request, prediction, "feedback", work)


@require_POST
def retract(request, prediction):
    """Mark the result as not to be used."""
    given = request.POST
    work = lambda: retraction.retract(  # noqa: E731
        by=request.user, on=prediction, code=given.get("code", ""), words=given.get("words", "")
    )
    return _do(request, prediction, "retract", work, _retracted)


@require_POST
def report(request, prediction):
    """Report a problem or possible harm."""
    given = request.POST
    work = lambda: incidents.report(  # noqa: E731
        by=request.user, on=prediction, kind=given.get("kind", ""), words=given.get("words", "")
    )
    return _do(request, prediction, "report", work)


def _place(about: str, name: str, verdict: str) -> str:
    """The id of what has to be mended."""
    if about == "feedback":
        return f"words-{verdict}" if name == "words" else about
    return _FIELDS.get((about, name), name)


def _context(request, found: discussion.Discussion) -> dict:
    done = found.view.state == "succeeded"
    # Whoever may open it may not be who runs models; pressing asks the policy anew.
    may_repeat = found.view.finished and not done and policy.decide(request.user, Permission.PREDICTION_RUN).allowed
    return {
        "may_repeat": may_repeat,
        "outlook": found.outlook,
        "calibration": reliability.beside(by=request.user, on=found.view.public_id) if done else None,
        "prediction": found.view,
        "page_at": clock.now(),
        "patient": found.view.patient,
        "discussion": found,
        "own": next((opinion for opinion in found.opinions if opinion.receipt), None),
        "choices": _choices(found) if done else [],
        "retractions": RetractionReason.choices,
        "incident_kinds": sorted(IncidentKind.choices, key=lambda kind: kind[0] != IncidentKind.HARM),
    }


def _choices(found: discussion.Discussion) -> list[tuple]:
    """What may be said of an answer instead of agreeing, each with the reasons that fit it."""
    directed = found.view.envelope["reading"]["kind"] in _DIRECTED
    for_disagreeing = [code for code in FEEDBACK_REASONS if directed or code not in DIRECTIONS]
    for_not_applying = [code for code in FEEDBACK_REASONS if code not in DOUBTS]
    return [
        (verdict, verdict.label, [(code, FEEDBACK_REASONS[code]) for code in codes if code != "other"])
        for verdict, codes in ((Verdict.DISAGREE, for_disagreeing), (Verdict.NOT_APPLICABLE, for_not_applying))
    ]


def _do(request, prediction, about: str, work, said=None):
    """Do it, and lead to the receipt that stands in the place of what was pressed, or say it on top."""
    try:
        done = work()
    except BadInput as problem:
        return show(request, prediction, errors=problem.errors, about=about, status=422)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
        return redirect("clinic:prediction", prediction)
    if said:
        messages.success(request, said(done))
    page = reverse("clinic:prediction", args=[prediction])
    return redirect(page if said else f"{page}#{about}-receipt")


def _retracted(told: int) -> str:
    if not told:
        return "Retracted. Nobody else had opened it."
    people = "One other person" if told == 1 else f"{told} other people"
    return f"Retracted. {people} had opened it and {'is' if told == 1 else 'are'} told."
