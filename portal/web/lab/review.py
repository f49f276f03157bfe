"""The review of a version: what is new in it, each reviewer's checklist, and what people say about it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Problem
from portal.registry import actions
from portal.registry.models import ReviewAnswer
from portal.registry.review import checklist, deciding, difference, discussion, seats
from portal.web import kept


@require_safe
def review(request, version):
    """Everything that a reviewer looks at besides the evidence itself."""
    on = actions.open_version(by=request.user, on=version)
    return _page(request, on, typed=kept.take(request))


@require_POST
def comment(request, version):
    """Say something about a version, or answer what was said."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_DISCUSS, on)
    given = request.POST
    try:
        discussion.comment(by=request.user, on=on, words=given.get("words", ""), answers=given.get("answers", ""))
    except BadInput as problem:
        return _page(request, on, errors=problem.errors, typed=given, status=422)
    messages.success(request, "Said. Everybody else who takes part is told.")
    return redirect("lab:review", on.public_id)


@require_POST
def answer(request, version):
    """Keep the answers of one's own checklist."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_REVIEW, on)
    try:
        left = checklist.answer(by=request.user, on=on, answers=_answers(request.POST))
    except Problem as problem:
        errors = problem.errors if isinstance(problem, BadInput) else {"checklist": problem.sentence}
        return _page(request, on, errors=errors, typed=request.POST, status=problem.status)
    if left:
        messages.success(request, f"Kept. {left} of {len(checklist.POINTS)} points are still open.")
        return redirect("lab:review", on.public_id)
    messages.success(request, "Your checklist is complete. You can sign now.")
    return redirect("oversight:approval", on.public_id)


def _answers(given) -> dict:
    return {point: (given[point], given.get(f"{point}-note", "")) for point in checklist.POINTS if given.get(point)}


def _page(request, on, *, errors=None, typed=None, status=200):
    by = request.user
    reviews = policy.decide(by, Permission.MODEL_REVIEW, on).allowed
    discusses = policy.decide(by, Permission.MODEL_DISCUSS, on).allowed
    context = {
        "version": on,
        "difference": difference.of(on),
        "discusses": discusses,
        "remarks": discussion.remarks(on) if discusses else [],
        "words": (typed or {}).get("words", ""),
        "answering": reviews and deciding.open_to_signatures(on),
        "points": _points(on, by, typed),
        "answers": ReviewAnswer.ANSWERS,
        "others": _others(on, by) if discusses else [],
        "errors": errors or {},
        "restored": bool(typed) and request.method == "GET",
    }
    return render(request, "lab/review.html", context, status=status)


def _points(on, by, typed) -> list[dict]:
    return [
        {
            "key": point.key,
            "statement": point.statement,
            "answer": (typed or {}).get(point.key, point.answer),
            "note": (typed or {}).get(f"{point.key}-note", point.note),
        }
        for point in checklist.points(on, by)
    ]


def _others(on, by) -> list[dict]:
    """What the other reviewers have answered so far."""
    found = [(person, checklist.points(on, person)) for person in seats.committee() if person.pk != by.pk]
    return [
        {
            "name": person.label,
            "points": points,
            "answered": sum(1 for point in points if point.answer),
            "noes": [point for point in points if point.answer == "no"],
        }
        for person, points in found
        if any(point.answer for point in points)
    ]
