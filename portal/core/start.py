"""What runs before a process serves: in production every system check, those of the database included.

Neither gunicorn nor Celery runs Django's checks by itself, so a check alone would stop nobody.
"""

from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured


def refuse_unsafe() -> None:
    """Raise ImproperlyConfigured with every error, so that the process ends before it serves anyone."""
    if not settings.PRODUCTION:
        return
    found = [message for message in run_checks(databases=["default"]) if message.is_serious()]
    if found:
        raise ImproperlyConfigured("Formulary does not start:\n" + "\n".join(map(str, found)))
