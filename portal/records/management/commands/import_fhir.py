"""`manage.py import_fhir PATH…`: bring FHIR R4 records in, from folders, bundles and NDJSON files."""

import json
import sys

from django.core.management.base import BaseCommand

from portal.access.actors import SYSTEM
from portal.records import imports


class Command(BaseCommand):
    help = "Import FHIR R4 resources; the same input twice changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        report = imports.import_paths(by=SYSTEM, paths=options["paths"], progress=self._progress)
        if options["json"]:
            self.stdout.write(json.dumps(report.plain()))
        else:
            self._tell(report)
        if report.nothing_read:
            sys.exit(1)

    def _tell(self, report) -> None:
        self.stdout.write(
            f"{report.bundles} sources, {report.patients} patients: {report.created} resources new, "
            f"{report.updated} changed, {report.unchanged} unchanged, {report.deleted} deleted, {len(report.refused)} refused."
        )
        if report.merged or report.unmerged:
            self.stdout.write(f"{report.merged} records merged into others, {report.unmerged} separated again.")
        for refusal in report.refused:
            self.stdout.write(f"  {refusal['file']} {refusal['path']}: {refusal['reason']}")

    def _progress(self, done: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done} sources", ending="")
