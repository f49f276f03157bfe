"""Who may do what with a dataset: the owner gives and ends rights, and sees what cannot be taken back."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.datasets import actions, rights
from portal.web import kept
from portal.web.hospital import reading

# Scientists work on datasets; reviewers have models tried on them.
_ROLES = ("scientist", "reviewer")


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_rights(request, dataset):
    """Everyone with a right, and the form to give one."""
    view = actions.open_dataset(by=request.user, on=dataset)
    policy.require(request.user, Permission.DATASET_OWN, view.dataset)
    errors = {}
    if request.method == "POST":
        try:
            person = reading.person(request.POST, "person", "Who", roles=_ROLES)
            until = reading.ahead(request.POST, "until", "Until")
            right, words = request.POST.get("right", ""), request.POST.get("words", "")
            rights.give(by=request.user, on=dataset, person=person, right=right, words=words, until=until)
            messages.success(request, f"Given. {person.label}: {rights.RIGHTS[right][1]}.")
            return redirect("lab:dataset-rights", dataset)
        except BadInput as problem:
            errors = problem.errors
        except Conflict as problem:
            errors = {"person": problem.sentence}
    on, held = rights.view(by=request.user, on=dataset)
    restored = kept.take(request)
    people = [person for person in reading.people_with(*_ROLES) if person.pk != on.owner_id]
    context = {"dataset": on, "held": held, "people": people, "choices": rights.RIGHTS.items(), "errors": errors,
               "typed": restored or request.POST, "restored": restored}  # fmt: skip
    return render(request, "lab/dataset_rights.html", context, status=422 if errors else 200)


@require_POST
def dataset_right_end(request, dataset, right):
    """End a right now."""
    ended = rights.end(by=request.user, on=dataset, grant=right)
    sentence = f"Ended. {ended.grant.person.label} no longer has the right “{ended.title}”."
    if ended.seen:
        messages.warning(request, f"{sentence} What they saw or downloaded before cannot be taken back.")
    else:
        messages.success(request, f"{sentence} They had not used it.")
    return redirect("lab:dataset-rights", dataset)
