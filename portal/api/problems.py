"""Errors of the API as RFC 9457 problem documents, each with a sentence."""

import logging

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from portal.access.policy import Denied
from portal.core.problems import BadInput, Problem
from portal.registry.cards.attestations import AttestationNeeded

logger = logging.getLogger(__name__)
_TITLES = {
    400: "Not understood", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Not possible here",
    406: "No such format", 409: "Not in this state", 413: "Too large", 415: "No such format", 422: "Not acceptable",
    429: "Used up", 500: "Our fault", 503: "A part is down",
}  # fmt: skip
_NOT_FOUND = "There is no such object, or it is not yours to see."


def handler(exception, context):
    """DRF's exception handler."""
    set_rollback()
    if isinstance(exception, Denied) and exception.hidden:
        return problem(404, _NOT_FOUND)
    if isinstance(exception, BadInput):
        return problem(exception.status, exception.sentence, code=exception.code, errors=exception.errors)
    if isinstance(exception, AttestationNeeded):
        path = reverse("clinic:card-read", args=[exception.model])
        link = context["request"].build_absolute_uri(f"{path}?version={exception.number}")
        return problem(exception.status, exception.sentence, code=exception.code, link=link)
    if isinstance(exception, Problem):
        return problem(exception.status, exception.sentence, code=exception.code)
    if isinstance(exception, Http404):
        return problem(404, _NOT_FOUND)
    if isinstance(exception, PermissionDenied):
        return problem(403, "This is not allowed.")
    if isinstance(exception, exceptions.APIException):
        return _of_framework(exception)
    if isinstance(exception, RequestDataTooBig):
        return problem(413, f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000:,} kB.")
    if isinstance(exception, RecursionError):
        return problem(400, "The body is nested too deeply.")
    logger.exception("A request to the API failed.")
    return problem(500, "Something went wrong on our side. What you sent was not saved.")


def problem(status_code: int, sentence: str, **members) -> Response:
    """One problem document."""
    body = {
        "type": "about:blank",
        "title": _TITLES.get(status_code, "Problem"),
        "status": status_code,
        "detail": sentence,
    }
    return Response(body | {name: value for name, value in members.items() if value}, status=status_code,
                    content_type="application/problem+json")  # fmt: skip


def _of_framework(exception: exceptions.APIException) -> Response:
    code = exception.status_code
    if isinstance(exception, exceptions.NotAuthenticated):
        code = status.HTTP_401_UNAUTHORIZED
    detail = exception.detail if isinstance(exception.detail, str) else "The request was not understood."
    if isinstance(exception, exceptions.ParseError):
        detail = "The body is not valid JSON."
    response = problem(code, str(detail))
    if getattr(exception, "auth_header", None):
        response["WWW-Authenticate"] = exception.auth_header
    return response
