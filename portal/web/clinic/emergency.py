"""Emergency access: one screen, two identifiers, a reason, both factors."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.records import emergency as verbs
from portal.records.emergency import HOURS, REASONS
from portal.web import proofs


@require_http_methods(["GET", "HEAD", "POST"])
def emergency(request):
    """Find one patient by two identifiers, then open the record for some hours."""
    policy.require(request.user, Permission.BREAK_GLASS)
    if request.method != "POST":
        return _page(request)
    try:
        patient = verbs.find(
            by=request.user, mrn=request.POST.get("mrn", "")[:40], birth_date=request.POST.get("birth_date", "")[:10]
        )
    except BadInput as problem:
        return _page(request, errors=problem.errors, status=422)
    return _start(request, patient) if "code" in request.POST else _page(request, patient=patient)


@require_POST
def renew(request, access):
    """Some more hours."""
    found = verbs.renew(by=request.user, on=access)
    messages.success(request, "You have more time.")
    return redirect("clinic:patient", found.object_id)


@require_POST
def end(request, access):
    """Give the access back."""
    verbs.end(by=request.user, on=access)
    messages.success(request, "The emergency access is over.")
    return redirect("clinic:patients")


def _start(request, patient):
    given = request.POST
    try:
        proof = _proof(request, patient) if given.get("attested") else None
        verbs.start(
            by=request.user, on=patient.public_id, code=given.get("code", ""), text=given.get("text", ""),
            attested=bool(given.get("attested")), proof=proof,
        )  # fmt: skip
    except BadInput as problem:
        return _page(request, patient=patient, errors=problem.errors, status=422)
    except Conflict as conflict:
        messages.info(request, conflict.sentence)
        return redirect("clinic:patient", patient.public_id)
    messages.warning(request, f"The record is open to you for {HOURS} hours. The privacy office has been told.")
    return redirect("clinic:patient", patient.public_id)


def _proof(request, patient):
    given = request.POST
    if not given.get("code") or not (given.get("password") or given.get("credential")):
        return None
    return proofs.take(
        request, _about(patient), field="one_time_code", purpose="ETREAT",
        patient=patient.public_id, object_type="patient", object_id=patient.public_id,
    )  # fmt: skip


def _about(patient) -> str:
    return f"emergency {patient.public_id}"


def _page(request, *, patient=None, errors=None, status=200):
    context = {"patient": patient, "errors": errors or {}, "typed": request.POST, "reasons": REASONS, "hours": HOURS}
    if patient:
        context["proof"] = proofs.offer(request, _about(patient))
    return render(request, "clinic/emergency.html", context, status=status)
