"""Creating and reading predictions; waiting for an answer is polite and bounded."""

import re
import time

from django.db import IntegrityError, connection
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.access import policy
from portal.access.permissions import Permission
from portal.api import serializers as shapes
from portal.api.pages import cursor_of, page, size_of
from portal.api.views import _holds
from portal.compute.models import Job
from portal.compute.states import FINAL
from portal.core.problems import BadInput
from portal.predictions import actions

LONGEST_WAIT = 60
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*(\d{1,6})\s*(?:,|$)")


@extend_schema(
    methods=["POST"],
    request=shapes.PredictionRequestSerializer,
    responses={201: shapes.PredictionSerializer, 202: shapes.PredictionSerializer, 422: shapes.ProblemSerializer},
    parameters=[
        OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="wait=SECONDS"),
        OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER),
    ],
)
@extend_schema(methods=["GET"], responses=shapes.page_of(shapes.PredictionSerializer))
@api_view(["GET", "POST"])
def predictions(request):
    """Run a model, or list what was run for the patients one may see."""
    return _create(request) if request.method == "POST" else _list(request)


@extend_schema(responses=shapes.PredictionSerializer)
@api_view(["GET"])
def prediction(request, prediction):
    """One prediction with its envelope."""
    return Response(_shown(actions.open_prediction(by=request.user, on=prediction)))


def _list(request):
    if not _holds(request, Permission.PREDICTION_READ):
        return Response({"results": [], "next": None})
    size, after = size_of(request), cursor_of(request)
    rows = actions.list_predictions(by=request.user, limit=size + 1, before=after)
    return page(request, rows, size, _shown, lambda view: view.position)


def _create(request):
    policy.require(request.user, Permission.PREDICTION_RUN)
    asked = _read(request)
    version = actions.choose_version(by=request.user, slug=asked["model"], number=asked.get("version"))
    created = _request(
        by=request.user, on=asked.get("patient"), version=version, inputs=asked.get("inputs", {}),
        units=asked.get("units", {}), key=request.headers.get("Idempotency-Key", "")[:200], body=asked,
    )  # fmt: skip
    _wait(created, _seconds(request))
    view = actions.open_prediction(by=request.user, on=created)
    return Response(
        _shown(view), status=201 if view.finished else 202, headers={"Location": _location(request, created)}
    )


def _request(**asked) -> str:
    try:
        return actions.request(**asked)
    except IntegrityError:
        # Another call with the same key came in at the same moment: this one finds what that one made.
        return actions.request(**asked)


def _read(request) -> dict:
    form = shapes.PredictionRequestSerializer(data=request.data)
    if not form.is_valid():
        errors = {("body" if name == "non_field_errors" else name): found for name, found in form.errors.items()}
        raise BadInput({name: f"{name}: {_first(found)}" for name, found in errors.items()})
    unknown = sorted(set(request.data) - set(form.fields))
    if unknown:
        raise BadInput(
            {name: f"There is no member “{name[:40]}”. Allowed: {', '.join(form.fields)}." for name in unknown}
        )
    return dict(form.validated_data)


def _first(errors) -> str:
    while isinstance(errors, dict | list):
        errors = next(iter(errors.values() if isinstance(errors, dict) else errors))
    return str(errors)


def _seconds(request) -> int:
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), LONGEST_WAIT) if found else 0


def _wait(prediction: str, seconds: int) -> None:
    # The job's row is free to read; the sealed result is opened once, when it is there.
    until, pause = time.monotonic() + seconds, 0.002
    while time.monotonic() < until:
        if Job.objects.filter(subject=prediction, kind="prediction", state__in=FINAL).exists():
            return
        time.sleep(pause)
        pause = min(pause * 1.2, 0.1)
    connection.close_if_unusable_or_obsolete()


def _location(request, prediction: str) -> str:
    return request.build_absolute_uri(f"/api/v1/predictions/{prediction}/")


def _shown(view) -> dict:
    return shapes.PredictionSerializer(view).data
