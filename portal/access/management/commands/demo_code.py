"""`manage.py demo_code USER`: the one-time code that a demonstration person's device would show now."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.access.management.people import person
from portal.accounts import factors


class Command(BaseCommand):
    help = "Print the current one-time code of a person of the demonstration."

    def add_arguments(self, parser):
        parser.add_argument("user")

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("Codes are printed for the demonstration's people only.")
        code = factors.current_code(person(options["user"]))
        if code is None:
            raise CommandError(f"{options['user']} has no second factor.")
        self.stdout.write(code)
