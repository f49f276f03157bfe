"""Database triggers that refuse to change or remove ledger rows, for PostgreSQL and SQLite."""

TABLES = ("audit_auditevent", "audit_seal")
_WORDS = "the ledger is only ever added to"

_PG_INSTALL = (
    f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$",
    *(
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} FOR EACH STATEMENT "
        f"EXECUTE FUNCTION audit_refuse()"
        for table in TABLES
        for event in ("UPDATE", "DELETE", "TRUNCATE")
    ),
)
_PG_DROP = tuple(
    f"DROP TRIGGER IF EXISTS {table}_{event} ON {table}"
    for table in TABLES
    for event in ("update", "delete", "truncate")
)
_LITE_INSTALL = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {table}_{event.lower()} BEFORE {event} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    for table in TABLES
    for event in ("UPDATE", "DELETE")
)
_LITE_DROP = tuple(f"DROP TRIGGER IF EXISTS {table}_{event}" for table in TABLES for event in ("update", "delete"))


def install(connection) -> None:
    """Put the triggers on."""
    _run(connection, _PG_INSTALL if connection.vendor == "postgresql" else _LITE_INSTALL)


def drop(connection) -> None:
    """Take the triggers off: migrations that go back, and test databases that are emptied."""
    _run(connection, _PG_DROP if connection.vendor == "postgresql" else _LITE_DROP)


def _run(connection, statements) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
