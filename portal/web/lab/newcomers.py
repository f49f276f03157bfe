"""Bringing a model in from the browser: an address or a zip, and following it until it has arrived."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.problems import BadInput
from portal.registry.intake import actions
from portal.registry.states import ArrivalState
from portal.studies.models import Study
from portal.web import kept

_MB = 1024**2


@require_http_methods(["GET", "HEAD", "POST"])
def model_new(request):
    """The form to bring a model in."""
    policy.require(request.user, Permission.MODEL_REGISTER)
    studies = list(policy.visible_to(Study.objects.order_by("title"), request.user, Permission.MODEL_REGISTER))
    errors = {}
    if request.method == "POST":
        try:
            return redirect("lab:arrival", _send(request, studies).public_id)
        except BadInput as problem:
            errors = problem.errors
    restored = kept.take(request)
    context = {
        "studies": studies, "errors": errors, "typed": restored or request.POST, "restored": restored,
        "most": settings.MODEL_MAX_BYTES // _MB, "files": settings.MODEL_MAX_FILES, "tracked": bool(settings.TRACKING_URI),
    }  # fmt: skip
    return render(request, "lab/model_new.html", context, status=422 if errors else 200)


@require_safe
def arrival(request, arrival):
    """A model on its way in; once it is there, its files."""
    found = actions.open_arrival(by=request.user, on=arrival)
    if found.state == ArrivalState.TAKEN:
        return redirect("lab:files", found.version.public_id)
    return render(request, "lab/arrival.html", _context(found))


@require_safe
def arrival_status(request, arrival):
    """The part of that page that changes; it leads on by itself once the model is there."""
    found = actions.follow_arrival(by=request.user, on=arrival)
    if found.state == ArrivalState.TAKEN and request.htmx:
        return HttpResponse(headers={"HX-Redirect": reverse("lab:files", args=[found.version.public_id])})
    return render(request, "lab/_arrival_status.html", _context(found))


def _context(found) -> dict:
    return {
        "arrival": found, "waits": found.state == ArrivalState.WAITING, "refused": found.state == ArrivalState.REFUSED,
    }  # fmt: skip


def _send(request, studies: list[Study]):
    if getattr(request, "upload_too_large", False):
        raise BadInput({"file": f"Zip: is larger than {settings.MODEL_MAX_BYTES // _MB:,} MB."})
    study = next((one for one in studies if one.public_id == request.POST.get("study")), None)
    if study is None:
        raise BadInput({"study": "Study: choose one that you belong to."})
    given = {name: request.POST.get(name, "") for name in ("address", "digest")}
    return actions.send(
        by=request.user, on=study, slug=request.POST.get("name", ""), upload=request.FILES.get("file"), **given
    )  # fmt: skip
