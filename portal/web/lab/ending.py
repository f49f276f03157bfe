"""Taking back what was proposed, and retiring what was approved: each a reason and one press."""

from dataclasses import dataclass

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Problem
from portal.registry import actions
from portal.web import kept


@dataclass(frozen=True)
class Words:
    """What the page of one way out says."""

    title: str
    says: str
    label: str
    press: str
    tone: str
    done: str


_BACK = Words(
    "Take back", "The version becomes a draft again: reviewers do not see it until it is submitted again.",
    "Reason, as it will stand in the discussion", "Take it back", "main", "Taken back. It is a draft again.",
)  # fmt: skip
_RETIRE = Words(
    "Retire", "This version ends for good: nobody can run it, and nothing brings it back. What waits in the queue is"
    " refused. Results stay readable and say that the version was retired, and why.",
    "Reason, as people on the wards will read it", "Retire it for good", "danger", "Retired. Its results stay readable.",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request, version):
    """Make a draft again of what was proposed."""
    return _end(request, version, Permission.MODEL_SUBMIT, actions.take_back, _BACK)


@require_http_methods(["GET", "HEAD", "POST"])
def retire(request, version):
    """End a version for good."""
    return _end(request, version, Permission.MODEL_OWN, actions.retire, _RETIRE)


def _end(request, version, permission: Permission, verb, words: Words):
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, permission, on)
    errors, status, typed = {}, 200, kept.take(request)
    if request.method == "POST":
        try:
            verb(by=request.user, on=on, reason=request.POST.get("reason", ""))
            messages.success(request, words.done)
            return redirect("lab:version", on.public_id)
        except Problem as problem:
            errors = problem.errors if isinstance(problem, BadInput) else {"reason": problem.sentence}
            status = problem.status
    context = {
        "version": on, "words": words, "errors": errors, "typed": typed or request.POST, "restored": bool(typed),
    }  # fmt: skip
    return render(request, "lab/ending.html", context, status=status)
