"""Fresh authentication (45 CFR 164.312(d)): what is grave is done only minutes after proving who one is."""

import time

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired

from portal.core.problems import Conflict


def signed_in_lately(request) -> bool:
    """Whether the person signed in, or confirmed that it is them, within the last minutes."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


def require(request) -> None:
    """Send a person whose sign-in is old to confirm that it is them, and then on with what they were doing."""
    if signed_in_lately(request):
        return
    if not get_adapter().get_reauthentication_methods(request.user):
        raise Conflict(
            "This asks you to confirm that it is you, and your account has nothing here to do that with. "
            "Add a passkey under “Second factor”, then try again.",
            code="nothing-to-confirm-with",
        )
    raise ReauthenticationRequired
