"""Django's migrate, with the guarded tables open while the schema changes."""

from django.core.management.commands import migrate

from portal.core import guard


class Command(migrate.Command):
    def handle(self, *args, **options):
        with guard.unlocked():
            return super().handle(*args, **options)
