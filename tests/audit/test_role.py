"""The portal's own role on PostgreSQL runs everything and changes nothing of the ledger."""

from datetime import date

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from portal.access import actions, ledger
from portal.access.actors import SYSTEM
from portal.audit import triggers, verify
from portal.audit.models import AuditEvent
from portal.core import guard
from portal.studies import actions as studies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_role(old):
    """Act as the portal's own role on the same connection."""
    call_command("audit_role", "formulary_portal")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION AUTHORIZATION formulary_portal")
    yield old
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")


@pytest.mark.parametrize("table", triggers.TABLES)
@pytest.mark.parametrize("words", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
def test_the_portal_s_role_is_refused_every_change_of_the_ledger(as_role, table, words):
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), guard.unlocked():
        connection.cursor().execute(words.format(table))
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_the_portal_s_role_cannot_take_the_triggers_off(as_role):
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        triggers.drop(connection)
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_the_portal_works_as_its_own_role(as_role, client):
    studies.open_study(by=SYSTEM, slug="later", title="Later")
    actions.seal_ledger(by=SYSTEM)
    ledger.set_retention(by=as_role["auditor"], years=6, reason="The law's least.")
    client.force_login(as_role["auditor"], backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.get("/oversight/events/").status_code == 200
    assert verify.verify().fault == ""


def test_the_portal_s_role_cannot_purge(as_role):
    ledger.set_retention(by=as_role["auditor"], years=6, reason="The law's least.")

    with pytest.raises(CommandError, match="Run the purge as the tables' owner"):
        call_command("purge_audit", by="admin", before=date(2019, 1, 1))
    assert AuditEvent.objects.filter(recorded_at__year=2018).count() == 4


def test_the_commands_of_the_guide_purge_as_the_owner(old, capsys):
    """docs/how-to/purge-old-events.md, line by line."""
    ledger.set_retention(by=old["auditor"], years=6, reason="The law's least.")
    call_command("verify_audit")
    call_command("audit_head")
    call_command("purge_audit", by="admin", before=date(2019, 1, 1))
    call_command("verify_audit")

    said = capsys.readouterr().out
    assert "4 events of seals 1 to 2 are gone." in said
    assert "4 events before 1 Jan 2019 were purged by admin" in said
