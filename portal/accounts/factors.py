"""The second factor: one-time codes, and the proof of both factors that a signature asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

from portal.accounts import lockout
from portal.accounts.signals import proof_failed
from portal.core import clock, crypto
from portal.core.problems import BadInput

SERIES = timedelta(minutes=5)
TYPED, HELD = ("password", "one-time code"), ("passkey", "finger, face or PIN")
SECOND = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True)
class Proof:
    """That a person gave two components; serves a series of signatures (21 CFR 11.200(a)(1)(i))."""

    user_id: int
    at: datetime
    factors: tuple[str, ...] = TYPED

    def covers(self, user) -> bool:
        """Whether this proof is this person's and still fresh."""
        return self.user_id == user.pk and clock.now() - self.at < SERIES


def prove(
    user, *, password: str = "", code: str = "", field: str = "code",
    passkey: Callable[[], bool] | None = None, about: dict | None = None,
) -> Proof:  # fmt: skip
    """Check both components in one go; raises BadInput naming the one that is wrong, and after some tries any.

    `field` is the name of the code's box, `passkey` asks a passkey in place of password and code, and `about` names in
    the ledger what a failed proof was for.
    """
    tries = lockout.Tries(f"proof\x1f{user.pk}")
    if tries.are_used_up():
        sentence = f"Too many wrong tries. Wait {settings.LOCK_OUT_MINUTES} minutes and sign then."
        _fail(user, "locked", about, {"passkey" if passkey else "password": sentence})
    problem = _passkey_problem(passkey) if passkey else _problem(user, password, code, field)
    if problem:
        tries.add()
        _fail(user, next(iter(problem)), about, problem)
    tries.clear()
    return Proof(user.pk, clock.now(), HELD if passkey else TYPED)


def _fail(user, factor: str, about: dict | None, problem: dict[str, str]):
    proof_failed.send(sender=Proof, user=user, factor=factor, about=about or {})
    raise BadInput(problem)


def _passkey_problem(passkey: Callable[[], bool]) -> dict[str, str]:
    if passkey():
        return {}
    return {"passkey": "The passkey was not accepted: its answer fits another page or is too old. Use it once more."}


def _problem(user, password: str, code: str, field: str) -> dict[str, str]:
    if not user.check_password(password):
        return {"password": "The password is not right. Type the password you sign in with."}
    if not check_code(user, code):
        return {field: "The one-time code is not right or was used before. Wait for the next one."}
    return {}


def enrol(user) -> str:
    """Give a person a fresh one-time-code secret (RFC 6238); returns it for the one showing."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def has_typed(user) -> bool:
    """Whether a person can type both components: a password here, and a one-time code."""
    return user.has_usable_password() and _factor(user) is not None


def signs_in_alone(user) -> bool:
    """Whether a person holds a passkey that signs in without the password."""
    held = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return any(key.wrap().is_passwordless for key in held)


def has_one(user) -> bool:
    """Whether a person holds an authenticator app or a passkey; recovery codes alone do not count."""
    return Authenticator.objects.filter(user=user, type__in=SECOND).exists()


def count(user, kind) -> int:
    """How many factors of one kind a person holds."""
    return Authenticator.objects.filter(user=user, type=kind).count()


def is_last(factor: Authenticator) -> bool:
    """Whether a person would be left without a second factor if this one went."""
    others = Authenticator.objects.filter(user=factor.user_id, type__in=SECOND).exclude(pk=factor.pk)
    return factor.type in SECOND and not others.exists()


def reset(user) -> int:
    """Take every second factor of a person away, recovery codes included; returns how many."""
    return Authenticator.objects.filter(user=user).delete()[0]


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
