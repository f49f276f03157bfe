"""The portal's own database role on PostgreSQL: everything it needs, and no way to change the ledger."""

import re

from django.db import connection

from portal.audit.triggers import TABLES

NAME = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")


def statements(name: str, database: str) -> list[str]:
    """The SQL that makes the role and says what it may; run by the owner of the tables, any number of times."""
    ledger = ", ".join(TABLES)
    return [
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}') THEN "
        f'CREATE ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS; END IF; END $$',
        f'GRANT CONNECT ON DATABASE "{database}" TO "{name}"',
        f'GRANT USAGE ON SCHEMA public TO "{name}"',
        f'REVOKE CREATE ON SCHEMA public FROM "{name}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{name}"',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{name}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{name}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO "{name}"',
        f'REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {ledger} FROM "{name}"',
        f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON django_migrations FROM "{name}"',
        f'REVOKE INSERT ON audit_tombstone FROM "{name}"',
    ]


def make(name: str) -> None:
    """Make the role, or bring it up to date, on the database of this portal."""
    with connection.cursor() as cursor:
        for statement in statements(name, connection.settings_dict["NAME"]):
            cursor.execute(statement)
