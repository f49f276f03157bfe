"""Trying a version on the hospital's own rows: naming them, starting it, the part of the page that follows it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.registry import spec
from portal.registry.evidence import judging
from portal.web import kept
from portal.web.lab import metric_rows

_FORM = ["GET", "HEAD", "POST"]


@require_safe
def evaluation_status(request, version):
    """The part of the evidence page that changes while a version is tried."""
    page = judging.follow(by=request.user, on=version)
    may = policy.decide(request.user, Permission.MODEL_EVALUATE, page.version).allowed
    return render(request, "lab/_evaluation_status.html", context(request, page, may))


@require_POST
def evaluation_run(request, version):
    """Try the version on the rows that were named last."""
    judging.evaluate(by=request.user, on=version)
    return redirect("lab:evidence", version)


@require_http_methods(_FORM)
def evaluation_rows(request, version):
    """The form in which the rows are named: first the table, then what its columns hold."""
    given, errors = request.POST or request.GET, {}
    tables = {"table": given.get("table", ""), "trained_on": given.get("trained_on", "")}
    page = judging.open_form(by=request.user, on=version, **tables)
    form = spec.form_of(page.version)
    if request.method == "POST":
        try:
            judging.name(by=request.user, on=version, plan=_plan(request.POST, form), **tables)
            messages.success(request, "Named. Versions of this model can be tried on these rows now.")
            return redirect("lab:evidence", version)
        except BadInput as problem:
            errors = problem.errors
    restored = kept.take(request)
    typed = restored or given
    rows = [
        (field, f"column.{field.name}", typed.get(f"column.{field.name}") or _same(field, page))
        for field in form.fields
        if field.asked
    ]
    context = {"page": page, "version": page.version, "rows": rows, "typed": typed, "errors": errors, "restored": restored,
               "chosen_groups": typed.getlist("groups"), **tables}  # fmt: skip
    return render(request, "lab/evaluation_rows.html", context, status=422 if errors else 200)


def context(request, page: judging.EvaluationPage, may: bool) -> dict:
    """What the fragment shows."""
    answer = page.shown.answer if page.shown else None
    mine = request.user.pk in (page.version.created_by_id, page.version.model.owner_id)
    return {
        "evaluation": page,
        "version": page.version,
        "may_evaluate": may,
        "mine": mine,
        "metrics": metric_rows.of(answer) if answer else None,
    }


def _plan(typed, form) -> dict:
    names = ("label", "time", "thresholds", "patient", "training")
    columns = {
        field.name: typed.get(f"column.{field.name}", "") for field in form.fields if field.asked and not field.setting
    }
    return {
        "columns": columns,
        "groups": typed.getlist("groups"),
        **{name: typed.get(name, "").strip() for name in names},
    }


def _same(field, page) -> str:
    return field.name if field.name in page.columns else ""
