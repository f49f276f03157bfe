"""Any one change to any ledger is found, and the first bad place is named."""

import shutil

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, note
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from portal.access import actions, ledger
from portal.access.actors import SYSTEM
from portal.audit import checkpoints, log, seals, stream, triggers, verify
from portal.audit.models import AuditEvent, Seal
from portal.core import guard
from portal.studies import actions as studies

pytestmark = pytest.mark.embedded
TEXTS = ("verb", "outcome", "actor", "actor_id", "roles", "object_type", "object_id", "patient", "study", "purpose",
         "request", "session", "address", "payload", "leaf")  # fmt: skip
CHANGES = {**dict.fromkeys(TEXTS, "'x'"), "epoch": "epoch + 1", "recorded_at": "'2020-01-01 00:00:00+00'"}


class _Undo(Exception):
    pass


@pytest.fixture
def long_ledger(transactional_db):
    """Seals over one to five events each, with a signed head of the last."""
    for number, size in enumerate((3, 1, 5, 2, 4)):
        for place in range(size):
            studies.open_study(by=SYSTEM, slug=f"study-{number}-{place}", title='A “study”, with \\ and " in it')
        actions.seal_ledger(by=SYSTEM)
    ledger.sign_head(by=SYSTEM)
    return list(AuditEvent.objects.order_by("id").values_list("id", flat=True))


def run(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@st.composite
def tamperings(draw):
    kind = draw(st.sampled_from(("change", "delete", "insert", "swap", "cut", "seal")))
    return kind, draw(st.integers(0, 14)), draw(st.integers(0, 14)), draw(st.sampled_from(sorted(CHANGES)))


def tamper(places: list[int], kind: str, first: int, second: int, column: str) -> int | None:
    """Do it; returns the position that must be named (None: any)."""
    place, other = places[first], places[second]
    if kind == "change":
        run(f"UPDATE audit_auditevent SET {column} = {CHANGES[column]} WHERE id = %s", place)
    elif kind == "delete":
        run("DELETE FROM audit_auditevent WHERE id = %s", place)
    elif kind == "insert":
        names = ", ".join(field.column for field in AuditEvent._meta.concrete_fields if field.column != "id")
        run(f"INSERT INTO audit_auditevent (id, {names}) SELECT 9999, {names} FROM audit_auditevent WHERE id = %s",
            place)  # fmt: skip
        return 9999
    elif kind == "swap":
        low, high = sorted((place, other))
        if low == high:
            low, high = places[0], places[1]
        run("UPDATE audit_auditevent SET id = -1 WHERE id = %s", low)
        run("UPDATE audit_auditevent SET id = %s WHERE id = %s", low, high)
        run("UPDATE audit_auditevent SET id = %s WHERE id = -1", high)
        return low
    elif kind == "cut":
        seal = Seal.objects.get(id=1 + first % 5)
        run("DELETE FROM audit_auditevent WHERE epoch >= %s", seal.since)
        run("DELETE FROM audit_seal WHERE id >= %s", seal.id)
        return Seal.objects.filter(id__lt=seal.id).order_by("-id").values_list("last", flat=True).first() or 0
    else:
        run("DELETE FROM audit_seal WHERE id = %s", 1 + first % 5)
        return None
    return place


@hypothesis(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tampering=tamperings(), more=st.integers(0, 3))
def test_any_one_change_is_found_and_named(long_ledger, tampering, more):
    kind, first, second, column = tampering
    with guard.unlocked(), pytest.raises(_Undo), transaction.atomic():
        triggers.drop(connection)
        if kind != "cut":
            log.write([log.Draft(verb="study.opened", study=f"later-{number}") for number in range(more)])
        assert verify.verify().fault == ""
        expected = tamper(long_ledger, kind, first, second, column)
        verdict = verify.verify()
        note(verdict.fault)
        assert verdict.fault != ""
        if kind == "cut":
            assert verdict.position == expected + 1
        elif kind == "seal":
            assert verdict.position is not None
        else:
            assert verdict.position == expected
        raise _Undo


def cut_the_end() -> None:
    with guard.unlocked():
        triggers.drop(connection)
        seal = Seal.objects.get(id=4)
        run("DELETE FROM audit_auditevent WHERE epoch >= %s", seal.since)
        run("DELETE FROM audit_seal WHERE id >= 4")
        triggers.install(connection)


def test_a_cut_end_is_found_by_the_head_that_lies_outside(long_ledger, capsys):
    cut_the_end()

    with pytest.raises(CommandError, match=f"Event {long_ledger[8] + 1} and what followed are missing"):
        call_command("verify_audit")


def test_without_heads_the_check_says_what_it_cannot_hold(long_ledger, settings, capsys):
    shutil.rmtree(settings.HEADS)
    call_command("verify_audit")

    said = capsys.readouterr().out
    assert ("No heads" in said, "16 events and 5 seals fit together." in said) == (True, True)


def test_a_cut_that_the_ledger_itself_attests_is_found_without_heads(long_ledger, settings):
    shutil.rmtree(settings.HEADS)
    actions.record_check(by=SYSTEM, verdict=verify.verify())
    with guard.unlocked():
        triggers.drop(connection)
        run("DELETE FROM audit_seal WHERE id = 5")
        triggers.install(connection)

    assert "the newest seals were cut" in verify.verify().fault


def test_a_forged_head_is_named(long_ledger, settings):
    path = next(settings.HEADS.glob("*.json"))
    path.write_bytes(path.read_bytes().replace(b'"seal":5', b'"seal":4'))

    assert verify.verify().fault == f"The head {path.name} is not signed with this portal's key."


def test_a_check_since_the_last_one_starts_after_its_seal(long_ledger, capsys):
    actions.record_check(by=SYSTEM, verdict=verify.verify())
    with guard.unlocked():
        triggers.drop(connection)
        run("UPDATE audit_auditevent SET verb = 'x' WHERE id = %s", long_ledger[0])
        triggers.install(connection)

    call_command("verify_audit", "--since-last")
    assert "17 events and 5 seals fit together." in capsys.readouterr().out
    assert verify.verify().position == long_ledger[0]


def test_a_check_since_the_last_one_notices_that_its_seal_changed(long_ledger):
    actions.record_check(by=SYSTEM, verdict=verify.verify())
    with guard.unlocked():
        triggers.drop(connection)
        run("UPDATE audit_seal SET digest = %s WHERE id = 5", "0" * 64)
        triggers.install(connection)

    with pytest.raises(CommandError, match="is not what an earlier check saw"):
        call_command("verify_audit", "--since-last")


def test_an_interrupted_check_goes_on_where_it_stood(long_ledger, monkeypatch, capsys):
    monkeypatch.setattr(verify, "GROUP", 3)

    def stop_at_nine(point):
        checkpoints.keep(point)
        if point.events >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify.verify(reached=stop_at_nine)
    read, between = [], stream.between
    monkeypatch.setattr(stream, "between", lambda since, until: read.append(since) or between(since, until))
    call_command("verify_audit", "--resume")

    assert AuditEvent.objects.filter(epoch__lt=read[0]).count() == 9
    assert "16 events and 5 seals fit together." in capsys.readouterr().out
    assert checkpoints.interrupted() is None


def test_plain_hashes_do_not_forge_a_seal(long_ledger, settings):
    key = settings.LEDGER_KEY
    settings.LEDGER_KEY = "what an attacker would have to guess"
    forged = Seal.objects.get(id=5)
    forged.root = seals.root_of([])
    digest = seals.digest_of(forged)
    settings.LEDGER_KEY = key
    with guard.unlocked():
        triggers.drop(connection)
        run("UPDATE audit_seal SET root = %s, digest = %s WHERE id = 5", forged.root, digest)
        triggers.install(connection)

    assert "Seal 5 was changed" in verify.verify().fault


@pytest.mark.parametrize("index", [0, 7, 14])
def test_several_processes_name_the_same_first_row(long_ledger, monkeypatch, index):
    monkeypatch.setattr(verify, "GROUP", 1)
    assert verify.verify(hands=2).fault == ""
    with guard.unlocked():
        triggers.drop(connection)
        run("UPDATE audit_auditevent SET verb = 'x' WHERE id >= %s", long_ledger[index])
        triggers.install(connection)

    assert verify.verify(hands=2) == verify.verify()
    assert verify.verify(hands=2).position == long_ledger[index]


@pytest.mark.parametrize("text", ['a "quoted" \\ name', "a\ttab and\na line", "\\N", "Žofie “…” 🏥", "\x1f\x7f", ""])
def test_odd_characters_are_proved_as_well_as_plain_ones(transactional_db, text):
    with guard.unlocked(), transaction.atomic():
        log.write([log.Draft(verb="study.opened", actor=text, study=text, why=text, detail={"text": text})])
    actions.seal_ledger(by=SYSTEM)

    assert verify.verify() == verify.Verdict(events=1, seals=1)
    with guard.unlocked(), transaction.atomic():
        triggers.drop(connection)
        run("UPDATE audit_auditevent SET actor = %s", text.replace('"', '\\"') + "x")
        triggers.install(connection)
    assert verify.verify().position == AuditEvent.objects.get().id
