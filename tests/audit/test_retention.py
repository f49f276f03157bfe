"""Nothing younger than six years goes; what goes leaves a signed tombstone."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from portal.access import ledger
from portal.access.policy import Denied
from portal.audit import triggers, verify
from portal.audit.models import AuditEvent, RetentionPolicy, Seal, Tombstone
from portal.core import guard
from portal.core.problems import BadInput

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


def test_nothing_goes_without_a_policy(old):
    with pytest.raises(CommandError, match="No retention policy covers the events"):
        call_command("purge_audit", by="admin", before=date(2019, 1, 1))
    assert AuditEvent.objects.filter(recorded_at__year=2018).count() == 4


def test_a_policy_is_never_shorter_than_six_years(old):
    with pytest.raises(BadInput, match="kept for 6 to 100 years; 5 were asked for"):
        ledger.set_retention(by=old["auditor"], years=5, reason="We need the room.")
    with pytest.raises(DatabaseError), transaction.atomic(), guard.unlocked():
        RetentionPolicy.objects.create(years=5, reason="x", set_by="x", since=date(2020, 1, 1))


@pytest.mark.parametrize(("kept", "before"), [(6, date(2022, 1, 1)), (9, date(2019, 1, 1))])
def test_nothing_younger_than_the_policy_goes(old, kept, before):
    ledger.set_retention(by=old["auditor"], years=kept, reason="The hospital's own rule.")

    with pytest.raises(CommandError, match=f"Nothing younger than {kept} years may go"):
        call_command("purge_audit", by="admin", before=before)
    assert AuditEvent.objects.filter(recorded_at__year=2018).count() == 4


def test_who_sets_the_policy_does_not_purge(old):
    ledger.set_retention(by=old["auditor"], years=6, reason="The law's least.")

    with pytest.raises(Denied):
        ledger.purge(by=old["auditor"], before=date(2019, 1, 1))
    with pytest.raises(Denied):
        ledger.set_retention(by=old["admin"], years=6, reason="The law's least.")


def test_a_purge_leaves_a_tombstone_and_a_ledger_that_fits(old, capsys):
    ledger.set_retention(by=old["auditor"], years=6, reason="The law's least.")
    call_command("purge_audit", by="admin", before=date(2019, 1, 1))

    capsys.readouterr()
    call_command("verify_audit")
    said = capsys.readouterr().out
    assert "4 events before 1 Jan 2019 were purged by admin" in said
    assert AuditEvent.objects.filter(recorded_at__year=2018).count() == 0
    assert AuditEvent.objects.filter(verb="audit.purged", actor="admin", outcome="ok").count() == 1


def test_events_that_share_a_batch_with_younger_ones_stay(old, monkeypatch):
    ledger.set_retention(by=old["auditor"], years=6, reason="The law's least.")

    assert ledger.purge(by=old["admin"], before=date(2018, 5, 4)) is None
    assert AuditEvent.objects.filter(recorded_at__year=2018).count() == 4


@pytest.fixture
def purged(old):
    ledger.set_retention(by=old["auditor"], years=6, reason="The law's least.")
    ledger.purge(by=old["admin"], before=date(2019, 1, 1))
    return old


def tamper(sql: str) -> None:
    with guard.unlocked():
        triggers.drop(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql)
        triggers.install(connection)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM audit_tombstone", "is missing"),
        ("UPDATE audit_tombstone SET purged_by = 'nobody'", "is not ours"),
        ("UPDATE audit_tombstone SET last_seal = 3, until = 999999999", "is not ours"),
    ],
)
def test_a_changed_tombstone_is_found(purged, sql, words):
    tamper(sql)

    assert words in verify.verify().fault


def test_the_database_lets_nothing_young_go_even_under_a_tombstone(old):
    seal = Seal.objects.get(id=3)
    with guard.unlocked(), transaction.atomic():
        Tombstone.objects.create(
            first_seal=3, last_seal=3, since=seal.since, until=seal.until, events=1, before=date(2019, 1, 1),
            policy="x", purged_by="x", digest="x", signature="x",
        )  # fmt: skip
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic(), guard.unlocked():
        AuditEvent.objects.filter(epoch__gte=seal.since, epoch__lt=seal.until).delete()


def test_the_database_lets_nothing_old_go_without_a_tombstone(old):
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic(), guard.unlocked():
        AuditEvent.objects.filter(recorded_at__year=2018).delete()
