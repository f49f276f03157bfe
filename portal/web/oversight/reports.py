"""Who opened a record, what a person did, and the same as a table for a spreadsheet."""

import csv

from django.contrib import messages
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.access import policy, reports
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core.problems import BadInput
from portal.records import actions as records
from portal.web.oversight import events
from portal.web.oversight import filters as asked

COLUMNS = ("when", "who", "roles", "what", "verb", "outcome", "why", "patient", "object", "object id", "purpose")


@require_safe
def patient(request, patient):
    """Who opened this patient's record, when, why and what; the record itself stays shut."""
    filters, errors = asked.read(request.GET)
    found = reports.patient_report(by=request.user, patient=patient, filters=filters)
    return _page(request, found, errors, subject=patient, kind="patient", name=patient)


@require_safe
def person(request, person):
    """What this person did."""
    filters, errors = asked.read(request.GET)
    found = reports.person_report(by=request.user, on=person, filters=filters)
    who = User.objects.get(public_id=person)
    return _page(request, found, errors, subject=who.label, kind="actor", name=who.username)


@require_POST
def find(request):
    """From a record number or a user's name to the report; neither ever stands in an address."""
    policy.require(request.user, Permission.AUDIT_READ)
    text = request.POST.get("subject", "").strip()[:80]
    who = User.objects.filter(username=text).first() if text else None
    if who:
        return redirect("oversight:person-report", who.public_id)
    found = records.seek_patient(by=request.user, number=text) if text else ""
    if found:
        return redirect("oversight:patient-report", found)
    messages.warning(request, "Nobody has that record number or user name. Type the whole of it.")
    return redirect("oversight:events")


@require_POST
def export(request):
    """The events that the filters let through, as CSV; the export is itself an event."""
    filters, errors = asked.read(request.POST)
    if errors:
        raise BadInput(errors)
    _, views = reports.export(by=request.user, filters=filters, purpose=request.POST.get("export_for", ""))
    answer = StreamingHttpResponse(_lines(views), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return answer


class _Echo:
    def write(self, line: str) -> str:
        return line


def _lines(views):
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for view in views:
        row = (view.at.isoformat(), view.actor, view.roles, view.sentence, view.verb, view.outcome, view.why,
               view.patient, view.object_type, view.object_id, view.purpose)  # fmt: skip
        yield writer.writerow([_harmless(cell) for cell in row])


def _harmless(cell: str) -> str:
    # A spreadsheet would run a cell that begins like a formula.
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _page(request, found: reports.Report, errors: dict, **facts):
    context = {
        "report": found,
        "errors": errors,
        "typed": request.GET,
        "purposes": events.export_purposes(),
        "alarms": events.warnings(),
        **facts,
    }
    return render(request, "oversight/report.html", context, status=422 if errors else 200)
