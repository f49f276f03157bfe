"""P8: events appended by our own writer against a bare INSERT of the same row, 1, 4 and 8 writers, interleaved."""

import os
import statistics
import subprocess
import sys
import time

from tests.benchmarks import check
from tests.benchmarks.stage import ROOT
from tests.servers import Postgres

GOAL, CHECK_GOAL = 0.8, 5.5
WRITERS, ROUNDS, SECONDS = (1, 4, 8), 6, 0.4
_WORKER = """
import sys, time
import django
django.setup()
from django.db import connection, transaction
from portal.audit import log
from portal.core import guard

BARE = ("INSERT INTO bench_bare SELECT nextval('bench_position'), 1, now(), 'patient.opened', 'ok', 'clinician', 'a', "
        "'clinician', 'patient', 'x', 'x', '', 'TREAT', 'r', 's', '127.0.0.1', %s, %s")
TEXT, LEAF = "x" * 290, "0" * 64

def ours():
    with transaction.atomic():
        log.write([log.Draft(verb="patient.opened", actor="clinician", roles="clinician", object_type="patient",
                             object_id="x", patient="x", purpose="TREAT")])

def bare():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE, [TEXT, LEAF])

WORK = {"ours": ours, "bare": bare}
with guard.unlocked():
    for work in WORK.values():
        for _ in range(20):
            work()
    print("ready", flush=True)
    for line in sys.stdin:
        name, begin, end = line.split()
        time.sleep(max(0.0, float(begin) - time.time()))
        count = 0
        while time.time() < float(end):
            WORK[name]()
            count += 1
        print(count, flush=True)
"""


def run() -> dict:
    """Events a second of ours and bare at eight writers; times are of one event.

    `ratio` is ours over bare, so more is better, or the check of a million events where that is further from its
    goal: 5.5 × hashing alone then counts as 0.8.
    """
    postgres = Postgres(durable=True)
    try:
        environment = {**os.environ, "DATABASE_URL": postgres.url, "FORMULARY_MODE": "test",
                       "DJANGO_SETTINGS_MODULE": "portal.settings", "FORMULARY_DATA": str(postgres.home / "portal"),
                       "PYTHONPATH": str(ROOT)}  # fmt: skip
        _prepare(postgres, environment)
        found = _measure(environment)
        _empty(postgres)
        checked = check.run(postgres.url, environment)
    finally:
        postgres.stop()
    ours, bare = found[8]["ours"], found[8]["bare"]
    share = min(ours / bare, CHECK_GOAL / checked["times"] * GOAL)
    return {
        "ours": round(1000 / ours, 3), "peer": round(1000 / bare, 3), "limit": round(1000 / bare, 3),
        "ratio": round(share, 3), "lines": [*(_line(count, rates) for count, rates in found.items()), check.line(checked)],
    }  # fmt: skip


def _empty(postgres: Postgres) -> None:
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        connection.execute("TRUNCATE audit_auditevent")
        connection.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")


def _prepare(postgres: Postgres, environment: dict) -> None:
    import psycopg

    (postgres.home / "portal").mkdir()
    manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(manage, check=True, env=environment, cwd=ROOT)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_bare (LIKE audit_auditevent INCLUDING INDEXES)")
        connection.execute("CREATE SEQUENCE bench_position AS bigint")


def _measure(environment: dict) -> dict[int, dict[str, float]]:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WORKER], env=environment, cwd=ROOT, text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(max(WRITERS))
    ]  # fmt: skip
    try:
        for writer in writers:
            writer.stdout.readline()
        return {count: _rates(writers[:count]) for count in WRITERS}
    finally:
        for writer in writers:
            writer.stdin.close()
            writer.wait(timeout=20)


def _rates(writers: list[subprocess.Popen]) -> dict[str, float]:
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        for name, found in rates.items():
            begin = time.time() + 0.05
            for writer in writers:
                writer.stdin.write(f"{name} {begin} {begin + SECONDS}\n")
                writer.stdin.flush()
            found.append(sum(int(writer.stdout.readline()) for writer in writers) / SECONDS)
    return {name: statistics.median(found) for name, found in rates.items()}


def _line(count: int, rates: dict[str, float]) -> str:
    share = rates["ours"] / rates["bare"]
    return f"{count} writers: ours {rates['ours']:.0f}/s, bare INSERT {rates['bare']:.0f}/s, {share:.2f} × bare"
