"""The provider for the stories about single sign-on."""

from tests.accounts.provider import provider, running_provider

__all__ = ["provider", "running_provider"]
