"""A version that was stopped: what it means for whoever saw its results."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.predictions import recalls


@require_http_methods(["GET", "HEAD", "POST"])
def recall(request, told):
    """Which of the results one saw, and the one press that says that one knows."""
    if request.method == "POST":
        recalls.acknowledge(by=request.user, on=told)
        messages.success(request, "Noted: you know of it. The committee sees that.")
        return redirect("account:recall", told)
    return render(request, "account/recall.html", {"known": recalls.open_told(by=request.user, on=told)})
