"""Finding the person a command acts for."""

from django.core.management.base import CommandError

from portal.accounts.models import User


def person(username: str) -> User:
    """An active account by its name; CommandError with a sentence when there is none."""
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active person “{username}”.")
    return found
