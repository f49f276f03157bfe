"""`manage.py verify_audit`: prove that nobody changed, removed, added or moved an event."""

import json

from django.core.management.base import BaseCommand, CommandError

from portal.audit import verify


class Command(BaseCommand):
    help = "Check the whole ledger; exit 1 and the first bad event when it was tampered with."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        verdict = verify.verify(self._progress)
        if options["json"]:
            facts = {"ok": verdict.ok, "events": verdict.events, "seals": verdict.seals}
            self.stdout.write(json.dumps(facts | {"fault": verdict.fault or None, "event": verdict.position}))
        elif verdict.ok:
            self.stdout.write(f"{verdict.events} events and {verdict.seals} seals fit together.")
        if not verdict.ok:
            raise CommandError(verdict.fault)

    def _progress(self, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{count} events", ending="")
