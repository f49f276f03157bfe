"""The officers' queue of cases, one case and its review, and why somebody has access."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import cases, explain, grants, policy, requests
from portal.access.models import BreachAssessment, CaseOutcome, CaseState
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.records.emergency import CODES

EXPLAINED = (Permission.PATIENT_READ, Permission.PATIENT_LIST, Permission.PREDICTION_RUN, Permission.PREDICTION_READ,
             Permission.PATIENT_SHARE, Permission.BREAK_GLASS, Permission.MODEL_SEE, Permission.MODEL_REGISTER)  # fmt: skip
FACTORS = (
    ("nature", "What was seen: kind and extent of the data, and how easily it names the person"),
    ("who", "Who saw it, and to whom it may have gone"),
    ("acquired", "Whether it was really taken or viewed"),
    ("mitigation", "What was done to lessen the harm"),
)


@require_safe
def queue(request):
    """The cases, oldest due first."""
    state = CaseState.CLOSED if request.GET.get("state") == "closed" else CaseState.OPEN
    found = cases.list_cases(by=request.user, state=state)
    return render(request, "oversight/cases.html", {"cases": found, "state": state, "codes": CODES})


@require_http_methods(["GET", "HEAD", "POST"])
def case(request, case):
    """One case: what happened, what was seen, and the review."""
    if request.method == "POST":
        try:
            cases.close(
                by=request.user, on=case, outcome=request.POST.get("outcome", ""), note=request.POST.get("note", "")
            )
            messages.success(request, "Closed. Your finding is in the record.")
            return redirect("oversight:case", case)
        except BadInput as problem:
            return _case(request, case, errors=problem.errors, status=422)
        except Conflict as conflict:
            return _case(request, case, errors={"outcome": conflict.sentence}, status=409)
    return _case(request, case)


@require_POST
def assess(request, case):
    """Conclude the breach risk assessment."""
    try:
        factors = {name: request.POST.get(name, "") for name, _ in FACTORS}
        cases.assess(by=request.user, on=case, factors=factors, conclusion=request.POST.get("conclusion", ""))
        messages.success(request, "The assessment is concluded.")
    except BadInput as problem:
        return _case(request, case, errors=problem.errors, status=422)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    return redirect("oversight:case", case)


@require_safe
def why(request):
    """Why somebody may or may not: by which grants, and what removing each would change."""
    policy.require(request.user, Permission.ACCESS_EXPLAIN)
    typed, found, errors = request.GET, None, {}
    if typed.get("person") or typed.get("object"):
        try:
            found = explain.look(
                by=request.user, username=typed.get("person", "").strip(), permission=typed.get("permission", ""),
                object_type=typed.get("type", ""), object_id=typed.get("object", "").strip(),
            )  # fmt: skip
        except BadInput as problem:
            errors = problem.errors
    context = {
        "typed": typed, "found": found, "errors": errors, "permissions": EXPLAINED,
        "kinds": [(name, kind.word) for name, kind in grants.kinds().items()],
    }  # fmt: skip
    return render(request, "oversight/why.html", context, status=422 if errors else 200)


def _case(request, case, *, errors=None, status=200):
    row = cases.open_one(by=request.user, on=case)
    context = {
        "case": row, "grant": row.grant, "code": CODES.get(row.grant.code, ("", ""))[0],
        "views": requests.views_under(row.grant), "outcomes": CaseOutcome.choices, "factors": FACTORS,
        "assessment": BreachAssessment.objects.filter(case=row).first(), "errors": errors or {}, "typed": request.POST,
    }  # fmt: skip
    return render(request, "oversight/case.html", context, status=status)
