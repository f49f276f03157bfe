"""`manage.py reconcile_jobs`: find jobs that the broker or a worker lost."""

import json

from django.core.management.base import BaseCommand

from portal.access.actors import SYSTEM
from portal.compute import actions


class Command(BaseCommand):
    help = "Take back jobs whose worker stopped and nudge those that wait."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        found = actions.reconcile(by=SYSTEM)
        text = json.dumps(found) if options["json"] else f"{found['lost']} taken back, {found['nudged']} nudged."
        self.stdout.write(text)
