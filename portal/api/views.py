"""The formulary, patients, jobs, quotas and the ledger for programs."""

from dataclasses import asdict
from datetime import UTC, datetime

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.access import actions as access
from portal.access import exports, policy
from portal.access.permissions import Permission
from portal.api import serializers as shapes
from portal.api.pages import cursor_of, empty_when_denied, page, size_of
from portal.audit import purposes
from portal.audit import queries as audit
from portal.compute import actions as compute
from portal.compute import outlook
from portal.compute.models import Job
from portal.core.problems import BadInput
from portal.records import actions as records
from portal.registry import queries as registry
from portal.registry import schema, spec

_PAGED = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]


def listed(serializer):
    """Describe a list in the OpenAPI document."""
    return extend_schema(responses=shapes.page_of(serializer), parameters=_PAGED)


@listed(shapes.ModelSerializer)
@api_view(["GET"])
def models(request):
    """The models one may see."""
    size, after = size_of(request), cursor_of(request)
    rows = registry.models_seen(request.user).order_by("id")
    rows = list((rows.filter(id__gt=after) if after else rows)[: size + 1])
    return page(request, rows, size, lambda row: shapes.ModelSerializer(row).data, lambda row: row.id)


@extend_schema(responses=shapes.ModelSerializer)
@api_view(["GET"])
def model(request, slug):
    """One model."""
    return Response(shapes.ModelSerializer(_model(request, slug)).data)


@listed(shapes.VersionSerializer)
@api_view(["GET"])
def versions(request, slug):
    """The versions of a model that one may see, newest first."""
    size, after = size_of(request), cursor_of(request)
    rows = registry.versions_seen(request.user).filter(model=_model(request, slug)).order_by("-id")
    rows = list((rows.filter(id__lt=after) if after else rows)[: size + 1])
    return page(request, rows, size, lambda row: shapes.VersionSerializer(row).data, lambda row: row.id)


@extend_schema(responses=shapes.VersionSerializer)
@api_view(["GET"])
def version(request, slug, number):
    """One version of a model."""
    return Response(shapes.VersionSerializer(_version(request, slug, number)).data)


@extend_schema(responses={200: dict})
@api_view(["GET"])
def version_schema(request, slug, number):
    """The form of a version as JSON Schema."""
    found = _version(request, slug, number)
    return Response(schema.json_schema(spec.form_of(found), title=str(found)))


@listed(shapes.PatientSerializer)
@api_view(["GET"])
@empty_when_denied
def patients(request):
    """The patients on one's wards."""
    size, after = size_of(request), cursor_of(request) or 0
    rows = records.list_patients(by=request.user, offset=after, limit=size + 1)
    numbered = list(enumerate(rows, start=after + 1))
    return page(request, numbered, size, lambda row: shapes.PatientSerializer(row[1]).data, lambda row: row[0])


@extend_schema(responses=shapes.OnePatientSerializer)
@api_view(["GET"])
def patient(request, patient):
    """One patient."""
    record = records.open_patient(by=request.user, on=patient)
    said = {**asdict(record.patient), "standing": record.standing, "merged_into": record.survivor}
    return Response(shapes.OnePatientSerializer(said).data)


@listed(shapes.JobSerializer)
@api_view(["GET"])
def jobs(request):
    """The jobs one may see, newest first."""
    size, after = size_of(request), cursor_of(request)
    rows = policy.visible_to(Job.objects.order_by("-id"), request.user, Permission.JOB_SEE)
    rows = list((rows.filter(id__lt=after) if after else rows)[: size + 1])
    return page(request, rows, size, lambda row: shapes.JobSerializer(row).data, lambda row: row.id)


@extend_schema(responses=shapes.OneJobSerializer)
@api_view(["GET"])
def job(request, job):
    """One job."""
    found = compute.open_job(by=request.user, on=job)
    for name, value in vars(outlook.of(found)).items():
        setattr(found, name, value)
    return Response(shapes.OneJobSerializer(found).data)


@extend_schema(request=None, responses={201: shapes.JobSerializer, 409: shapes.ProblemSerializer})
@api_view(["POST"])
def job_rerun(request, job):
    """Ask for the same work once more, as a new job."""
    return Response(shapes.JobSerializer(compute.rerun(by=request.user, on=job)).data, status=201)


@extend_schema(request=None, responses=shapes.JobSerializer)
@api_view(["POST"])
def job_cancel(request, job):
    """Stop a job that is not done."""
    return Response(shapes.JobSerializer(compute.cancel(by=request.user, on=job)).data)


@listed(shapes.QuotaSerializer)
@api_view(["GET"])
@empty_when_denied
def own_quotas(request):
    """What one may use today."""
    row = shapes.QuotaSerializer(compute.see_quota(by=request.user)).data
    return Response({"results": [row], "next": None})


_EVENT_FILTERS = ("patient", "actor", "verb", "outcome", "since", "until")


@extend_schema(
    responses=shapes.page_of(shapes.EventSerializer),
    parameters=[*_PAGED, *(OpenApiParameter(name, str) for name in (*_EVENT_FILTERS, "as", "purpose"))],
)
@api_view(["GET"])
@empty_when_denied
def events(request):
    """The ledger, newest first; empty for everyone but audit officers.

    `as=ndjson` or `as=fhir` (BALP AuditEvents, one a line) downloads all that match, for a `purpose`.
    """
    if "as" in request.query_params:
        return _export(request)
    size, after = size_of(request), cursor_of(request)
    rows = access.read_log(by=request.user, filters=_event_filters(request), limit=size + 1, before=after)
    return page(request, rows, size, _event, lambda row: row.id)


def _export(request) -> StreamingHttpResponse:
    asked = request.query_params
    try:
        made = exports.file(by=request.user, filters=_event_filters(request), purpose=asked.get("purpose", ""),
                            form=asked["as"])  # fmt: skip
    except BadInput as problem:
        known = {"export_for": ("purpose", f"purpose takes {', '.join(purposes.EXPORT)}.")}
        raise BadInput(dict(known.get(name, (name, words)) for name, words in problem.errors.items())) from None
    answer = StreamingHttpResponse(made.lines, content_type=made.kind)
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return answer


def _event(row) -> dict:
    return shapes.EventSerializer(audit.view_of(row)).data


def _event_filters(request) -> dict:
    given = {name: request.query_params.get(name, "").strip()[:80] for name in _EVENT_FILTERS}
    if given["outcome"] not in ("", "ok", "denied", "failed"):
        raise BadInput({"outcome": "outcome takes ok, denied or failed."})
    return given | {name: _moment(name, given[name]) for name in ("since", "until") if given[name]}


def _moment(name: str, text: str) -> datetime:
    text = text.replace(" ", "+")
    try:
        found = parse_datetime(text) or (parse_date(text) and datetime.combine(parse_date(text), datetime.min.time()))
        # In UTC, for the outermost days have moments that no other zone has.
        found = found and (found if timezone.is_aware(found) else timezone.make_aware(found)).astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if not found:
        raise BadInput({name: f"{name} takes a moment such as 2026-11-08T14:02:00Z, or a day."})
    return found


def _model(request, slug):
    found = registry.models_seen(request.user).filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def _version(request, slug, number):
    found = registry.versions_seen(request.user).filter(model__slug=slug, number=number).first()
    if found is None:
        raise Http404
    return found
