"""Creating and reading predictions; waiting for an answer is polite and bounded."""

import re

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.access import policy
from portal.access.permissions import Permission
from portal.api import serializers as shapes
from portal.api.pages import cursor_of, empty_when_denied, page, size_of
from portal.core.problems import BadInput
from portal.predictions import actions, lane, retraction, tracings
from portal.predictions import feedback as verdicts
from portal.registry.spec import form_of

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


@extend_schema(request=shapes.FeedbackSerializer, responses={204: None, 422: shapes.ProblemSerializer})
@api_view(["POST"])
def feedback(request, prediction):
    """Say what one thinks of a result: agree, disagree or not applicable."""
    verdicts.give(by=request.user, on=prediction, **_texts(request, "verdict", "code", "words"))
    return Response(status=204)


@extend_schema(request=shapes.RetractionSerializer, responses={204: None, 422: shapes.ProblemSerializer})
@api_view(["POST"])
def retract(request, prediction):
    """Mark a result as not to be used, for good."""
    retraction.retract(by=request.user, on=prediction, **_texts(request, "code", "words"))
    return Response(status=204)


def _texts(request, *names: str) -> dict[str, str]:
    # The verb asks the policy before it looks at what was sent, so nothing is checked here.
    given = request.data if isinstance(request.data, dict) else {}
    return {name: str(given.get(name, "")) for name in names}


@empty_when_denied
def _list(request):
    size, after = size_of(request), cursor_of(request)
    rows = actions.list_predictions(by=request.user, limit=size + 1, before=after)
    return page(request, rows, size, _shown, lambda view: view.position)


def _create(request):
    policy.require(request.user, Permission.PREDICTION_RUN)
    asked = _read(request)
    inputs = _inputs(request.user, asked)
    try:
        view = lane.ask(
            by=request.user, on=asked.get("patient"), version=actions.Choice(asked["model"], asked.get("version")),
            inputs=inputs, units=asked.get("units", {}),
            key=request.headers.get("Idempotency-Key", ""), body=asked, within=_seconds(request),
        )  # fmt: skip
    finally:
        tracings.let_go(inputs)
    location = request.build_absolute_uri(f"/api/v1/predictions/{view.public_id}/")
    return Response(_shown(view), status=201 if view.finished else 202, headers={"Location": location})


def _inputs(by, asked: dict) -> dict:
    inputs = asked.get("inputs", {})
    if not tracings.hold_files(inputs):
        return inputs
    version = actions.choose_version(by=by, slug=asked["model"], number=asked.get("version"))
    return tracings.read_files(by=by, on=asked.get("patient"), form=form_of(version), inputs=inputs)


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


# One serializer for all answers: making one copies every field.
_SHAPE = shapes.PredictionSerializer()


def _shown(view) -> dict:
    return _SHAPE.to_representation(view)
