"""Rules that matter, kept by machine."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from portal.access import roles
from portal.access.action import ACTIONS
from portal.access.permissions import Permission
from portal.audit.sentences import SENTENCES
from portal.core import guard, phi
from portal.web import matrix

ROOT = Path(__file__).resolve().parents[2]
PORTAL = sorted((ROOT / "portal").rglob("*.py"))
FREE = {"accounts.User"}
RAW_SQL = re.compile(r"\.raw\(|\.extra\(|RunSQL|connection\.cursor\(|schema_editor\.execute\(")
RAW_ALLOWED = {
    "portal/access/rotation.py",
    "portal/audit/dbrole.py",
    "portal/audit/positions.py",
    "portal/audit/stream.py",
    "portal/audit/triggers.py",
    "portal/audit/migrations/0002_triggers.py",
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_the_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_linter_is_content():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--quiet", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == ""


@pytest.mark.django_db
def test_no_migration_is_pending():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_verb_has_a_sentence_and_every_permission_a_holder():
    assert set(ACTIONS) <= set(SENTENCES)
    assert [right for right in Permission if not roles.holding(right)] == []


def test_every_model_of_ours_is_guarded_or_listed_as_free():
    ours = {model._meta.label for model in apps.get_models() if model.__module__.startswith("portal.")}
    locked = {model._meta.label for model in guard.guarded_models()}
    assert ours - locked == FREE


def test_every_field_has_a_phi_class():
    assert phi.unclassified() == []


def test_nothing_but_the_action_unlocks():
    users = [path.relative_to(ROOT).as_posix() for path in PORTAL if "guard.unlocked" in path.read_text()]
    assert users == ["portal/access/action.py", "portal/core/management/commands/migrate.py"]


def test_no_raw_sql_outside_the_ledgers_own():
    users = {path.relative_to(ROOT).as_posix() for path in PORTAL if RAW_SQL.search(path.read_text())}
    assert users <= RAW_ALLOWED


def test_no_template_trusts_a_text():
    bad = re.compile(r"\|\s*safe\b|autoescape off|mark_safe")
    found = [path for path in [*(ROOT / "templates").rglob("*.html"), *PORTAL] if bad.search(path.read_text())]
    assert found == []


def test_no_template_carries_inline_style_or_script():
    bad = re.compile(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)")
    assert [path.name for path in (ROOT / "templates").rglob("*.html") if bad.search(path.read_text())] == []


def test_days_are_those_of_the_hospital():
    utc = re.compile(r"\bnow\(\)\.date\(\)|_at\.date\(\)|\bdate\.today\(\)")
    found = {path.relative_to(ROOT).as_posix() for path in PORTAL if utc.search(path.read_text())}
    # A quota's day is said to end at midnight UTC; the demonstration is set up by the machine's own clock.
    assert found <= {"portal/compute/quotas.py", "portal/demo/seed.py", "portal/demo/management/commands/demo.py"}


def test_every_address_is_declared():
    rows = matrix.walk()
    assert {row.name for row in rows} >= set(matrix.TABLE)


def test_the_route_matrix_is_printed_as_json(capsys):
    call_command("route_matrix", json=True)
    rows = json.loads(capsys.readouterr().out)
    assert {"route", "methods", "object", "right", "phi"} <= set(rows[0])


def test_files_stay_short_enough_to_read():
    long = {path.name: len(path.read_text().splitlines()) for path in PORTAL if "migrations" not in path.parts}
    assert {name: count for name, count in long.items() if count > 300} == {}


def test_functions_stay_short_enough_to_read():
    found = []
    for path in PORTAL:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > 48:
                found.append(f"{path.name}:{node.name}")
    assert found == []


@pytest.mark.parametrize("entry", ["portal.urls", "portal.compute.tasks"])
def test_no_web_or_worker_process_loads_a_model_library(entry):
    heavy = "mlflow pandas sklearn onnxruntime numpy pint pyarrow pydicom"
    code = (
        f"import django, sys; django.setup(); import portal.celery, {entry}; "
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_locks_hold_only_pinned_and_hashed_packages():
    for path in sorted((ROOT / "deploy/requirements").glob("*.txt")):
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        kinds = {"pin" if "==" in line else "hash" if line.startswith("--hash=sha256:") else line for line in lines}
        assert kinds == {"pin", "hash"}, path.name
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\d+\.\d+)", (ROOT / "deploy/requirements/ml.txt").read_text(), re.M))
    assert tuple(map(int, pins["mlflow"].split("."))) >= (3, 17)


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine():
    words = [
        "pypi" + ".org",
        "python" + "hosted",
        "npm" + "js.org",
        "deb.debian" + ".org",
        "/" + "work/",
        "/" + "farm/",
    ]
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {word}" for word in words if word in text]
    assert found == []


def test_the_tests_run_on_the_database_that_hospitals_run(request):
    from django.db import connection

    embedded = request.config.getoption("--embedded")
    assert connection.vendor == ("sqlite" if embedded else "postgresql")
