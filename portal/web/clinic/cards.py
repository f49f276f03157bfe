"""Training before first use: one page, one tick, one button, and back to the form."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from portal.access import policy
from portal.access.permissions import Permission
from portal.core.ids import PATTERN
from portal.core.problems import BadInput
from portal.registry import queries
from portal.registry.cards import actions, attestations, plain
from portal.registry.states import VersionState


@require_http_methods(["GET", "HEAD", "POST"])
def read(request, model):
    """What to know of a model before its first run, and the word that one read it; then back where one was."""
    version = _version(request, model)
    policy.require(request.user, Permission.PREDICTION_RUN, version)
    patient = request.GET.get("patient", "")
    patient = patient if PATTERN.match(patient) else ""
    errors = {}
    if request.method == "POST":
        try:
            attestations.attest(by=request.user, on=version, read="read" in request.POST)
            return redirect(_back(request, model, patient))
        except BadInput as problem:
            errors = problem.errors
    opened = actions.open_card(by=request.user, on=version)
    context = {
        "version": opened.version,
        "things": plain.three_things(opened),
        "before": attestations.read_before(request.user, opened.version, opened.major),
        "patient": patient,
        "errors": errors,
    }
    return render(request, "clinic/card_read.html", context, status=422 if errors else 200)


def first(patient: str, version):
    """Send a person to the card before the form, and let them come back to it."""
    asked = {"patient": patient, "version": version.number}
    return redirect(f"{reverse('clinic:card-read', args=[version.model.slug])}?{urlencode(asked)}")


def _version(request, model: str):
    seen = queries.versions_seen(request.user).filter(model__slug=model).order_by("-number")
    number = request.GET.get("version", "")
    if number.isdecimal() and len(number) < 9:
        seen = seen.filter(number=int(number))
    found = seen.filter(state=VersionState.APPROVED).first() or seen.first()
    if found is None:
        raise Http404
    return found


def _back(request, model: str, patient: str) -> str:
    number = request.GET.get("version", "")
    query = f"?version={number}" if number.isdecimal() and len(number) < 9 else ""
    return (
        reverse("clinic:form", args=[patient, model]) if patient else reverse("lab:model-card", args=[model])
    ) + query
