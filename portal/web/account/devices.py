"""Browsers that signed a person in before: a new one is told by e-mail and at the next sign-in elsewhere."""

import logging
import re
import secrets
from hashlib import sha256
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from allauth.account.signals import user_logged_in
from django.conf import settings
from django.contrib import messages
from django.dispatch import receiver
from django.utils.timezone import localtime

from portal.access import own, sessions, sso
from portal.access.actors import SYSTEM
from portal.core import clock
from portal.web import kept
from portal.web.account.views import warn_of_ending

COOKIE, YEAR = "formulary_device", 365 * 24 * 3600
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "an iPhone"), ("iPad", "an iPad"),
            ("Mac OS", "a Mac"), ("Linux", "Linux"))  # fmt: skip
logger = logging.getLogger(__name__)


@receiver(user_logged_in, dispatch_uid="portal.web.signed_in")
def note(sender, request, response, user, **kwargs):
    """Recognise the browser by its cookie, give it one when it has none, and look for forms that were kept."""
    if settings.OIDC and sso.is_strong(getattr(request, "single_sign_on", {})):
        sessions.proved(request.session)
    kept.remember(request, user)
    warn_of_ending(request, user)
    token = request.COOKIES.get(COOKIE, "")
    if not re.fullmatch(r"[\w-]{43}", token):
        token = secrets.token_urlsafe(32)
    digest = sha256(token.encode()).hexdigest()
    if own.note_device(by=SYSTEM, on=user, digest=digest, label=label_of(request.headers.get("User-Agent", ""))):
        _write_mail(user)
    for device in own.tell_of_devices(by=SYSTEM, on=user, but=digest):
        when = localtime(device.since)
        messages.warning(
            request,
            f"{device.label} signed in as you on {when:%-d %b %Y, %H:%M}. "
            "If that was not you: close it under “My sessions” and tell an administrator.",
        )
    response.set_cookie(
        COOKIE, token, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def label_of(agent: str) -> str:
    """A browser as people name it: “Firefox on Windows”."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "an unknown device")
    return f"{browser} on {system}"


def _write_mail(user) -> None:
    if not user.email or not settings.EMAIL_HOST:
        return
    try:
        get_adapter().send_mail("account/email/new_device", user.email, {"at": localtime(clock.now())})
    except (OSError, SMTPException):
        # The notice in the portal remains; a sign-in does not wait for the post office.
        logger.warning("The mail about a new device could not be sent.")
