"""The second factor: one-time codes, and the proof of password and code that a signature asks for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp

from portal.core import clock, crypto
from portal.core.problems import BadInput

SERIES = timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """That a person gave password and one-time code; serves a series of signatures (21 CFR 11.200(a)(1)(i))."""

    user_id: int
    at: datetime
    factors: tuple[str, ...] = ("password", "one-time code")

    def covers(self, user) -> bool:
        """Whether this proof is this person's and still fresh."""
        return self.user_id == user.pk and clock.now() - self.at < SERIES


def prove(user, *, password: str, code: str, field: str = "code") -> Proof:
    """Check both components in one go; raises BadInput naming the one that is wrong, the code's box as `field`."""
    if not user.check_password(password):
        raise BadInput({"password": "The password is not right. Type the password you sign in with."})
    if not check_code(user, code):
        raise BadInput({field: "The one-time code is not right or was used before. Wait for the next one."})
    return Proof(user.pk, clock.now())


def enrol(user) -> str:
    """Give a person a fresh one-time-code secret (RFC 6238); returns it for the one showing."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def check_code(user, code: str) -> bool:
    """Whether `code` is this person's current one-time code; each code serves once."""
    factor = _factor(user)
    return bool(factor and code and factor.wrap().validate_code(code.strip().replace(" ", "")))


def current_code(user) -> str | None:
    """The code a person's device would show now; None without a second factor."""
    factor = _factor(user)
    if factor is None:
        return None
    secret = get_adapter().decrypt(factor.data["secret"])
    counter = list(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counter[len(counter) // 2]))


def secret_of(user) -> str:
    """The secret to type into an authenticator; the demonstration prints it, nothing else does."""
    factor = _factor(user)
    return get_adapter().decrypt(factor.data["secret"]) if factor else ""


def reencrypt() -> int:
    """Bring every second factor's secrets under the newest key; returns how many changed."""
    changed = 0
    for row in Authenticator.objects.all():
        old = {name: row.data[name] for name in ("secret", "seed") if row.data.get(name)}
        if any(not crypto.is_current(text) for text in old.values()):
            row.data |= {name: get_adapter().encrypt(get_adapter().decrypt(text)) for name, text in old.items()}
            row.save(update_fields=("data",))
            changed += 1
    return changed


def _factor(user):
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
