"""The downtime packets of one's wards: when they were written, the file, and what opens it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.core.problems import Conflict
from portal.predictions import downtime as packets


@require_safe
def downtime(request):
    """My wards and how their packets stand."""
    return _page(request)


@require_POST
def file(request, unit):
    """A ward's locked file."""
    try:
        name, content = packets.take(by=request.user, on=unit)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
        return redirect("clinic:downtime")
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )  # fmt: skip


@require_POST
def password(request, unit):
    """The password of a ward's file, on the page that answers and nowhere else."""
    return _page(request, shown={unit: packets.reveal(by=request.user, on=unit)})


@require_POST
def lock(request, unit):
    """A new password for a ward's file."""
    changed = packets.relock(by=request.user, on=unit)
    messages.success(request, "Changed. The file is written anew within a minute; older copies keep the old password.")
    return _page(request, shown={unit: changed})


def _page(request, shown=None):
    return render(
        request, "clinic/downtime.html",
        {"wards": packets.overview(by=request.user), "shown": shown or {}, "minutes": settings.DOWNTIME_MINUTES},
    )  # fmt: skip
