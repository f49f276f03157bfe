"""`manage.py route_matrix [--json]`: every address with its object, right and PHI class."""

import json

from django.core.management.base import BaseCommand, CommandError

from portal.web import matrix


class Command(BaseCommand):
    help = "List every address; exit 1 when one is not declared."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        try:
            rows = matrix.walk()
        except matrix.Undeclared as problem:
            raise CommandError(str(problem)) from None
        if options["json"]:
            self.stdout.write(json.dumps([row.plain() for row in rows], indent=1))
            return
        for row in rows:
            self.stdout.write(f"{row.route:<60} {','.join(row.methods):<9} {row.object:<14} {row.right:<28} {row.phi}")
