"""A passkey as proof of both factors: something held, and the finger, face or PIN that unlocks it.

Each question is asked for one posting of one session, is answered once, and grows old.
"""

import json
import time
from hashlib import sha256

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.cache import cache
from fido2.webauthn import UserVerificationRequirement

LIFE, MOST, LARGEST = 30 * 60, 8, 16 * 1024
_WAITING = "proof_questions"


def question(request, about: str) -> dict | None:
    """What to ask this person's passkeys before the posting `about`; None for somebody who holds none."""
    if not Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN).exists():
        return None
    options, state = auth.get_server().authenticate_begin(
        credentials=auth.get_credentials(request.user), user_verification=UserVerificationRequirement.REQUIRED
    )
    waiting = {name: kept for name, kept in request.session.get(_WAITING, {}).items() if name != _name(about)}
    newest = dict(list(waiting.items())[1 - MOST :])
    request.session[_WAITING] = newest | {_name(about): {**state, "at": int(time.time())}}
    return dict(options)


def answers(request, about: str, credential: str) -> bool:
    """Whether `credential` answers the question that was asked for this posting; asked once, answered once."""
    state = _spend(request, about)
    if state is None or not is_harmless(credential):
        return False
    try:
        given = json.loads(credential)
        held = auth.get_server().authenticate_complete(state, auth.get_credentials(request.user), given)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        # The library reads what a stranger may have written; whatever it stumbles over is no answer.
        return False
    auth.get_authenticator_by_credential_id(request.user, held.credential_id).record_usage()
    return True


def is_harmless(credential: str) -> bool:
    """Whether a passkey's answer may be given to the library: it makes as many bytes as a number in it says."""
    try:
        return len(credential) <= LARGEST and _is_small(json.loads(credential))
    except (ValueError, RecursionError):
        return False


def _is_small(found) -> bool:
    if isinstance(found, dict | list):
        return all(_is_small(inner) for inner in (found.values() if isinstance(found, dict) else found))
    return isinstance(found, str | bool | None) or (isinstance(found, int | float) and abs(found) < 2**16)


def _spend(request, about: str) -> dict | None:
    waiting = dict(request.session.get(_WAITING, {}))
    state = waiting.pop(_name(about), None)
    if state is None:
        return None
    request.session[_WAITING] = waiting
    # Two postings at the same moment read the same session: the cache lets one of them through.
    first = cache.add(f"proof-question:{_name(state['challenge'])}", True, LIFE)
    return state if first and time.time() - state["at"] < LIFE else None


def _name(about: str) -> str:
    return sha256(about.encode()).hexdigest()[:32]
