"""Who answers for a model: asking somebody else, and saying whether one will."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Problem
from portal.registry import actions
from portal.registry.review import owners, ownership
from portal.web import kept


@require_http_methods(["GET", "HEAD", "POST"])
def owner(request, version):
    """Ask somebody to answer for the model, or answer when one is asked."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_OWN, on)
    errors, status, typed = {}, 200, kept.take(request)
    if request.method == "POST":
        try:
            return _done(request, on)
        except Problem as problem:
            errors = problem.errors if isinstance(problem, BadInput) else {"to": problem.sentence}
            status = problem.status
    asked = ownership.waiting(on.model)
    context = {
        "version": on,
        "people": [one for one in owners.candidates(on.model) if one.pk != on.model.owner_id],
        "answers": not owners.gone(on.model),
        "asked": asked,
        "mine": asked is not None and asked.to_id == request.user.pk,
        "typed": typed or request.POST,
        "errors": errors,
        "restored": bool(typed),
    }
    return render(request, "lab/owner.html", context, status=status)


def _done(request, on):
    given = request.POST
    if given.get("answer") in ("yes", "no"):
        accepted = given["answer"] == "yes"
        ownership.answer(by=request.user, on=on, accepted=accepted)
        words = "You answer for this model now." if accepted else "Declined. Who asked you is told."
    else:
        chosen = {one.public_id: one for one in owners.candidates(on.model)}.get(given.get("to", ""))
        ownership.propose(by=request.user, on=on, to=chosen, words=given.get("words", ""))
        words = f"{chosen.label} is asked. Until they accept, nothing changes."
    messages.success(request, words)
    return redirect("lab:version", on.public_id)
