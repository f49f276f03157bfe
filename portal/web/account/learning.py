"""How pages meet the person: first steps, and how much a page shows."""

from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.access import own
from portal.web import guide as steps


@require_safe
def guide(request):
    """The first steps of every role one holds."""
    return render(request, "account/guide.html", {"guides": steps.of(request.user)})


@require_POST
def guide_away(request):
    """Put the first steps away, or take them out again."""
    own.set_guide(by=request.user, away=request.POST.get("away", "yes") == "yes")
    return _back(request)


@require_POST
def depth(request):
    """Show pages plain or detailed from now on."""
    own.set_depth(by=request.user, depth=request.POST.get("depth", ""))
    return _back(request)


def _back(request):
    path = request.POST.get("back", "")
    ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return HttpResponseRedirect(path) if ours else redirect("home")
