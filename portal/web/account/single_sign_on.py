"""How allauth's single sign-on behaves here: who is let in, and what people read when they are not."""

import logging

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.urls import reverse
from requests import RequestException

from portal.access import action, sso
from portal.access.actors import SYSTEM
from portal.core.problems import Problem

logger = logging.getLogger(__name__)
_NO_ROLE = (
    "You are signed in there, but none of your groups opens anything here. Ask the people who look after the groups "
    "to add you to the one for your work."
)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """People are matched by issuer and subject alone; accounts and roles are made by actions."""

    def is_open_for_signup(self, request, sociallogin) -> bool:
        return True

    def is_auto_signup_allowed(self, request, sociallogin) -> bool:
        return True

    def pre_social_login(self, request, sociallogin) -> None:
        """Bring the roles in line with the groups, or refuse in words."""
        person = sociallogin.user if sociallogin.is_existing else None
        sociallogin.email_addresses = []
        if person is not None and not person.is_active:
            return
        try:
            if sociallogin.state.get("process", "login") != "login":
                raise sso.Refused("Accounts are not joined here. Sign in from the start page.")
            claims = sso.checked(sociallogin.account.extra_data)
            request.single_sign_on = claims
            roles = sso.roles_of(claims)
            if person is not None:
                sso.synchronise(by=SYSTEM, on=person, role_names=roles)
            if not roles:
                raise sso.Refused(_NO_ROLE)
        except Problem as problem:
            action.record("person.sign-in-failed", by=person, outcome="failed", detail={"why": problem.code})
            raise ImmediateHttpResponse(_refusal(request, problem.sentence, 403)) from problem

    def save_user(self, request, sociallogin, form=None):
        claims = request.single_sign_on
        sociallogin.user = sso.admit(by=SYSTEM, claims=claims, role_names=sso.roles_of(claims))
        sociallogin.save(request)
        return sociallogin.user

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None) -> None:
        """Nobody is stranded on a page of the library."""
        logger.warning("Single sign-on failed: %s", type(exception).__name__ if exception else error)
        sentence = (
            f"The sign-in at {settings.OIDC['name']} did not end well or was cancelled. Try again from the start."
        )
        raise ImmediateHttpResponse(_refusal(request, sentence, 401))


@login_not_required
def start(request, provider_id):
    """Off to the provider."""
    return _answered(oidc.login, request, provider_id)


@login_not_required
def finish(request, provider_id):
    """Back from the provider."""
    return _answered(oidc.callback, request, provider_id)


def link() -> dict:
    """What the sign-in page says about the single sign-on; empty without one."""
    sso_settings = settings.OIDC
    if not sso_settings:
        return {}
    return {"name": sso_settings["name"], "url": reverse("openid_connect_login", args=[sso_settings["id"]])}


def _answered(view, request, provider_id):
    try:
        return view(request, provider_id)
    except RequestException as problem:
        logger.warning("The single sign-on does not answer: %s", type(problem).__name__)
        sentence = f"{settings.OIDC['name']} does not answer. Wait a minute and try again; the portal itself is up."
        return _refusal(request, sentence, 503)


def _refusal(request, sentence: str, status: int):
    return render(request, "account/single_sign_on_refused.html", {"sentence": sentence}, status=status)
