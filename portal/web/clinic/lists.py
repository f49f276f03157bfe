"""My patients: what is shown of them, in which order, and which model runs from each line."""

from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal.predictions import worklist
from portal.records import actions as records
from portal.registry import queries as registry

SHOWS = ((worklist.ALL, "All"), (worklist.DUE, "Due"), (worklist.MARKED, "Marked"))
SORTS = ((worklist.NAME, "Name"), (worklist.NEWEST, "Newest result"), (worklist.DUE, "Due first"))
_MOST = 100_000


@require_http_methods(["GET", "HEAD", "POST"])
def patients(request):
    """The patients on my wards; a search is posted, so that no name or number stands in an address."""
    search = request.POST.get("search", "").strip()[:80]
    chosen = _chosen(request)
    # Whoever searches looks for one person, wherever in the list.
    found = worklist.open_list(
        by=request.user, search=search, **(chosen | {"show": worklist.ALL} if search else chosen)
    )
    runnable = registry.runnable(request.user)
    context = {
        "lines": found.lines,
        "counts": found.counts,
        "more": found.more,
        "search": search,
        "wards": _by_ward(found, runnable),
        "chosen": chosen,
        "address": _query(chosen),
        "shows": [(kind, words, found.counts.get(kind, 0), _query(chosen, show=kind)) for kind, words in SHOWS],
        "sorts": [(kind, words, _query(chosen, sort=kind)) for kind, words in SORTS],
        "more_address": _query(chosen, shown=chosen["shown"] + worklist.AT_ONCE),
    }
    return render(request, "clinic/patients.html", context)


@require_POST
def mark(request, patient):
    """Keep a patient first in my list, or no longer; back to the same line of the same list."""
    marked = records.mark(by=request.user, on=patient)
    messages.success(request, "Marked: first in your list." if marked else "No longer marked.")
    return redirect(f"{reverse('clinic:patients')}{_query(_chosen(request))}#p-{patient}")


def _chosen(request) -> dict:
    show, sort, shown = (request.GET.get(name, "") for name in ("show", "sort", "shown"))
    number = int(shown) if shown.isdecimal() and len(shown) < 7 else worklist.AT_ONCE
    return {
        "show": show if show in worklist.SHOWS else worklist.ALL,
        "sort": sort if sort in worklist.SORTS else worklist.NAME,
        "shown": min(max(number, worklist.AT_ONCE), _MOST),
    }


def _query(chosen: dict, **other) -> str:
    usual = {"show": worklist.ALL, "sort": worklist.NAME, "shown": worklist.AT_ONCE}
    said = {name: value for name, value in (chosen | other).items() if value != usual[name]}
    return f"?{urlencode(said)}" if said else ""


def _by_ward(found: worklist.Worklist, runnable: list) -> dict[str, list]:
    """Each ward's lines with the model to run: that of the newest result while it may run, else the first choice."""
    by_slug = {version.model.slug: version for version in runnable}
    first = worklist.first_choice(runnable, found.habit)
    wards: dict[str, list] = {}
    for line in found.lines:
        version = by_slug.get(line.newest.model, first) if line.newest else first
        wards.setdefault(line.patient.ward, []).append((line, version))
    return wards
