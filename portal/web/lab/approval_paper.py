"""The record of an approval as a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from portal.core.problems import Conflict
from portal.registry.review import paper


@require_safe
def approval_paper(request, version):
    """Who signed for a version, when and with which meaning, as a PDF."""
    try:
        content = paper.print_approval(by=request.user, on=version)
    except Conflict as conflict:
        messages.warning(request, conflict.sentence)
        return redirect("lab:version", version)
    named = {"Content-Disposition": 'attachment; filename="approval.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=named)
