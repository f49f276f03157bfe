"""Joiners and leavers."""

import secrets

from django.contrib import messages
from django.db.models import Q
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import actions as access
from portal.access import policy, roles
from portal.access.permissions import Permission
from portal.accounts import factors, fresh
from portal.accounts.models import User
from portal.compute import leavers
from portal.core.problems import BadInput
from portal.records import staff
from portal.registry.review import seats
from portal.registry.states import Seat
from portal.studies import queries as studies
from portal.web.hospital import reading

MOST = 200


@require_safe
def people(request):
    """Everyone with an account, those who left at the end."""
    policy.require(request.user, Permission.PERSON_MANAGE)
    rows = policy.visible_to(User.objects.prefetch_related("groups"), request.user, Permission.PERSON_MANAGE)
    search = request.GET.get("search", "").strip()[:80]
    for word in search.split():
        rows = rows.filter(Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word))
    shown = list(rows.order_by("-is_active", "username")[: MOST + 1])
    context = {"people": [_shown(row) for row in shown[:MOST]], "more": len(shown) > MOST, "search": search}
    return render(request, "hospital/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def join(request):
    """Add a person; the password and the second factor are shown in the answer and never again."""
    policy.require(request.user, Permission.PERSON_MANAGE)
    context = {"roles": roles.ROLES.values(), "typed": request.POST, "chosen": request.POST.getlist("roles")}
    if request.method == "POST":
        try:
            context["joined"] = _add(request)
        except BadInput as problem:
            context["errors"] = problem.errors
    return render(request, "hospital/join.html", context, status=422 if context.get("errors") else 200)


@require_safe
def person(request, person):
    """One person: roles, wards and studies."""
    on = reading.found(request.user, Permission.PERSON_MANAGE, User, person)
    context = {
        "person": on,
        "roles": [roles.ROLES[name].title for name in sorted(on.role_names) if name in roles.ROLES],
        "assignments": [(row, staff.standing(row)) for row in staff.assignments(request.user, person=on)],
        "covered": [(row, staff.standing(row)) for row in staff.assignments(request.user, covers=on)],
        "memberships": studies.memberships(user=on),
        "reviews": "reviewer" in on.role_names,
        "seats": [(seat, seat in seats.held_by(on)) for seat in Seat],
    }
    return render(request, "hospital/person.html", context)


@require_POST
def set_seats(request, person):
    """Give a reviewer their seats on the model committee, or take them."""
    on = reading.found(request.user, Permission.PERSON_MANAGE, User, person)
    fresh.require(request)
    try:
        seats.set_seats(by=request.user, on=on, seats=request.POST.getlist("seats"))
        messages.success(request, f"The seats of {on.label} on the model committee are set.")
    except BadInput as problem:
        messages.error(request, next(iter(problem.errors.values())))
    return redirect("hospital:person", on.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request, person):
    """Shut a person out; what ends is shown with counts before the button."""
    on = reading.found(request.user, Permission.PERSON_MANAGE, User, person)
    errors = {}
    if request.method == "POST":
        try:
            leavers.leave(by=request.user, on=on)
            messages.success(request, f"{on.label} is shut out. What they did stays in the record.")
            return redirect("hospital:person", on.public_id)
        except BadInput as problem:
            errors = problem.errors
    context = {"person": on, "ending": leavers.what_ends(request.user, on), "errors": errors}
    context["alone"] = leavers.left_alone(request.user, on)
    return render(request, "hospital/leave.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request, person):
    """Open the account of somebody who had left; they begin with no role and no ward."""
    on = reading.found(request.user, Permission.PERSON_MANAGE, User, person)
    if request.method != "POST":
        return render(request, "hospital/come_back.html", {"person": on})
    fresh.require(request)
    access.reactivate(by=request.user, on=on)
    messages.success(request, f"The account of {on.label} is open. Give the roles and wards that the work needs now.")
    return redirect("hospital:person", on.public_id)


def _add(request) -> dict:
    username, name = request.POST.get("username", "").strip(), request.POST.get("name", "").strip()
    _check_names(username, name)
    password = secrets.token_urlsafe(12)
    added = access.add_person(
        by=request.user, username=username, name=name, password=password, role_names=request.POST.getlist("roles")
    )
    return {"person": added, "password": password, "secret": factors.secret_of(added)}


def _check_names(username: str, name: str) -> None:
    errors = {}
    if (
        not 2 <= len(username) <= 40
        or not username.replace(".", "").replace("-", "").isalnum()
        or not username.isascii()
    ):
        errors["username"] = "User name: 2 to 40 letters, digits, points and hyphens, for example jane.doe."
    if not 2 <= len(name) <= 100:
        errors["name"] = "Name: write it as others should see it, 2 to 100 characters."
    if errors:
        raise BadInput(errors)


def _shown(row: User) -> dict:
    held = sorted(group.name for group in row.groups.all())
    return {"person": row, "roles": [roles.ROLES[name].title for name in held if name in roles.ROLES]}
