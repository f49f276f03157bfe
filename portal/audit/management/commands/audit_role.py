"""`manage.py audit_role NAME`: a PostgreSQL role for web and worker that cannot change the ledger."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from portal.audit import dbrole


class Command(BaseCommand):
    help = "Make the role, or with --sql print the statements for the database's administrator. Repeat after upgrades."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--sql", action="store_true", help="print the statements and run nothing")

    def handle(self, *args, **options):
        name = options["name"]
        if connection.vendor != "postgresql":
            raise CommandError("Roles exist on PostgreSQL only; SQLite has the triggers alone.")
        if not dbrole.NAME.match(name):
            raise CommandError("A role's name has small letters, digits and underscores and begins with a letter.")
        if options["sql"]:
            for statement in dbrole.statements(name, connection.settings_dict["NAME"]):
                self.stdout.write(statement + ";")
            return
        with transaction.atomic():
            dbrole.make(name)
        self.stdout.write(f"The role {name} may run the portal and cannot change the ledger.")
        self.stdout.write("Give it a password in psql with \\password, and name it in DATABASE_URL of web and worker.")
