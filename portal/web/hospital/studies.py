"""Studies: opening one, its members and their last days."""

from django.contrib import messages
from django.core.validators import validate_slug
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import policy
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock
from portal.core.problems import BadInput
from portal.studies import actions, queries
from portal.studies.models import Study
from portal.web.hospital import reading


@require_http_methods(["GET", "HEAD", "POST"])
def studies(request):
    """Every study, and the form to open one."""
    policy.require(request.user, Permission.STUDY_MANAGE)
    errors = {}
    if request.method == "POST":
        try:
            slug, title = request.POST.get("slug", "").strip(), request.POST.get("title", "").strip()
            _check(slug, title)
            opened = actions.open_study(by=request.user, slug=slug, title=title)
            messages.success(request, f"{opened} is open. Add its first member.")
            return redirect("hospital:study", opened.public_id)
        except BadInput as problem:
            errors = problem.errors
    context = {"studies": queries.managed(request.user), "errors": errors, "typed": request.POST}
    return render(request, "hospital/studies.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def study(request, study):
    """One study: its members, and the form to add one."""
    on = reading.found(request.user, Permission.STUDY_MANAGE, Study, study)
    errors = {}
    if request.method == "POST":
        try:
            person = reading.person(request.POST, "person", "Who", roles=("scientist",))
            until = reading.ahead(request.POST, "until", "Until")
            leads = request.POST.get("leads") == "yes"
            actions.add_member(by=request.user, on=on, person=person, until=until, leads=leads)
            messages.success(request, f"{person.label} works in {on}.")
            return redirect("hospital:study", on.public_id)
        except BadInput as problem:
            errors = problem.errors
    now = clock.now()
    members = [(row, row.until is not None and row.until <= now) for row in queries.memberships(content_object=on)]
    context = {
        "leads": queries.leads(on),
        "study": on,
        "members": sorted(members, key=lambda pair: pair[1]),
        "scientists": reading.people_with("scientist"),
        "errors": errors,
        "typed": request.POST,
    }
    return render(request, "hospital/study.html", context, status=422 if errors else 200)


@require_POST
def member_end(request, study, person):
    """End a membership now."""
    on = reading.found(request.user, Permission.STUDY_MANAGE, Study, study)
    member = reading.found(request.user, Permission.PERSON_MANAGE, User, person)
    actions.remove_member(by=request.user, on=on, person=member)
    messages.success(request, f"Ended. {member.label} sees nothing of {on} through it any more.")
    return redirect("hospital:study", on.public_id)


def _check(slug: str, title: str) -> None:
    errors = {}
    try:
        validate_slug(slug)
    except Exception:
        slug = ""
    if not 2 <= len(slug) <= 50 or slug != slug.lower():
        errors["slug"] = "Short name: 2 to 50 small letters, digits and hyphens, for example stroke-2027."
    if not 3 <= len(title) <= 120:
        errors["title"] = "Title: 3 to 120 characters."
    if errors:
        raise BadInput(errors)
