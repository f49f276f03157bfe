"""`manage.py setup`: the first administrator, the wards and the staff of a new hospital."""

import getpass
import json
import secrets
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.access import actions as access
from portal.access.actors import SYSTEM
from portal.accounts import factors, invented
from portal.accounts.models import User
from portal.compute import leavers
from portal.core.problems import Problem
from portal.records import actions as records
from portal.records import imports, practice


class Command(BaseCommand):
    help = "Start a hospital: first administrator with a second factor, wards, staff. Safe to run again."

    def add_arguments(self, parser):
        parser.add_argument("--admin", metavar="USER", help="user name of the first administrator")
        parser.add_argument("--admin-name", default="", help="their name as others see it")
        parser.add_argument("--password-file", type=Path, help="where their password stands; else one is made up")
        parser.add_argument("--fhir", nargs="+", default=[], metavar="PATH", help="records to import first")
        parser.add_argument(
            "--staff", action="append", default=[], metavar="USER=ROLE[@WARD]",
            help="make an account for a proposed practitioner; may be given again",
        )  # fmt: skip
        parser.add_argument("--end-demonstration", action="store_true", help="shut the demonstration's people out")
        parser.add_argument("--json", action="store_true", help="print one JSON object, ask nothing")

    def handle(self, *args, **options):
        self.asks = sys.stdin.isatty() and not options["json"] and not options["admin"]
        try:
            report = self._start(options)
        except Problem as problem:
            raise CommandError(problem.sentence) from None
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self._tell(report)

    def _start(self, options) -> dict:
        self._refuse_demonstration(end=options["end_demonstration"])
        found = imports.import_paths(by=SYSTEM, paths=options["fhir"]).plain() if options["fhir"] else None
        practice.prepare(by=SYSTEM)
        # People are added all or none: a password is printed at the end, and only for who is really there.
        with transaction.atomic():
            return self._add_people(options, {"records": found})

    def _add_people(self, options, report: dict) -> dict:
        report["admin"] = self._first_admin(options)
        units = records.size_units(by=SYSTEM)
        report["wards"] = [{"id": unit.public_id, "name": unit.name, "patients": size} for unit, size in units]
        proposals = {found.username: found for found in records.propose_staff(by=SYSTEM)}
        wanted = options["staff"] or (self._ask_staff(proposals) if self.asks else [])
        report["added"] = [self._add(entry, proposals, [unit for unit, _ in units]) for entry in wanted]
        added = {person["username"] for person in report["added"]}
        names = {person.get_full_name() for person in User.objects.all()}
        report["staff"] = [
            {"username": found.username, "name": found.name}
            for found in proposals.values()
            if found.username not in added and found.name not in names
        ]
        return report

    def _refuse_demonstration(self, *, end: bool) -> None:
        found = invented.active()
        if end:
            for person in User.objects.filter(username__in=found):
                leavers.leave(by=SYSTEM, on=person)
            return
        if found and settings.PRODUCTION:
            raise CommandError(
                f"The database holds demonstration people: {', '.join(found)}. Use a database of its own, "
                "or shut them out with --end-demonstration."
            )

    def _first_admin(self, options) -> dict | None:
        there = User.objects.filter(groups__name="admin", is_active=True).order_by("pk").first()
        if there:
            return None
        username = options["admin"] or (input("User name of the first administrator: ").strip() if self.asks else "")
        if not username:
            raise CommandError("There is no administrator yet: name the first one with --admin USER.")
        name = options["admin_name"] or (input("Their name as others see it: ").strip() if self.asks else username)
        typed = self._typed_password(options)
        return self._person(username, name, ["admin"], typed)

    def _typed_password(self, options) -> str:
        if options["password_file"]:
            return options["password_file"].read_text().strip()
        if not self.asks:
            return ""
        first = getpass.getpass("Password (leave empty to have one made up): ")
        if first and first != getpass.getpass("Once more: "):
            raise CommandError("The two passwords differ; nothing was changed.")
        return first

    def _person(self, username: str, name: str, roles: list[str], typed: str = "") -> dict:
        password = typed or secrets.token_urlsafe(15)
        person = access.add_person(by=SYSTEM, username=username, name=name, password=password, role_names=roles)
        shown = {"username": username, "name": name, "roles": roles, "second_factor": factors.secret_of(person)}
        return shown if typed else shown | {"password": password}

    def _ask_staff(self, proposals: dict) -> list[str]:
        wanted = []
        for found in proposals.values():
            answer = input(f"Account for {found.name} ({found.username})? ROLE[@WARD], empty for none: ").strip()
            wanted += [f"{found.username}={answer}"] if answer else []
        return wanted

    def _add(self, entry: str, proposals: dict, units: list) -> dict:
        username, _, rest = entry.partition("=")
        role, _, ward = rest.partition("@")
        if username not in proposals:
            raise CommandError(f"--staff {entry}: no practitioner is proposed as “{username}”.")
        unit = next((unit for unit in units if ward in (unit.name, unit.public_id)), None)
        if ward and unit is None:
            known = ", ".join(unit.name for unit in units) or "none yet; import records first"
            raise CommandError(f"--staff {entry}: there is no ward “{ward}”. Wards: {known}.")
        shown = self._person(username, proposals[username].name, [role or "clinician"])
        if unit:
            records.assign(by=SYSTEM, on=unit, person=User.objects.get(username=username))
        return shown | {"ward": unit.name if unit else None}

    def _tell(self, report: dict) -> None:
        for person in filter(None, [report["admin"], *report["added"]]):
            self.stdout.write(f"\nAdded {person['name']} ({person['username']}): {', '.join(person['roles'])}")
            if "password" in person:
                self.stdout.write(f"  password       {person['password']}")
            self.stdout.write(f"  second factor  {person['second_factor']}")
            self.stdout.write("  Write both down now; they are not shown again.")
        if report["admin"] is None:
            self.stdout.write("There is an administrator already; nobody was added for that.")
        self.stdout.write(f"\n{len(report['wards'])} wards with patients:")
        for ward in report["wards"]:
            self.stdout.write(f"  {ward['name']} ({ward['patients']} patients)")
        self.stdout.write(f"{len(report['staff'])} practitioners have no account yet:")
        for found in report["staff"][:20]:
            self.stdout.write(f"  {found['username']:<24} {found['name']}")
        self.stdout.write("Add them with --staff USER=ROLE@WARD, or on the page Hospital.")
