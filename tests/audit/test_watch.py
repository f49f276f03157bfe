"""The keeper checks at night, signs each day's head, and tells people when something is wrong."""

import logging
import subprocess
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from portal.access import actions, ledger, watch
from portal.access.actors import SYSTEM
from portal.audit import alarms, heads, triggers, verify
from portal.audit.models import AuditEvent
from portal.compute import keeper
from portal.core import clock, guard
from portal.core.problems import BadInput
from portal.studies import actions as studies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_heads(settings, tmp_path):
    settings.HEADS = tmp_path / "heads"


@pytest.fixture
def sealed(db):
    for number in range(3):
        studies.open_study(by=SYSTEM, slug=f"study-{number}", title="A study")
    actions.seal_ledger(by=SYSTEM)


@pytest.fixture
def addresses(cast):
    for name in ("auditor", "admin", "clinician"):
        cast[name].email = f"{name}@hospital.test"
        cast[name].save(update_fields=("email",))


def break_one() -> None:
    with guard.unlocked():
        triggers.drop(connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE audit_auditevent SET verb = 'x' WHERE id = (SELECT MIN(id) FROM audit_auditevent)")
        triggers.install(connection)


def at(monkeypatch, text: str) -> None:
    moment = timezone.make_aware(datetime.fromisoformat(text))
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_the_check_is_due_once_each_night(sealed, monkeypatch, settings):
    settings.AUDIT_CHECK_AT = "02:30"
    at(monkeypatch, "2027-01-01T23:00")
    found = watch.Watch()
    due = []
    for text in ("2027-01-01T23:30", "2027-01-02T02:29", "2027-01-02T02:30", "2027-01-02T09:00"):
        at(monkeypatch, text)
        due.append(found.check_is_due())
        if due[-1]:
            watch.check_ledger(by=SYSTEM)

    assert due == [False, False, True, False]


def test_a_fault_is_logged_mailed_without_names_and_kept_as_an_event(sealed, addresses, caplog):
    break_one()
    with caplog.at_level(logging.ERROR):
        verdict = watch.check_ledger(by=SYSTEM)

    event = AuditEvent.objects.filter(verb="audit.verified").get()
    assert (event.outcome, alarms.fault().sentence) == ("failed", verdict.fault)
    assert sorted(sent.to[0] for sent in mail.outbox) == ["admin@hospital.test", "auditor@hospital.test"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_an_acknowledgement_says_something(sealed, cast):
    break_one()
    watch.check_ledger(by=SYSTEM)

    with pytest.raises(BadInput, match="Write 5 to 500 characters"):
        ledger.acknowledge(by=cast["auditor"], note="ok")


def test_lag_is_told_once(sealed, addresses, monkeypatch, caplog):
    found = watch.Watch()
    found.look_at_lag(by=SYSTEM)
    studies.open_study(by=SYSTEM, slug="late", title="Late")
    later = clock.now() + timedelta(seconds=90)
    monkeypatch.setattr(clock, "now", lambda: later)
    found.look_at_lag(by=SYSTEM)
    found.look_at_lag(by=SYSTEM)

    assert [record.levelname for record in caplog.records if "waited" in record.message] == ["ERROR"]
    assert len(mail.outbox) == 2


def test_each_day_gets_one_head(sealed, settings, monkeypatch):
    found = watch.Watch()
    for day in ("2027-01-01T10:00", "2027-01-01T18:00", "2027-01-02T10:00"):
        at(monkeypatch, day)
        studies.open_study(by=SYSTEM, slug=f"on-{day[8:13].replace('T', '-')}", title="A study")
        actions.seal_ledger(by=SYSTEM)
        found.sign_daily(by=SYSTEM)

    assert [head.at[:10] for head in map(heads._read, heads.files())] == ["2027-01-01", "2027-01-02"]
    assert (verify.verify().fault, verify.verify().heads) == ("", 2)


def test_stopping_the_keeper_seals_and_signs(sealed):
    studies.open_study(by=SYSTEM, slug="last", title="Last")
    keeper.keep(lambda: True)

    assert heads.newest().seal == 2


def test_openssl_alone_checks_a_head(sealed, tmp_path, capsys):
    head = ledger.sign_head(by=SYSTEM)
    call_command("audit_head", "--public-key")
    public = tmp_path / "head.pub"
    public.write_text(capsys.readouterr().out)
    said = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-in", str(head.path),
         "-sigfile", str(head.path.with_suffix(".sig"))], capture_output=True, text=True,
    )  # fmt: skip

    assert said.stdout.strip() == "Signature Verified Successfully"
