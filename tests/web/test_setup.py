"""Starting a hospital from nothing, and production that refuses the demonstration's people."""

import json
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.accounts import checks, factors
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import keys
from portal.records.actions import list_patients
from tests.compute.test_worker import _address
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def setup(capsys, **options) -> dict:
    call_command("setup", json=True, **options)
    return json.loads(capsys.readouterr().out)


def test_the_first_administrator_gets_a_made_up_password_and_a_second_factor_once(capsys):
    first = setup(capsys, admin="grace", admin_name="Grace Hopper")["admin"]
    grace = User.objects.get(username="grace")

    assert (grace.label, sorted(grace.role_names), len(first["password"]) >= 16) == ("Grace Hopper", ["admin"], True)
    assert grace.check_password(first["password"])
    assert first["second_factor"] == factors.secret_of(grace)
    assert setup(capsys, admin="grace")["admin"] is None
    assert AuditEvent.objects.filter(verb="person.added", actor="system").count() == 1


def test_two_hospitals_have_two_passwords(capsys):
    one = setup(capsys, admin="grace")["admin"]["password"]
    User.objects.filter(username="grace").update(is_active=False)

    assert setup(capsys, admin="ada")["admin"]["password"] != one


def test_a_password_from_a_file_is_checked_and_never_printed(capsys, tmp_path):
    (tmp_path / "weak").write_text("short")
    (tmp_path / "good").write_text("a long enough sentence\n")

    with pytest.raises(CommandError, match="too short"):
        setup(capsys, admin="grace", password_file=tmp_path / "weak")
    assert User.objects.count() == 0
    assert "password" not in setup(capsys, admin="grace", password_file=tmp_path / "good")["admin"]
    assert User.objects.get().check_password("a long enough sentence")


def test_without_a_name_nothing_happens(capsys):
    with pytest.raises(CommandError, match="--admin USER"):
        setup(capsys)


def test_at_a_terminal_it_asks_and_shows_what_to_write_down(capsys, monkeypatch, hospital_folder):
    call_command("import_fhir", str(hospital_folder))
    answers = iter(["grace", "Grace Hopper", "clinician@Cardiology ward", "", "", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    monkeypatch.setattr("getpass.getpass", lambda question: "")
    call_command("setup")
    said = capsys.readouterr().out
    grace = User.objects.get(username="grace")

    assert f"second factor  {factors.secret_of(grace)}" in said and "not shown again" in said
    assert (
        User.objects.filter(groups__name="clinician", care_relationships__care_unit__name="Cardiology ward").count()
        == 1
    )
    assert "3 practitioners have no account yet" in said


def test_two_passwords_that_differ_change_nothing(monkeypatch):
    typed = iter(["a long enough sentence", "another sentence"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "grace")
    monkeypatch.setattr("getpass.getpass", lambda question: next(typed))

    with pytest.raises(CommandError, match="differ; nothing was changed"):
        call_command("setup")
    assert User.objects.count() == 0


def test_wards_come_from_the_records_and_staff_are_proposed_not_added(capsys, hospital_folder):
    found = setup(capsys, admin="grace", fhir=[str(hospital_folder)])

    assert sorted((ward["name"], ward["patients"]) for ward in found["wards"]) == [
        ("Cardiology ward", 4),
        ("General medicine ward", 4),
    ]
    assert len(found["staff"]) == 4 and all(person["username"].count(".") == 1 for person in found["staff"])
    assert User.objects.count() == 1


def test_a_proposed_practitioner_becomes_a_clinician_of_a_ward(capsys, hospital_folder):
    proposed = setup(capsys, admin="grace", fhir=[str(hospital_folder)])["staff"]
    name = proposed[0]["username"]
    later = setup(capsys, staff=[f"{name}=clinician@Cardiology ward"])
    person = User.objects.get(username=name)

    assert [(added["username"], added["ward"]) for added in later["added"]] == [(name, "Cardiology ward")]
    assert len(list_patients(by=person)) == 4
    assert name not in {found["username"] for found in setup(capsys)["staff"]}


def test_a_wrong_ward_adds_nobody_at_all(capsys, hospital_folder):
    proposed = setup(capsys, admin="grace", fhir=[str(hospital_folder)])["staff"]
    entries = [f"{proposed[0]['username']}=clinician", f"{proposed[1]['username']}=clinician@Nowhere"]

    with pytest.raises(CommandError, match="there is no ward “Nowhere”. Wards: .*Cardiology ward"):
        setup(capsys, staff=entries)
    assert User.objects.count() == 1


def test_production_refuses_demonstration_people_until_they_are_shut_out(capsys, cast, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="demonstration people: admin, auditor"):
        setup(capsys, admin="grace")
    assert [error.id for error in checks.no_demonstration_people(None, databases=["default"])] == ["formulary.E021"]
    assert Client().get("/readyz", secure=True).status_code == 503

    setup(capsys, admin="grace", end_demonstration=True)
    assert checks.no_demonstration_people(None, databases=["default"]) == []
    assert Client().get("/readyz", secure=True).status_code == 200


def test_a_real_person_called_admin_is_welcome(capsys, settings):
    settings.PRODUCTION = True
    setup(capsys, admin="admin", admin_name="Someone Real")

    assert checks.no_demonstration_people(None, databases=["default"]) == []


@pytest.fixture
def in_production(tmp_path):
    """A process in production mode over the tests' database."""
    environment = {
        **os.environ,
        "FORMULARY_MODE": "production", "FORMULARY_DATA": str(tmp_path), "FORMULARY_HOSTS": "formulary.example",
        "DATABASE_URL": _address(), "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "FORMULARY_PHI_KEYS": keys.new_phi_key(), "FORMULARY_SIGNING_KEYS": keys.new_signing_key(), "DJANGO_SETTINGS_MODULE": "portal.settings",
        **{f"FORMULARY_{name}": "k" * 40 for name in ("SECRET_KEY", "INDEX_KEY", "LEDGER_KEY")},
    }  # fmt: skip

    def run(*command: str):
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.mark.parametrize(
    "command",
    [
        ("-c", "import portal.wsgi"),
        ("-m", "celery", "-A", "portal.celery", "worker", "-P", "solo", "-c", "1"),
        ("manage.py", "keep"),
    ],
)
def test_no_process_of_production_starts_with_demonstration_people(command, cast, in_production):
    done = in_production(*command)

    assert (done.returncode != 0, "demonstration people: admin, auditor" in done.stderr) == (True, True)


def test_the_web_process_of_production_starts_without_them(in_production, db):
    done = in_production("-c", "import portal.wsgi; print('serving')")

    assert (done.returncode, done.stdout.strip()) == (0, "serving"), done.stderr[-500:]
