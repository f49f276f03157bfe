"""Computing on a dataset without seeing its rows: the form, the summaries one asked for, one answer."""

from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.core.problems import BadInput
from portal.datasets import asking, specs
from portal.web import kept


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_summaries(request, table):
    """What can be asked, and what one asked before."""
    on, columns, mine = asking.open_form(by=request.user, on=table)
    errors = {}
    if request.method == "POST":
        try:
            group = [request.POST.get("by-1", ""), request.POST.get("by-2", "")]
            asked = {"group": group, "of": request.POST.get("of", ""), "where": _criteria(request.POST)}
            return redirect("lab:summary", asking.request(by=request.user, on=table, **asked))
        except BadInput as problem:
            errors = {_FIELDS.get(name, name): sentence for name, sentence in problem.errors.items()}
    restored = kept.take(request)
    typed = restored or request.POST
    context = {
        "version": on, "dataset": on.dataset, "mine": mine, "errors": errors, "typed": typed, "restored": restored,
        "groups": specs.categorical(columns), "numbers": specs.numeric(columns), "columns": columns,
        "filterable": sorted({*specs.categorical(columns), *specs.numeric(columns)}),
        "tests": [*specs.CATEGORY_TESTS.items(), *specs.NUMBER_TESTS.items()],
        "conditions": [_condition(typed, place) for place in range(1, specs.MOST_CRITERIA + 1)],
    }  # fmt: skip
    return render(request, "lab/dataset_summaries.html", context, status=422 if errors else 200)


@require_safe
def summary(request, summary):
    """One summary, followed until it has ended."""
    return render(request, "lab/summary.html", {"summary": asking.open_summary(by=request.user, on=summary)})


@require_safe
def summary_status(request, summary):
    """The part of that page that changes."""
    return render(request, "lab/_summary_status.html", {"summary": asking.follow(by=request.user, on=summary)})


_FIELDS = {"by": "by-1", "where": "where-1"}


def _condition(typed, place: int) -> dict:
    names = {part: f"where-{place}" + ("" if part == "column" else f"-{part}") for part in ("column", "test", "value")}
    return {"place": place, "names": names} | {part: typed.get(name, "").strip() for part, name in names.items()}


def _criteria(typed) -> list[dict]:
    found = [_condition(typed, place) for place in range(1, specs.MOST_CRITERIA + 1)]
    return [one for one in found if one["column"] or one["value"]]
