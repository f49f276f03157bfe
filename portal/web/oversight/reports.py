"""Who opened a record, what a person did, and the same as a table for a spreadsheet."""

import json

from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import exports, policy, reports
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import crypto
from portal.core.problems import BadInput
from portal.records import actions as records
from portal.web.oversight import events
from portal.web.oversight import filters as asked

_SOUGHT = "oversight.sought"


@require_safe
def patient(request, patient):
    """Who opened this patient's record, when, why and what; the record itself stays shut."""
    filters, errors = asked.read(request.GET)
    found = reports.patient_report(by=request.user, patient=patient, filters=filters)
    return _page(request, found, errors, subject=_sought(request, patient), kind="patient", name=patient)


@require_safe
def person(request, person):
    """What this person did."""
    filters, errors = asked.read(request.GET)
    found = reports.person_report(by=request.user, on=person, filters=filters)
    who = User.objects.get(public_id=person)
    return _page(request, found, errors, subject=who.label, kind="actor", name=who.username)


@require_http_methods(["GET", "HEAD", "POST"])
def find(request):
    """From a user name, record number, patient id or name to the report; none of what is typed stands in an address."""
    policy.require(request.user, Permission.AUDIT_READ)
    if request.method != "POST":
        return render(request, "oversight/find.html", {"fresh": True, "purposes": events.export_purposes()})
    text = request.POST.get("subject", "").replace("\0", "").strip()[:80]
    who = User.objects.filter(username=text).first() if text else None
    if who:
        return redirect("oversight:person-report", who.public_id)
    found = records.seek_patient(by=request.user, number=text) if text else ""
    if found:
        _remember(request, {found: "" if text == found else f"record no. {text}"})
        return redirect("oversight:patient-report", found)
    return _by_name(request, text)


def _by_name(request, text: str):
    purpose, people, errors = request.POST.get("purpose", ""), [], {}
    try:
        people = records.identify_patients(by=request.user, name=text, purpose=purpose)
        _remember(
            request, {patient.public_id: f"the record of {patient.name}" for patient in people[: records.IDENTIFIED]}
        )
    except BadInput as problem:
        errors = problem.errors
    context = {
        "people": people[: records.IDENTIFIED],
        "more": len(people) > records.IDENTIFIED,
        "errors": errors,
        "subject": text,
        "purpose": purpose,
        "purposes": events.export_purposes(),
    }
    return render(request, "oversight/find.html", context, status=422 if errors else 200)


@require_POST
def export(request):
    """The events that the filters let through, as CSV, NDJSON or FHIR; the export is itself an event."""
    filters, errors = asked.read(request.POST)
    if errors:
        raise BadInput(errors)
    return download(exports.file(by=request.user, filters=filters, purpose=request.POST.get("export_for", ""),
                                 form=request.POST.get("as", "csv")))  # fmt: skip


def download(made: exports.File) -> StreamingHttpResponse:
    """A file that is written while it goes out."""
    answer = StreamingHttpResponse(made.lines, content_type=made.kind)
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return answer


def _remember(request, names: dict[str, str]) -> None:
    """Keep for this session alone, encrypted, under what the officer sought whom: the address has only the opaque id."""
    request.session[_SOUGHT] = crypto.encrypt(json.dumps(names), _SOUGHT)


def _sought(request, patient: str) -> str:
    """How the officer named this patient; empty when they came by the id."""
    try:
        return json.loads(crypto.decrypt(request.session[_SOUGHT], _SOUGHT)).get(patient, "")
    except (KeyError, crypto.Undecipherable):
        return ""


def _page(request, found: reports.Report, errors: dict, **facts):
    context = {
        "report": found,
        "errors": errors,
        "typed": request.GET,
        "purposes": events.export_purposes(),
        "forms": exports.WORDS,
        "alarms": events.warnings(),
        **facts,
    }
    return render(request, "oversight/report.html", context, status=422 if errors else 200)
