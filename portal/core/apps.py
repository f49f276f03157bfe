"""Puts the lock on every database connection."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class CoreConfig(AppConfig):
    name = "portal.core"

    def ready(self):
        from portal.core import checks, guard  # noqa: F401  (checks register themselves)

        connection_created.connect(guard.install, dispatch_uid="portal.core.guard")
