"""Gives every request an id and puts session and address where the ledger finds them."""

from hashlib import sha256

from portal.audit import context
from portal.core.ids import new_id


class ContextMiddleware:
    """Runs each request in its own audit context; the response carries the request's id."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        key = request.COOKIES.get("sessionid", "")
        session = sha256(key.encode()).hexdigest()[:16] if key else ""
        request.request_id = new_id()
        address = request.META.get("REMOTE_ADDR", "")[:45]
        with context.of(request=request.request_id, session=session, address=address):
            response = self.get_response(request)
        response["X-Request-Id"] = request.request_id
        return response
