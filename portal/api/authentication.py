"""Bearer tokens: found by their hash, live until their end, and no wider than their scopes."""

from datetime import timedelta

from django.db.models import F
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from portal.access.actions import token_digest, touch_token
from portal.access.actors import SYSTEM
from portal.accounts.models import ApiToken
from portal.core import clock, prepared

TOUCH = timedelta(minutes=1)
_REFUSED = "The token is unknown, revoked or past its end. Issue a new one."


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; the person carries the token's scopes."""

    def authenticate(self, request):
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send the token as “Authorization: Bearer <token>”.")
        token = _find(words[1].decode("ascii", "ignore"))
        if token is None:
            raise AuthenticationFailed(_REFUSED)
        if token.last_used_at is None or clock.now() - token.last_used_at > TOUCH:
            # The portal notes it: a person who has lost every role still gets empty lists, not a refusal.
            touch_token(by=SYSTEM, on=token)
        token.user.scopes = frozenset(token.scopes)
        return token.user, token

    def authenticate_header(self, request) -> str:
        return 'Bearer realm="Formulary"'


def _find(text: str) -> ApiToken | None:
    rows = prepared.rows("token", _live, token_digest(text))
    if not rows:
        return None
    rows[0].user.memberships = {row.group: row.role for row in rows if row.group}
    return rows[0]


def _live(digest: str):
    """The token with its person, once for each role of theirs."""
    rows = ApiToken.objects.select_related("user").annotate(group=F("user__groups"), role=F("user__groups__name"))
    return rows.filter(digest=digest, revoked_at__isnull=True, expires_at__gt=clock.now(), user__is_active=True)
