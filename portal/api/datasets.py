"""Datasets for programs: what one may know, compute and read, and no more."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.api import serializers as shapes
from portal.api.pages import cursor_of, empty_when_denied, page, size_of
from portal.core.problems import BadInput
from portal.datasets import actions, asking

_PAGED = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]
_MEMBERS = ("by", "of", "where")


@extend_schema(responses=shapes.page_of(shapes.DatasetSerializer), parameters=_PAGED)
@api_view(["GET"])
@empty_when_denied
def datasets(request):
    """The datasets one may know of, newest first."""
    size, before = size_of(request), cursor_of(request)
    rows = actions.list_datasets(by=request.user, limit=size + 1, before=before)
    return page(request, rows, size, lambda row: _shown(*row), lambda row: row[0].pk)


@extend_schema(responses=shapes.DatasetDetailSerializer)
@api_view(["GET"])
def dataset(request, dataset):
    """One dataset with its versions, columns and, as far as one's rights go, their profile."""
    view = actions.open_dataset(by=request.user, on=dataset)
    versions = shapes.DatasetVersionSerializer(view.versions, many=True).data
    return Response(_shown(view.dataset, view.rights) | {"description": view.dataset.description, "versions": versions})


@extend_schema(responses=shapes.page_of(shapes.RowSerializer), parameters=_PAGED)
@api_view(["GET"])
def dataset_rows(request, dataset, number):
    """Rows of a version, for those who may read them."""
    size, after = size_of(request), cursor_of(request) or 0
    found = actions.read_rows(by=request.user, on=_version(request, dataset, number), after=after, count=size + 1)
    rows = [{"row": place, "values": dict(zip(found.names, values, strict=True))} for place, values in found.rows]
    return page(request, rows, size, lambda row: row, lambda row: row["row"])


@extend_schema(
    request=shapes.SummaryRequestSerializer, responses={202: shapes.SummarySerializer, 422: shapes.ProblemSerializer}
)
@api_view(["POST"])
def dataset_summaries(request, dataset, number):
    """Ask for a summary of a version."""
    asked = _asked(request.data)
    version = _version(request, dataset, number)
    made = asking.request(by=request.user, on=version, group=asked["by"], of=asked["of"], where=asked["where"])
    view = asking.open_summary(by=request.user, on=made)
    location = request.build_absolute_uri(f"/api/v1/summaries/{made}/")
    return Response(shapes.SummarySerializer(view).data, status=202, headers={"Location": location})


@extend_schema(responses=shapes.SummarySerializer)
@api_view(["GET"])
def summary(request, summary):
    """One summary that one asked for."""
    return Response(shapes.SummarySerializer(asking.follow(by=request.user, on=summary)).data)


def _version(request, dataset: str, number: int) -> str:
    view = actions.open_dataset(by=request.user, on=dataset)
    found = next((version for version in view.versions if version.number == number), None)
    if found is None:
        raise Http404
    return found.public_id


def _asked(body) -> dict:
    """What was sent, in its declared shape; what else it holds is not repeated."""
    if not isinstance(body, dict) or not set(body) <= set(_MEMBERS):
        raise BadInput({"body": f"Allowed members are {', '.join(_MEMBERS)}."})
    by, of, where = body.get("by", []), body.get("of") or "", body.get("where", [])
    if not (isinstance(by, list) and all(isinstance(name, str) for name in by)):
        raise BadInput({"by": "by: a list of column names."})
    if not isinstance(of, str):
        raise BadInput({"of": "of: the name of a column with numbers, or null."})
    if not (isinstance(where, list) and all(isinstance(one, dict) for one in where)):
        raise BadInput({"where": "where: a list of objects with column, test and value."})
    return {"by": by, "of": of, "where": where}


def _shown(dataset, rights) -> dict:
    return shapes.DatasetSerializer({"dataset": dataset, "rights": rights}).data
