"""What waits for the committee, signing, and the stop switch."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict, Problem
from portal.registry import actions, bundle, queries, reading, signing, spec
from portal.registry.review import chairing, checklist, conflicts, deciding, difference
from portal.registry.states import WAITING
from portal.web import kept, proofs
from portal.web.oversight import signed, words

# What is done, and what is asked before the proof is taken.
DECISIONS = {"approve": (actions.approve, deciding.may_approve), "refuse": (actions.refuse, deciding.may_refuse)}


@require_safe
def approvals(request):
    """The versions that wait, oldest first, with the day by which each should be decided."""
    policy.require(request.user, Permission.MODEL_REVIEW)
    return render(request, "oversight/approvals.html", {"waiting": queries.queue(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def approval(request, version):
    """One version with its evidence, and the signature."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_REVIEW, on)
    if request.method == "POST":
        return _decide(request, on)
    return _page(request, on, typed=kept.take(request))


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request, version):
    """Stop a version at once."""
    on = actions.open_version(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_STOP, on)
    if request.method != "POST":
        typed = kept.take(request)
        return render(request, "oversight/stop.html", {"version": on, "typed": typed, "restored": bool(typed)})
    try:
        actions.stop(by=request.user, on=on, reason=request.POST.get("reason", ""))
    except BadInput as problem:
        return render(
            request, "oversight/stop.html", {"version": on, "errors": problem.errors, "typed": request.POST}, status=422
        )
    messages.success(request, "Stopped. Nothing new runs; past results keep a banner.")
    return redirect("lab:version", on.public_id)


def _decide(request, on):
    given = request.POST
    decision, may = DECISIONS.get(given.get("decision", ""), (None, None))
    if decision is None:
        return _page(request, on, errors={"decision": "Choose approve or refuse."}, status=422)
    said = {"reason": given.get("reason", ""), "seen": given.get("seen", ""), "chair": given.get("chair") or None}
    try:
        signature = signed.sign(request, on, decision, may, about=_about(on), **said)
    except BadInput as problem:
        return _page(request, on, errors=problem.errors, status=422)
    except Problem as problem:
        return _page(request, on, errors={"decision": problem.sentence}, status=problem.status)
    messages.success(request, words.after(signature))
    return redirect("oversight:approvals")


def _about(on) -> str:
    # What is signed is part of the question: a passkey's answer to an older form or scope fits no more.
    return f"approval {on.public_id} {signing.payload_sha256(on)}"


def _barred(on, by, meaning: str) -> str:
    try:
        chairing.take(on, by, meaning)
    except Conflict as refusal:
        return refusal.sentence
    return ""


def _standing(on, by) -> dict:
    """How this person stands to the decision: what bars them, in which seats they may sign, what they have to do yet."""
    no_approval, no_refusal = _barred(on, by, "approval"), _barred(on, by, "refusal")
    # A stopped version is not refused any more: its approval is signed anew, or it stays stopped.
    may_refuse = on.state in WAITING and not no_refusal
    return {
        "waits": deciding.open_to_signatures(on),
        "barred": no_approval if no_approval and not may_refuse else "",
        "no_approval": no_approval,
        "may_refuse": may_refuse,
        "chairs": chairing.offered(on, by, "refusal" if no_approval else "approval"),
        "open_points": len(checklist.still_open(on, by)),
        "all_points": len(checklist.POINTS),
        "is_new": difference.of(on),
        "interests": conflicts.declared(on),
    }


def _page(request, on, **given):
    with reading.one_page():
        return _whole_page(request, on, **given)


def _whole_page(request, on, *, typed=None, errors=None, status=200):
    given = typed or request.POST
    context = {
        "version": on,
        "form": spec.form_of(on),
        "twins": queries.twins(request.user, on),
        "signatures": on.signatures.select_related("signer"),
        "payload_sha256": signing.payload_sha256(on),
        "covered": words.covered(),
        "missing": bundle.missing(on),
        "errors": errors or {},
        "proof": proofs.offer(request, _about(on)),
        "reason": given.get("reason", ""),
        "decision": given.get("decision", ""),
        "restored": bool(typed),
        **_standing(on, request.user),
        "chosen": given.get("chair", ""),
    }
    return render(request, "oversight/approval.html", context, status=status)
