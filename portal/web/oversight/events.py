"""The ledger for audit officers: the events, filtered, and the integrity check."""

from urllib.parse import parse_qsl

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import actions, cases, exports, ledger, policy
from portal.access.actors import rights_of
from portal.access.permissions import Permission
from portal.audit import alarms, heads, purges, purposes, queries, sentences, verify
from portal.audit.rows import Fault
from portal.core.problems import BadInput
from portal.web.oversight import filters as asked

PAGE = 50


@require_safe
def front(request):
    """To the part of oversight that this person works in."""
    rights = rights_of(request.user)
    return redirect("oversight:approvals" if Permission.MODEL_REVIEW in rights else "oversight:events")


@require_safe
def events(request):
    """The newest events, filtered by patient, person, role, verb, outcome, purpose and time."""
    filters, errors = asked.read(request.GET)
    before = request.GET.get("before", "")[:18]
    before = int(before) if before.isascii() and before.isdecimal() else None
    rows = actions.read_log(by=request.user, filters=filters, limit=PAGE + 1, before=before)
    shown = rows[:PAGE]
    context = {
        "events": [queries.view_of(row) for row in shown],
        "older": shown[-1].id if len(rows) > PAGE else None,
        "typed": request.GET,
        "errors": errors,
        "verbs": sorted(sentences.SENTENCES),
        "query": asked.query(request.GET),
        "held": dict(parse_qsl(asked.query(request.GET))),
        "facets": asked.chips(request.GET, filters),
        "purposes": export_purposes(),
        "forms": exports.WORDS,
        "alarms": warnings(),
        "overdue": cases.overdue_count(by=request.user),
    }
    return render(request, "oversight/events.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def integrity(request):
    """Run the check of the whole ledger and see what it said, now and before."""
    policy.require(request.user, Permission.AUDIT_VERIFY)
    if request.method != "POST":
        return _integrity(request, {})
    try:
        return _acknowledge(request) if "acknowledge" in request.POST else _check(request)
    except BadInput as problem:
        return _integrity(request, problem.errors)


def warnings() -> dict:
    """What the red banner says: a failed check, and seals that lag."""
    return {"fault": alarms.fault(), "lagging": alarms.lag() > alarms.LAG_LIMIT}


def export_purposes() -> list[tuple[str, str]]:
    """What an export may be for."""
    return [(code, purposes.WORDS[code].capitalize()) for code in purposes.EXPORT]


def _acknowledge(request):
    ledger.acknowledge(by=request.user, note=request.POST.get("note", ""))
    messages.success(request, "Acknowledged. What was found stays in the history below.")
    return redirect("oversight:integrity")


def _check(request):
    verdict = verify.verify()
    actions.record_check(by=request.user, verdict=verdict)
    if verdict.ok:
        messages.success(request, f"Intact: {verdict.events:,} events and {verdict.seals:,} seals fit together.")
    else:
        messages.error(request, verdict.fault)
    return redirect("oversight:integrity")


def _integrity(request, errors: dict):
    context = {
        "checks": queries.checks(limit=20),
        "totals": queries.totals(),
        "alarms": warnings(),
        "errors": errors,
        "lag": round(alarms.lag()),
        "retention": purges.policy(),
        **_outside(),
    }
    return render(request, "oversight/integrity.html", context, status=422 if errors else 200)


def _outside() -> dict:
    try:
        return {"head": heads.newest(), "heads": len(heads.files())}
    except Fault as fault:
        return {"head": None, "heads": 0, "head_fault": fault.sentence}
