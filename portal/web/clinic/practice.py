"""The practice ward: approved models on invented patients."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.records import practice


@require_safe
def ward(request):
    """Who lies there, and what there is to learn from each."""
    return render(request, "clinic/practice.html", {"lessons": practice.open_ward(by=request.user)})
