"""A real OpenID Connect provider as a process on loopback, and a person who signs in there."""

import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
import requests

from portal.core import sso
from tests.servers import free_port

ROLES = {
    "grp-ward": frozenset({"clinician"}), "grp-lab": frozenset({"scientist"}),
    "grp-it": frozenset({"admin"}), "grp-privacy": frozenset({"auditor"}),
}  # fmt: skip


class Provider:
    """The process, the people it knows, and the way through it."""

    def __init__(self):
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                requests.get(f"{self.issuer}/.well-known/openid-configuration", timeout=1)
                return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise RuntimeError("The provider did not start.")

    def knows(self, subject: str, **claims) -> None:
        """Let the provider say this about a person."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def pass_through(self, client, subject: str, **query):
        """Sign in there as `subject` and come back with what the portal answers."""
        there = client.get(f"/accounts/oidc/{self.id}/login/", query)
        back = requests.post(there.url, data={"sub": subject}, allow_redirects=False, timeout=5)
        parts = urlsplit(back.headers["Location"])
        return client.get(f"{parts.path}?{parts.query}")

    @property
    def id(self) -> str:
        from django.conf import settings

        return settings.OIDC["id"]


@pytest.fixture(scope="session")
def running_provider():
    started = Provider()
    yield started
    started.process.terminate()
    started.process.wait(timeout=10)


@pytest.fixture
def provider(running_provider, settings, monkeypatch):
    """The provider as the portal's only single sign-on, with four groups that have roles."""
    monkeypatch.setenv("FORMULARY_OIDC_ISSUER", running_provider.issuer)
    monkeypatch.setenv("FORMULARY_OIDC_CLIENT_ID", "formulary")
    monkeypatch.setenv("FORMULARY_OIDC_CLIENT_SECRET", "a-secret-between-two-machines")
    monkeypatch.setenv("FORMULARY_OIDC_NAME", "Northside sign-in")
    monkeypatch.setenv("FORMULARY_OIDC_ROLES", "grp-ward=clinician,grp-lab=scientist,grp-it=admin,grp-privacy=auditor")
    settings.OIDC = sso.from_environment(settings.IDLE_MINUTES)
    settings.SOCIALACCOUNT_PROVIDERS = sso.providers(settings.OIDC)
    return running_provider
