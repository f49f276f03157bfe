"""How reliable a version is here: predicted and observed, by band and group."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.monitoring import reliability
from portal.predictions import feedback


@require_safe
def calibration(request, version):
    """The reliability of one version, with picture and tables."""
    page = reliability.open_page(by=request.user, on=version)
    held = {item.label: item for item in page.held.bins} if page.held else {}
    rows = [{"here": item, "held": held.get(item.label)} for item in page.bins]
    context = {"page": page, "rows": rows, "rates": feedback.overrides_of(by=request.user, on=version)}
    return render(request, "lab/calibration.html", context)
