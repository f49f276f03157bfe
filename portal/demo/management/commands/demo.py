"""`manage.py demo`: set everything up, start everything, stay in the foreground."""

import json
import os
import sys
import time
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from portal.access.actions import seal_ledger
from portal.access.actors import SYSTEM
from portal.accounts import factors
from portal.demo import once, people, processes, seed
from portal.demo.supervise import NotReady, Stopped, Supervisor, stoppable
from portal.records import practice


class Command(BaseCommand):
    help = "Set up and run a demonstration with invented people."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fhir", type=Path)
        parser.add_argument("--as-of", type=date.fromisoformat)
        parser.add_argument("--once", action="store_true")

    def handle(self, *args, **options):
        self.began, self.filled = time.monotonic(), False
        if settings.PRODUCTION:
            raise CommandError("A demonstration does not run with FORMULARY_MODE=production.")
        if options["fhir"] and not options["fhir"].exists():
            raise CommandError(f"--fhir: there is no folder {options['fhir']}.")
        self._mark(options["as_of"])
        self._run(options)

    def _mark(self, as_of: date | None) -> None:
        note = settings.DATA / "demo.json"
        facts = json.loads(note.read_text()) if note.exists() else {}
        wanted = {"as_of": as_of.isoformat()} if as_of else facts or {"as_of": ""}
        if facts != wanted:
            note.write_text(json.dumps(wanted))
            # Settings are read once: the command begins again with the note in place.
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606

    def _run(self, options) -> None:
        processes.make_folders()
        supervisor = Supervisor([], run_dir=settings.RUN)
        try:
            with stoppable():
                self._start(options, supervisor)
        except (seed.SeedFailed, NotReady) as failure:
            raise CommandError(str(failure)) from None
        except Stopped as stopped:
            self._say("stopped while it was starting; the next start goes on from here")
            sys.exit(128 + stopped.number)
        finally:
            supervisor.stop()
            if self.filled:
                seal_ledger(by=SYSTEM)

    def _start(self, options, supervisor: Supervisor) -> None:
        self._prepare()
        self._fill(options, supervisor)
        self.filled = True
        port = processes.free_port() if options["once"] else options["port"]
        for process in (processes.worker(), processes.keeper(), processes.web(port)):
            self._say(f"starting {process.name}")
            supervisor.start(process)
        self._serve(options, supervisor, f"http://127.0.0.1:{port}")

    def _prepare(self) -> None:
        self._say("database: bringing tables up to date")
        call_command("migrate", verbosity=0, interactive=False)
        stamp = settings.STATIC_ROOT / "staticfiles.json"
        newest = max((path.stat().st_mtime for path in (settings.ROOT / "static").rglob("*")), default=0)
        if not stamp.exists() or stamp.stat().st_mtime < newest:
            self._say("pages: collecting style sheets and scripts")
            call_command("collectstatic", verbosity=0, interactive=False)

    def _fill(self, options, supervisor: Supervisor) -> None:
        self.secret = people.password(settings.DATA / "keys", os.environ.get("DEMO_PASSWORD", ""))
        self._say("people: eight of them, each with a second factor")
        self.cast = people.add_everyone(self.secret)
        studies = people.open_studies(self.cast)
        self._say("records: FHIR import")
        seed.import_records(self._say, fhir=options["fhir"], as_of=settings.AS_OF or date.today())
        seed.assign_wards(self._say, self.cast)
        practice.prepare(by=SYSTEM)
        port = processes.free_port()
        # Only training needs the tracking server at once; at later starts nobody waits for it.
        waits = not seed.models_there(studies["demo"])
        for process, wait in ((processes.tracker(port), waits), (processes.scorer(), True)):
            self._say(f"starting {process.name}")
            supervisor.start(process, wait=wait)
        tracking = f"http://127.0.0.1:{port}"
        seed.add_models(self._say, tracking_uri=tracking, people=self.cast, study=studies["demo"])
        seed.write_samples(self._say, people=self.cast, fhir=options["fhir"])
        os.environ["MLFLOW_TRACKING_URI"] = tracking
        connections.close_all()

    def _serve(self, options, supervisor: Supervisor, base: str) -> None:
        self._say(f"ready after {time.monotonic() - self.began:.0f} s")
        if options["once"]:
            found = once.run(base, self.cast["clinician"])
            self.stdout.write(json.dumps(found))
            if not found["ok"]:
                sys.exit(1)
            return
        self._announce(base)
        supervisor.watch()

    def _announce(self, base: str) -> None:
        self.stdout.write(f"\nFormulary runs at {base}\n")
        for name, (shown, roles) in people.CAST.items():
            secret = factors.secret_of(self.cast[name])
            self.stdout.write(
                f"  {name:<11} password {self.secret}   second factor {secret}   {', '.join(roles)} ({shown})"
            )
        self.stdout.write("\nOne-time codes for signing: manage.py demo_code USER. Ctrl-C ends everything.")

    def _say(self, line: str) -> None:
        self.stderr.write(f"  {line}")
