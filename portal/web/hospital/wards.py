"""Wards and who works there: assignments, shift cover, movers."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.records import actions as records
from portal.records import staff
from portal.records.models import CareRelationship, CareUnit
from portal.web.hospital import reading


@require_safe
def wards(request):
    """Every ward with how many people work there."""
    policy.require(request.user, Permission.UNIT_ASSIGN)
    return render(request, "hospital/wards.html", {"wards": staff.units(request.user)})


@require_safe
def ward(request, unit):
    """One ward: who works there, and the form to add somebody."""
    return _page(request, reading.found(request.user, Permission.UNIT_ASSIGN, CareUnit, unit))


@require_POST
def assign(request, unit):
    """Let somebody work on a ward, from when until when, for themselves or covering a colleague."""
    on = reading.found(request.user, Permission.UNIT_ASSIGN, CareUnit, unit)
    try:
        person = reading.person(request.POST, "person", "Who", roles=("clinician",))
        since = reading.moment(request.POST, "since", "From")
        until = reading.ahead(request.POST, "until", "Until")
        covers = reading.person(request.POST, "covers", "Covers for", needed=False)
        _check_cover(person, covers, until)
        leads = request.POST.get("leads") == "yes"
        row = records.assign(
            by=request.user, on=on, person=person, since=since, until=until, covers=covers, leads=leads
        )
    except BadInput as problem:
        return _page(request, on, errors=problem.errors, status=422)
    begins = "works" if staff.standing(row) == "running" else "will work"
    messages.success(request, f"{person.label} {begins} on {on}.")
    return redirect("hospital:ward", on.public_id)


@require_POST
def end(request, assignment):
    """End an assignment now."""
    on = reading.found(request.user, Permission.UNIT_ASSIGN, CareRelationship, assignment)
    try:
        records.end_assignment(by=request.user, on=on)
        messages.success(request, f"Ended. {on.person.label} sees no patient of {on.care_unit} through it any more.")
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
    return redirect("hospital:ward", on.care_unit.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def move(request, assignment):
    """Another ward in one step: the old assignment ends and the new one begins in the same moment."""
    on = reading.found(request.user, Permission.UNIT_ASSIGN, CareRelationship, assignment)
    errors = {}
    if request.method == "POST":
        try:
            chosen = staff.units(request.user).filter(public_id=request.POST.get("to", "")).first()
            if chosen is None:
                raise BadInput({"to": "To: choose one of the wards in the list."})
            records.move_person(by=request.user, on=on, to=chosen)
            messages.success(request, f"{on.person.label} moved from {on.care_unit} to {chosen}.")
            return redirect("hospital:person", on.person.public_id)
        except BadInput as problem:
            errors = problem.errors
        except Conflict as conflict:
            errors = {"to": conflict.sentence}
    context = {"assignment": on, "wards": staff.units(request.user).exclude(pk=on.care_unit_id), "errors": errors}
    return render(request, "hospital/move.html", context, status=422 if errors else 200)


def _check_cover(person, covers, until) -> None:
    if covers and not until:
        raise BadInput({"until": "Until: a shift cover needs an end."})
    if covers and covers.pk == person.pk:
        raise BadInput({"covers": "Covers for: choose the colleague whose shift it is, not the same person."})


def _page(request, unit, *, errors=None, status=200):
    rows = staff.assignments(request.user, care_unit=unit)
    context = {
        "unit": unit,
        "assignments": [(row, staff.standing(row)) for row in rows],
        "leads": staff.leads(unit),
        "let_in": staff.let_in(unit),
        "clinicians": reading.people_with("clinician"),
        "errors": errors or {},
        "typed": request.POST,
    }
    return render(request, "hospital/ward.html", context, status=status)
