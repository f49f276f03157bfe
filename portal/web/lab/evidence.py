"""The evidence of a version: its acceptance cases, what came of them, running them, adding and removing one."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.registry import spec
from portal.registry.evidence import actions
from portal.web import kept
from portal.web.lab import case_form, case_rows, evaluation


@require_safe
def evidence(request, version):
    """The cases of a version, their last verdicts, and the runs before."""
    return render(request, "lab/evidence.html", _context(request, actions.open_cases(by=request.user, on=version)))


@require_safe
def evidence_status(request, version):
    """The part of that page that changes while the cases run."""
    return render(request, "lab/_evidence_status.html", _context(request, actions.follow(by=request.user, on=version)))


@require_POST
def evidence_run(request, version):
    """Run the cases now."""
    actions.run(by=request.user, on=version)
    return redirect("lab:evidence", version)


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_case(request, version):
    """The form of a new case: the questions that a clinician is asked, and what the model must answer."""
    page = actions.open_cases(by=request.user, on=version)
    policy.require(request.user, Permission.MODEL_PROVE, page.version)
    errors = {}
    if request.method == "POST":
        try:
            actions.add(by=request.user, on=version, case=case_form.read(request.POST, page.version))
            messages.success(request, "Added. The cases run again before anyone can sign.")
            return redirect("lab:evidence", version)
        except BadInput as problem:
            errors = case_form.errors_of(problem.errors)
    restored = kept.take(request)
    typed = restored or request.POST
    form = spec.form_of(page.version)
    context = {
        "version": page.version, "open": page.open, "restored": restored, "errors": errors, "typed": typed,
        "file": next((field for field in form.fields if field.is_file), None),
        "groups": case_form.questions(form, typed), "columns": (columns := case_form.columns(page.version, typed)),
        "others_open": case_form.others_given(columns, errors),
    }  # fmt: skip
    return render(request, "lab/evidence_case.html", context, status=422 if errors else 200)


@require_POST
def evidence_case_remove(request, version, place):
    """Take a case away."""
    actions.remove(by=request.user, on=version, number=place)
    messages.success(request, "Removed. The cases that are left run again.")
    return redirect("lab:evidence", version)


def _context(request, page) -> dict:
    may = policy.decide(request.user, Permission.MODEL_PROVE, page.version).allowed
    may_evaluate = policy.decide(request.user, Permission.MODEL_EVALUATE, page.version).allowed
    return {
        **evaluation.context(request, page.evaluation, may_evaluate),
        "page": page, "version": page.version, "rows": case_rows.of(page), "may_prove": may, "may_change": may and page.open
    }  # fmt: skip
