"""Says what the provider of the single sign-on must be told."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse


class Command(BaseCommand):
    help = "Print the return address for the provider, and which group gives which role."

    def handle(self, **options):
        if not settings.OIDC:
            raise CommandError("No single sign-on is set up: FORMULARY_OIDC_ISSUER is empty.")
        path = reverse("openid_connect_callback", args=[settings.OIDC["id"]])
        hosts = [host for host in settings.ALLOWED_HOSTS if host != "testserver"] or ["your-host"]
        self.stdout.write(f"issuer: {settings.OIDC['issuer']}")
        for host in hosts:
            self.stdout.write(f"return address: https://{host}{path}")
        for group, roles in sorted(settings.OIDC["roles"].items()):
            self.stdout.write(f"{group}: {', '.join(sorted(roles))}")
