"""Cursor pages: `{"results": […], "next": absolute URL or null}`, walked by an opaque position."""

import base64
import binascii
from collections.abc import Callable
from functools import wraps

from rest_framework.response import Response

from portal.access.policy import Denied
from portal.core.problems import BadInput

SIZE, MOST = 50, 200
_FURTHEST = 2**62


def size_of(request) -> int:
    """How many rows a page has."""
    text = request.query_params.get("limit", str(SIZE))
    if not (text.isascii() and text.isdecimal() and len(text) < 6) or not 1 <= int(text) <= MOST:
        raise BadInput({"limit": f"limit takes a whole number from 1 to {MOST}."})
    return int(text)


def cursor_of(request) -> int | None:
    """The position after which this page begins."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        place = int(base64.urlsafe_b64decode(text.encode()).decode())
    except (ValueError, binascii.Error):
        place = -1
    if not 0 <= place < _FURTHEST:
        raise BadInput({"cursor": "The cursor is not one that this list gave out."})
    return place


def empty_when_denied(view):
    """A list that one may not see into is 200 and empty; the denial itself is in the ledger."""

    @wraps(view)
    def listed(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except Denied:
            return Response({"results": [], "next": None})

    return listed


def page(request, rows: list, size: int, show: Callable, position: Callable) -> Response:
    """A page of `size` from one row more than that."""
    more = len(rows) > size
    shown = rows[:size]
    link = _next(request, position(shown[-1])) if more else None
    return Response({"results": [show(row) for row in shown], "next": link})


def _next(request, position: int) -> str:
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(str(position).encode()).decode()
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
