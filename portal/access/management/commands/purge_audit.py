"""`manage.py purge_audit --by USER --before DATE`: let events go that are past their retention."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError

from portal.access import ledger
from portal.access.management.people import person
from portal.core.problems import Problem


class Command(BaseCommand):
    help = "Purge whole sealed batches of events older than DATE; six years is the least, a policy may say more."

    def add_arguments(self, parser):
        parser.add_argument("--by", required=True, help="the administrator who answers for it")
        parser.add_argument("--before", required=True, type=date.fromisoformat, metavar="DATE")

    def handle(self, *args, **options):
        try:
            stone = ledger.purge(by=person(options["by"]), before=options["before"])
        except Problem as problem:
            raise CommandError(problem.sentence) from None
        if stone is None:
            self.stdout.write("No whole batch is that old; nothing was purged.")
        else:
            self.stdout.write(f"{stone.events} events of seals {stone.first_seal} to {stone.last_seal} are gone.")
