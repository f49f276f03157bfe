"""`manage.py keep`: seal the ledger and find lost jobs, until told to stop."""

import signal

from django.core.management.base import BaseCommand

from portal.compute import keeper
from portal.core.start import refuse_unsafe


class Command(BaseCommand):
    help = "Run the keeper beside the workers; one of it is enough."

    def handle(self, *args, **options):
        refuse_unsafe()
        stopped = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.append(True))
        keeper.keep(lambda: bool(stopped))
