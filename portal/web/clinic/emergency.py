"""Emergency access on one screen: record number, two identifiers, reason, both factors. No health data in addresses."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import policy
from portal.access.permissions import Permission
from portal.accounts import factors
from portal.core.problems import BadInput, Conflict
from portal.records import emergency

TEXTS = ("code", "text", "attested")


@require_http_methods(["GET", "HEAD", "POST"])
def page(request):
    """Find the patient by record number, then open the record."""
    policy.require(request.user, Permission.BREAK_GLASS)
    mrn = request.POST.get("mrn", "").strip()[:60]
    if request.method != "POST":
        return _page(request)
    patient, known = emergency.look_up(by=request.user, mrn=mrn)
    if patient is None:
        return _page(request, errors={"mrn": "No patient has this record number. Write the whole number."}, status=422)
    if known:
        messages.info(request, "You may open this record anyway; no emergency access was needed.")
        return redirect("clinic:patient", patient.public_id)
    if request.POST.get("step") != "open":
        return _page(request, patient=patient)
    try:
        grant = _open(request, patient)
    except BadInput as problem:
        return _page(request, patient=patient, errors=problem.errors, status=422)
    if grant:
        messages.warning(
            request, "Open for four hours, for you alone. It is recorded, and an audit officer reviews it."
        )
    return redirect("clinic:patient", patient.public_id)


@require_POST
def renew(request, grant):
    """Four more hours."""
    try:
        emergency.renew(by=request.user, on=grant)
        messages.success(request, "Four more hours from now.")
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    return redirect("clinic:patients")


@require_POST
def end(request, grant):
    """Close it now."""
    emergency.end(by=request.user, on=grant)
    messages.success(request, "Emergency access has ended.")
    return redirect("clinic:patients")


def _open(request, patient):
    given = {
        "code": request.POST.get("code", ""), "text": request.POST.get("text", ""),
        "attested": request.POST.get("attested") == "yes",
    }  # fmt: skip
    return emergency.open_record(by=request.user, on=patient.public_id, proof=lambda: _prove(request), **given)


def _prove(request) -> factors.Proof:
    try:
        return factors.prove(
            request.user, password=request.POST.get("password", ""), code=request.POST.get("one_time_code", "")
        )
    except BadInput as problem:
        names = {"code": "one_time_code"}  # on this page “code” is the reason
        raise BadInput({names.get(name, name): text for name, text in problem.errors.items()}) from None


def _page(request, *, patient=None, errors=None, status=200):
    context = {
        "patient": patient, "errors": errors or {}, "typed": request.POST,
        "codes": [(code, label) for code, (label, _) in emergency.CODES.items()], "hours": emergency.HOURS,
    }  # fmt: skip
    return render(request, "clinic/emergency.html", context, status=status)
