"""Where the next events go: positions in the ledger, and the epoch by which the sealer knows that none is late.

PostgreSQL hands out positions from a sequence and the epoch is the transaction id, so writers share no row and
the sealer closes only what no open transaction can still add to. SQLite has one writer at a time: the position
is the next free one and serves as epoch too.
"""

from datetime import datetime

from django.db import connection

_SEQUENCE = "audit_position"


def take(count: int = 1) -> tuple[list[int], int | None]:
    """`count` positions and the epoch they belong to (None: each position is its own epoch)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"SELECT nextval('{_SEQUENCE}'), pg_current_xact_id()::text::bigint FROM generate_series(1, %s)",
                [count],
            )
            rows = cursor.fetchall()
            return [row[0] for row in rows], rows[0][1]
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM audit_auditevent")
        first = cursor.fetchone()[0] + 1
        cursor.execute("SELECT COALESCE(MAX(last), 0) FROM audit_seal")
        first = max(first, cursor.fetchone()[0] + 1)
        return list(range(first, first + count)), None


def append(table: str, rows: list[dict]) -> None:
    """Put rows into the ledger's table as they are: one constant statement, without the ORM's compiling."""
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(["%s"] * len(names))})'
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[_plain(row[name]) for name in names] for row in rows])


def _plain(value):
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def settled_below() -> int:
    """The epoch below which no event can be added any more."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            return cursor.fetchone()[0]
        cursor.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM audit_auditevent")
        return cursor.fetchone()[0]


def gapless() -> bool:
    """Whether positions follow each other without a gap; a sequence leaves one for each rolled back transaction."""
    return connection.vendor != "postgresql"
