"""The committee itself: its seats and deputies; and what is signed besides a decision: withdrawing and resuming."""

from datetime import date

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Problem
from portal.registry import actions, signing
from portal.registry.review import conflicts, deciding, deputies, seats
from portal.web import kept, proofs
from portal.web.oversight import signed


@require_http_methods(["GET", "HEAD", "POST"])
def committee(request):
    """Who sits where, who stands in for whom, and one's own deputy."""
    policy.require(request.user, Permission.MODEL_REVIEW)
    errors = {}
    if request.method == "POST":
        try:
            _set_deputy(request)
            return redirect("oversight:committee")
        except BadInput as problem:
            errors = problem.errors
    typed = kept.take(request)
    named = deputies.standing()
    context = {
        "sitting": deputies.sitting(),
        "deputies": named,
        "mine": next((one for one in named if one.person_id == request.user.pk), None),
        "sits": bool(seats.held_by(request.user)),
        "colleagues": [one for one in seats.committee() if one.pk != request.user.pk],
        "typed": typed or request.POST,
        "errors": errors,
        "restored": bool(typed),
    }
    return render(request, "oversight/committee.html", context, status=422 if errors else 200)


@require_POST
def interest(request, version):
    """Declare an interest of one's own in a model."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_REVIEW, on)
    try:
        conflicts.declare(by=request.user, on=on, reason=request.POST.get("interest", ""))
        messages.success(request, "Declared. Somebody else decides about this model; the other reviewers read why.")
    except BadInput as problem:
        messages.error(request, problem.errors["interest"])
    except Problem as problem:
        messages.error(request, problem.sentence)
    return redirect("oversight:approval", on.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request, version):
    """Take one's own approval back, signed."""
    verb, may = actions.withdraw, deciding.may_withdraw
    return _signed(request, version, verb, may, "oversight/withdraw.html", "Withdrawn. Nothing new runs.")


@require_http_methods(["GET", "HEAD", "POST"])
def resume(request, version):
    """Let a stopped version run again, signed."""
    verb, may = actions.resume, deciding.may_resume
    return _signed(request, version, verb, may, "oversight/resume.html", "Signed. The version runs again.")


def _signed(request, version, verb, may, template: str, done: str):
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_REVIEW, on)
    now = signing.payload_sha256(on)
    about = f"{verb.__name__} {on.public_id} {now}"
    errors, status, typed = {}, 200, kept.take(request)
    if request.method == "POST":
        try:
            said = {"reason": request.POST.get("reason", ""), "seen": request.POST.get("seen", "")}
            signed.sign(request, on, verb, may, about=about, **said)
            messages.success(request, done)
            return redirect("lab:version", on.public_id)
        except Problem as problem:
            errors = problem.errors if isinstance(problem, BadInput) else {"reason": problem.sentence}
            status = problem.status
    context = {
        "version": on, "payload_sha256": now, "errors": errors, "typed": typed or request.POST, "restored": bool(typed),
        "proof": proofs.offer(request, about), "enough": signing.enough(signing.approvals(on)),
    }  # fmt: skip
    return render(request, template, context, status=status)


def _set_deputy(request) -> None:
    if request.POST.get("end"):
        deputies.end(by=request.user)
        messages.success(request, "You sign for yourself again.")
        return
    chosen = {one.public_id: one for one in seats.committee()}.get(request.POST.get("deputy", ""))
    named = deputies.name(by=request.user, deputy=chosen, until=_day(request.POST.get("until", "")))
    messages.success(request, f"{named.deputy.label} may sign in your place until {named.until:%-d %b %Y}.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
