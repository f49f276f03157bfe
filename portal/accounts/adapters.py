"""How allauth behaves here: nobody signs themselves up, and the demonstration asks for the password alone."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect

from portal.accounts import factors, fresh, lockout
from portal.accounts.signals import locked_out, sealed_account_used

_WAYS = {
    "reauthenticate": "Use the password",
    "mfa_reauthenticate": "Use the authenticator app or a recovery code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by people with the right, never by visitors."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name or the password is not right. Check both and try again.",
        "too_many_login_attempts": (
            f"Too many wrong passwords. Wait {settings.LOCK_OUT_MINUTES} minutes, or ask an administrator to let you in."
        ),
    }

    def is_open_for_signup(self, request) -> bool:
        return False

    def pre_authenticate(self, request, **credentials) -> None:
        """Count this try, and say once to the ledger that an account is locked for an address."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            login = credentials.get("username", "")
            if lockout.is_first_refusal(login, self.get_client_ip(request)):
                locked_out.send(sender=AccountAdapter, login=login)
            raise

    def _get_login_attempts_cache_key(self, request, **credentials) -> str:
        return lockout.key_of(credentials.get("username", ""), self.get_client_ip(request))

    def pre_login(self, request, user, *, signal_kwargs=None, **kwargs):
        """Where the hospital's sign-in is the only one, a password lets in only those kept for its bad days."""
        by_provider = "sociallogin" in (signal_kwargs or {})
        if not (settings.LOCAL_LOGIN or by_provider or user.username in settings.LOCAL_LOGIN_PEOPLE):
            self.add_message(request, messages.ERROR, message=f"Sign in with {settings.OIDC['name']}.")
            return redirect("account_login")
        if not (settings.LOCAL_LOGIN or by_provider):
            sealed_account_used.send(sender=AccountAdapter, user=user)
        return super().pre_login(request, user, signal_kwargs=signal_kwargs, **kwargs)

    def get_reauthentication_methods(self, user) -> list[dict]:
        """As in allauth, in our words."""
        return [way | {"description": _WAYS[way["id"]]} for way in super().get_reauthentication_methods(user)]

    def is_reauthentication_required(self, *, app, **kwargs) -> bool:
        """A sign-in of the last minutes is as fresh as a confirmation: nobody types the password twice in a row."""
        return not fresh.signed_in_lately(context.request) and super().is_reauthentication_required(app=app, **kwargs)


class MFAAdapter(DefaultMFAAdapter):
    """The second factor is asked at login unless this is the demonstration, which says so in its banner."""

    def is_mfa_enabled(self, user, types=None) -> bool:
        return False if settings.DEMO else super().is_mfa_enabled(user, types)

    def can_delete_authenticator(self, authenticator) -> bool:
        """The last second factor of a person whose role asks for one stays until another is added."""
        return not (authenticator.user.role_names & settings.SECOND_FACTOR_ROLES and factors.is_last(authenticator))

    def get_totp_label(self, user) -> str:
        return user.username

    def generate_authenticator_name(self, user, type) -> str:
        return f"Passkey {factors.count(user, type) + 1}"

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "The code is not right. Wait for the next one and type that.",
        "cannot_delete_authenticator": "Your role needs a second factor: add another before you remove this one.",
    }

    def encrypt(self, text: str) -> str:
        from portal.core import crypto

        return crypto.encrypt(text, "mfa")

    def decrypt(self, encrypted_text: str) -> str:
        from portal.core import crypto

        return crypto.decrypt(encrypted_text, "mfa")
