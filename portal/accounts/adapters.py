"""How allauth behaves here: nobody signs themselves up, and the demonstration asks for the password alone."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by people with the right, never by visitors."""

    def is_open_for_signup(self, request) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):
    """The second factor is asked at login unless this is the demonstration, which says so in its banner."""

    def is_mfa_enabled(self, user, types=None) -> bool:
        return False if settings.DEMO else super().is_mfa_enabled(user, types)

    def encrypt(self, text: str) -> str:
        from portal.core import crypto

        return crypto.encrypt(text, "mfa")

    def decrypt(self, encrypted_text: str) -> str:
        from portal.core import crypto

        return crypto.decrypt(encrypted_text, "mfa")
