"""Gives every request an id and puts session, address and purpose of use where the ledger finds them."""

from hashlib import sha256

from portal.audit import context, purposes
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
        purpose = purposes.of_path(request.path)
        with context.of(request=request.request_id, session=session, address=address, purpose=purpose):
            response = self.get_response(request)
        response["X-Request-Id"] = request.request_id
        return response
