"""`manage.py verify_audit`: prove that nobody changed, removed, added or moved an event."""

import json
import os

from django.core.management.base import BaseCommand, CommandError

from portal.audit import checkpoints, verify
from portal.audit.rows import Fault

HANDS = 4


class Command(BaseCommand):
    help = "Check the ledger; exit 1 and the first bad event when it was tampered with."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")
        start = parser.add_mutually_exclusive_group()
        start.add_argument("--since-last", action="store_true", help="start after what the newest good check proved")
        start.add_argument("--resume", action="store_true", help="go on where an interrupted check stood")

    def handle(self, *args, **options):
        verdict = self._verify(options)
        if options["json"]:
            facts = {"ok": verdict.ok, "events": verdict.events, "seals": verdict.seals, "heads": verdict.heads}
            facts |= {"unsealed": verdict.unsealed, "notes": list(verdict.notes)}
            self.stdout.write(json.dumps(facts | {"fault": verdict.fault or None, "event": verdict.position}))
        elif verdict.ok:
            for note in verdict.notes:
                self.stdout.write(note)
            self.stdout.write(f"{verdict.events} events and {verdict.seals} seals fit together.")
        if not verdict.ok:
            raise CommandError(verdict.fault)

    def _verify(self, options) -> verify.Verdict:
        try:
            start = checkpoints.last_proved() if options["since_last"] else None
        except Fault as fault:
            return verify.Verdict(0, 0, fault.sentence, fault.position)
        start = checkpoints.interrupted() if options["resume"] else start
        verdict = verify.verify(
            self._progress, start=start, reached=checkpoints.keep, hands=min(os.cpu_count() or 1, HANDS)
        )
        checkpoints.forget()
        return verdict

    def _progress(self, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{count} events", ending="")
