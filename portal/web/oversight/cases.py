"""The officer's queue of emergency accesses, and the review that closes one."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import cases as verbs
from portal.access.states import CaseOutcome
from portal.core.problems import BadInput, Conflict
from portal.records import overrides
from portal.records.emergency import REASONS


@require_safe
def cases(request):
    """What waits, urgent and oldest due first; or what was closed."""
    closed = request.GET.get("closed") == "1"
    rows = verbs.list_cases(by=request.user, closed=closed)
    context = {"cases": rows, "closed": closed, "reasons": REASONS, "rates": overrides.rates(by=request.user)}
    return render(request, "oversight/cases.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def case(request, case):
    """One case: why, for how long, and what was done; then the outcome."""
    errors = {}
    if request.method == "POST":
        try:
            verbs.close(
                by=request.user, on=case, outcome=request.POST.get("outcome", ""), note=request.POST.get("note", ""),
                assessment={name: request.POST.get(name, "")[: verbs.TEXT_AT_MOST] for name in verbs.FACTORS},
            )  # fmt: skip
            messages.success(request, "Closed. What you found is in the record.")
            return redirect("oversight:cases")
        except BadInput as problem:
            errors = problem.errors
        except Conflict as conflict:
            errors = {"outcome": conflict.sentence}
    evidence = verbs.open_evidence(by=request.user, on=case)
    context = {
        "case": evidence.case,
        "events": evidence.events,
        "reason": REASONS.get(evidence.case.grant.code, ""),
        "outcomes": CaseOutcome.choices,
        "factors": [
            (name, label, request.POST.get(name, ""), errors.get(name, "")) for name, label in verbs.FACTORS.items()
        ],
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "oversight/case.html", context, status=422 if errors else 200)
