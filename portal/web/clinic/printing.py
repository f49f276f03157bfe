"""What one takes away from a result: the paper, and the file that was sent."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from portal.core.problems import Conflict
from portal.predictions import originals, printing
from portal.web.files import as_attachment


@require_safe
def paper(request, prediction):
    """The PDF of one result; its name says nothing about whose it is."""
    try:
        content = printing.print_result(by=request.user, on=prediction)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
        return redirect("clinic:prediction", prediction)
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": 'attachment; filename="result.pdf"'}
    )


@require_safe
def original(request, prediction):
    """The file that was sent with a run, as it was sent."""
    try:
        file = originals.take(by=request.user, on=prediction, name=request.GET.get("input", ""))
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
        return redirect("clinic:prediction", prediction)
    return as_attachment(file, "sent.dcm")
