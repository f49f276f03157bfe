"""Database triggers that refuse to change or remove ledger rows, for PostgreSQL and SQLite.

One road is open: an event may go that is older than six years and whose batch a tombstone covers. The tables that
come later than the first two are named by the migration that makes them.
"""

FIRST = ("audit_auditevent", "audit_seal")
TABLES = (*FIRST, "audit_tombstone", "audit_retentionpolicy", "audit_periodreview")
_WORDS = "the ledger is only ever added to"
_COVERED = "EXISTS (SELECT 1 FROM audit_tombstone t WHERE OLD.epoch >= t.since AND OLD.epoch < t.until)"

_PG_REFUSE = (
    f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
)
_PG_PURGE = (
    f"CREATE OR REPLACE FUNCTION audit_purge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF OLD.recorded_at < now() - interval '6 years' AND {_COVERED} THEN RETURN OLD; END IF; "
    f"RAISE EXCEPTION '{_WORDS}'; END $$"
)


def install(connection, tables=TABLES) -> None:
    """Put the triggers on."""
    drop(connection, tables)
    _run(connection, _pg(tables) if connection.vendor == "postgresql" else _lite(tables))


def drop(connection, tables=TABLES) -> None:
    """Take the triggers off: migrations that go back, and test databases that are emptied."""
    on = connection.vendor == "postgresql"
    _run(
        connection,
        [
            f"DROP TRIGGER IF EXISTS {table}_{event.lower()}" + (f" ON {table}" if on else "")
            for table in tables
            for event in _events(connection.vendor)
        ],
    )


def _events(vendor: str) -> tuple[str, ...]:
    return ("UPDATE", "DELETE", "TRUNCATE") if vendor == "postgresql" else ("UPDATE", "DELETE")


def _purgeable(table: str, event: str, tables) -> bool:
    return table == "audit_auditevent" and event == "DELETE" and "audit_tombstone" in tables


def _pg(tables) -> list[str]:
    made = [_PG_REFUSE, *([_PG_PURGE] if "audit_tombstone" in tables else [])]
    for table in tables:
        for event in _events("postgresql"):
            row = _purgeable(table, event, tables)
            each, does = ("ROW", "audit_purge()") if row else ("STATEMENT", "audit_refuse()")
            made.append(
                f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} FOR EACH {each} "
                f"EXECUTE FUNCTION {does}"
            )
    return made


def _lite(tables) -> list[str]:
    made = []
    for table in tables:
        for event in _events("sqlite"):
            unless = ""
            if _purgeable(table, event, tables):
                unless = f"WHEN OLD.recorded_at >= datetime('now', '-6 years') OR NOT {_COVERED} "
            made.append(
                f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} {unless}"
                f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
            )
    return made


def _run(connection, statements) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
