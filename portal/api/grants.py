"""Grants and access requests for programs; emergencies are for people alone and have no address here."""

from contextlib import contextmanager

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.response import Response

from portal.access import holdings, policy, requests
from portal.access.models import AccessRequest
from portal.access.permissions import Permission
from portal.api import serializers as shapes
from portal.api.pages import cursor_of, empty_when_denied, page, size_of
from portal.core.problems import BadInput
from portal.records import sharing

_FIELDS = {"colleague": "person", "words": "reason"}
_PAGED = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]


class GrantSerializer(serializers.Serializer):
    """Why and until when somebody has a right."""

    id = serializers.CharField(source="grant.public_id")
    kind = serializers.CharField(source="grant.kind")
    purpose = serializers.CharField(source="grant.purpose")
    person = serializers.CharField(source="grant.person.username", default="")
    object_type = serializers.CharField(source="grant.object_type")
    object_id = serializers.CharField()
    may = serializers.CharField()
    since = serializers.DateTimeField(source="grant.since")
    until = serializers.DateTimeField(source="grant.until", allow_null=True)
    given_by = serializers.CharField()
    reason = serializers.CharField(source="words")
    state = serializers.CharField(source="grant.state")


class ShareSerializer(serializers.Serializer):
    """Share one patient with a colleague."""

    patient = serializers.CharField(max_length=80)
    person = serializers.CharField(max_length=150)
    reason = serializers.CharField(max_length=2000)
    until = serializers.DateTimeField()


class EndedSerializer(serializers.Serializer):
    """What ending a grant does not take back."""

    ended = serializers.BooleanField()
    views_that_stay = serializers.IntegerField()


class RequestSerializer(serializers.Serializer):
    """A request for access; what it names is not repeated, and whether it exists is not told."""

    id = serializers.CharField(source="public_id")
    state = serializers.CharField()
    what = serializers.CharField(source="object_type")
    purpose = serializers.CharField()
    reason = serializers.CharField(source="words")
    until = serializers.DateTimeField()
    asked_by = serializers.CharField(source="asked_by.username")
    asked_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()


class AskSerializer(serializers.Serializer):
    """Ask for a ward or study by name, or for a patient by record number and birth date."""

    what = serializers.ChoiceField(("ward", "study", "patient"))
    name = serializers.CharField(max_length=120, required=False)
    mrn = serializers.CharField(max_length=120, required=False)
    birth_date = serializers.CharField(max_length=10, required=False)
    purpose = serializers.CharField(max_length=12)
    reason = serializers.CharField(max_length=2000)
    until = serializers.DateTimeField()


class DecisionSerializer(serializers.Serializer):
    """Grant, until at most the moment that was asked for, or refuse."""

    granted = serializers.BooleanField()
    reason = serializers.CharField(max_length=2000)
    until = serializers.DateTimeField(required=False)


@extend_schema(methods=["GET"], responses=shapes.page_of(GrantSerializer), parameters=_PAGED)
@extend_schema(
    methods=["POST"], request=ShareSerializer, responses={201: GrantSerializer, 422: shapes.ProblemSerializer}
)
@api_view(["GET", "POST"])
def grants(request):
    """The grants one holds or gave; a POST shares one patient with a colleague."""
    return _share(request) if request.method == "POST" else _grants(request)


@extend_schema(responses=GrantSerializer)
@api_view(["GET"])
def grant(request, grant):
    """One grant."""
    return Response(GrantSerializer(holdings.open_grant(by=request.user, on=grant)).data)


@extend_schema(request=None, responses=EndedSerializer)
@api_view(["POST"])
def grant_end(request, grant):
    """End a share or a granted request now."""
    seen = holdings.end_grant(by=request.user, on=grant)
    return Response({"ended": True, "views_that_stay": seen})


@extend_schema(methods=["GET"], responses=shapes.page_of(RequestSerializer), parameters=_PAGED)
@extend_schema(
    methods=["POST"], request=AskSerializer, responses={201: RequestSerializer, 422: shapes.ProblemSerializer}
)
@api_view(["GET", "POST"])
def access_requests(request):
    """What one asked for or decides about; a POST asks."""
    return _ask(request) if request.method == "POST" else _requests(request)


@extend_schema(responses=RequestSerializer)
@api_view(["GET"])
def access_request(request, asked):
    """One request."""
    return Response(_shown(requests.open_request(by=request.user, on=asked)))


@extend_schema(request=DecisionSerializer, responses=RequestSerializer)
@api_view(["POST"])
def access_request_decide(request, asked):
    """Decide about a request."""
    # Unseen answers 404, and seen but not theirs 403, before the body is looked at.
    policy.require(request.user, Permission.ACCESS_DECIDE, requests.open_request(by=request.user, on=asked))
    given = _read(DecisionSerializer, request)
    given["words"] = given.pop("reason")
    with _in_api_words():
        return Response(_shown(requests.decide(by=request.user, on=asked, **given)))


@contextmanager
def _in_api_words():
    """Problems name the field as the API calls it."""
    try:
        yield
    except BadInput as problem:
        raise BadInput({_FIELDS.get(name, name): said for name, said in problem.errors.items()}) from None


def _share(request):
    policy.require(request.user, Permission.GRANT_SEE)
    asked = _read(ShareSerializer, request)
    with _in_api_words():
        made = sharing.share(
            by=request.user, on=asked["patient"], username=asked["person"], words=asked["reason"], until=asked["until"]
        )
    return Response(GrantSerializer(holdings.open_grant(by=request.user, on=made)).data, status=201)


@empty_when_denied
def _grants(request):
    size, after = size_of(request), cursor_of(request)
    rows = holdings.list_grants(by=request.user, limit=size + 1, before=after)
    return page(request, rows, size, lambda row: GrantSerializer(row).data, lambda row: row.grant.pk)


def _ask(request):
    policy.require(request.user, Permission.GRANT_SEE)
    asked = _read(AskSerializer, request)
    named = {name: asked.pop(name) for name in ("name", "mrn", "birth_date") if name in asked}
    with _in_api_words():
        made = requests.ask(by=request.user, named=named, words=asked.pop("reason"), **asked)
    return Response(_shown(made), status=201)


@empty_when_denied
def _requests(request):
    size, after = size_of(request), cursor_of(request)
    rows = requests.list_requests(by=request.user, limit=size + 1, before=after)
    return page(request, rows, size, _shown, lambda row: row.pk)


def _shown(row: AccessRequest) -> dict:
    return RequestSerializer(row).data


def _read(form, request) -> dict:
    given = form(data=request.data)
    if not given.is_valid():
        raise BadInput({name: f"{name}: {found[0]}" for name, found in given.errors.items()})
    return dict(given.validated_data)
