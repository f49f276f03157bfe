"""The ledger for audit officers: the events, filtered, and the integrity check."""

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import actions, policy
from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.audit import queries, sentences, verify

PAGE = 50


@require_safe
def front(request):
    """To the part of oversight that this person works in."""
    rights = rights_of(request.user)
    return redirect("oversight:approvals" if Permission.MODEL_REVIEW in rights else "oversight:events")


@require_safe
def events(request):
    """The newest events, filtered by patient, person, verb, outcome and time."""
    filters, errors = _filters(request.GET)
    before = request.GET.get("before", "")
    rows = actions.read_log(
        by=request.user,
        filters=filters,
        limit=PAGE + 1,
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    shown = rows[:PAGE]
    context = {
        "events": [queries.view_of(row) for row in shown],
        "older": shown[-1].id if len(rows) > PAGE else None,
        "typed": request.GET,
        "errors": errors,
        "verbs": sorted(sentences.SENTENCES),
        "query": _query_without_page(request),
    }
    return render(request, "oversight/events.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def integrity(request):
    """Run the check of the whole ledger and see what it said, now and before."""
    policy.require(request.user, Permission.AUDIT_VERIFY)
    if request.method == "POST":
        verdict = verify.verify()
        actions.record_check(by=request.user, verdict=verdict)
        if verdict.ok:
            messages.success(request, f"Intact: {verdict.events:,} events and {verdict.seals:,} seals fit together.")
        else:
            messages.error(request, verdict.fault)
        return redirect("oversight:integrity")
    return render(request, "oversight/integrity.html", {"checks": queries.checks(limit=20), "totals": queries.totals()})


def _filters(given) -> tuple[dict, dict]:
    filters = {name: given.get(name, "").strip()[:80] for name in ("patient", "actor", "verb", "outcome")}
    errors = {}
    for name, shift in (("since", 0), ("until", 1)):
        text = given.get(name, "").strip()
        if text:
            moment = _day(text, shift)
            if moment is None:
                errors[name] = f"“{text[:20]}” is not a date. Write it as 2026-11-08."
            else:
                filters[name] = moment
    return filters, errors


def _day(text: str, shift: int):
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day and timezone.make_aware(datetime.combine(day, time()) + timedelta(days=shift))


def _query_without_page(request) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    return query.urlencode()
