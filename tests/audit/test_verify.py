"""Tampering with the ledger is found, and the first bad event is named."""

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.audit import seals, triggers, verify
from portal.audit.models import AuditEvent
from portal.core import guard
from portal.studies import actions as studies


@pytest.fixture
def ledger(transactional_db):
    """Six events; sealed, because what was written has been committed."""
    for number in range(6):
        studies.open_study(by=SYSTEM, slug=f"study-{number}", title="A study")
    actions.seal_ledger(by=SYSTEM)
    return list(AuditEvent.objects.order_by("id").values_list("id", flat=True))


def tamper(sql: str, *values) -> None:
    """What somebody with the database's password could do."""
    with guard.unlocked():
        triggers.drop(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
        triggers.install(connection)


def test_an_untouched_ledger_fits(ledger):
    assert verify.verify() == verify.Verdict(events=6, seals=1)


@pytest.mark.parametrize("column", ["verb", "actor", "outcome", "patient", "payload", "leaf"])
def test_a_changed_column_is_found(ledger, column):
    tamper(f"UPDATE audit_auditevent SET {column} = 'x' WHERE id = %s", ledger[2])

    assert verify.verify().position == ledger[2]


def test_a_changed_time_is_found(ledger):
    tamper("UPDATE audit_auditevent SET recorded_at = '2020-01-01 00:00:00+00' WHERE id = %s", ledger[3])

    assert verify.verify().position == ledger[3]


def test_a_removed_event_is_named(ledger):
    tamper("DELETE FROM audit_auditevent WHERE id = %s", ledger[4])

    verdict = verify.verify()
    assert (verdict.position, "missing" in verdict.fault) == (ledger[4], True)


def test_two_swapped_events_are_found(ledger):
    tamper("UPDATE audit_auditevent SET id = -1 WHERE id = %s", ledger[0])
    tamper("UPDATE audit_auditevent SET id = %s WHERE id = %s", ledger[0], ledger[1])
    tamper("UPDATE audit_auditevent SET id = %s WHERE id = -1", ledger[1])

    assert verify.verify().position == ledger[0]


def test_a_copied_event_is_found(ledger):
    columns = ", ".join(field.column for field in AuditEvent._meta.concrete_fields if field.column != "id")
    tamper(
        f"INSERT INTO audit_auditevent (id, {columns}) SELECT 9999, {columns} FROM audit_auditevent WHERE id = %s",
        ledger[0],
    )

    assert verify.verify().position == 9999


def test_a_removed_seal_is_found(ledger):
    studies.open_study(by=SYSTEM, slug="later", title="Later")
    actions.seal_ledger(by=SYSTEM)
    tamper("DELETE FROM audit_seal WHERE id = 1")

    assert "Seal 1 is missing" in verify.verify().fault


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_auditevent SET verb = 'x'", "DELETE FROM audit_auditevent", "DELETE FROM audit_seal"]
)
def test_the_database_itself_refuses_changes(ledger, statement):
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic(), guard.unlocked():
        connection.cursor().execute(statement)


@given(st.lists(st.integers(1, 500), unique=True).map(sorted))
def test_written_ranges_read_back(places):
    assert seals.read_ranges(seals.write_ranges(places)) == places
