"""The committee's view of recalls: who has been told that a version was stopped, and who has said that they know."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.predictions import recalls as verbs


@require_safe
def recalls(request):
    """Every recall with how far it has come."""
    found = verbs.list_recalls(by=request.user)
    return render(request, "oversight/recalls.html", {"recalls": found, "to_begin": verbs.to_begin(request.user)})


@require_safe
def recall(request, recall):
    """One recall, person by person."""
    return render(request, "oversight/recall.html", {"overview": verbs.open_recall(by=request.user, on=recall)})
