"""The check of a million sealed events against hashing their bytes in memory, and against rows → JSON → hash."""

import json
import os
import subprocess
import sys
import time
from hashlib import sha256

from tests.benchmarks.stage import ROOT

EVENTS, BATCH, SAMPLE, ROUNDS = 1_000_000, 200, 100_000, 3
_FILL = """
import sys
import django
django.setup()
from django.db import connection
from portal.audit import context, log, seals, threads
from portal.audit.models import Seal
from portal.core import guard

events, size = int(sys.argv[1]), int(sys.argv[2])
drafts = [log.Draft(verb="patient.opened", actor=f"clinician{n % 40}", actor_id="k3v9q2m7x4", roles="clinician",
                    object_type="patient", object_id=f"pt{n:08}", patient=f"pt{n:08}") for n in range(1000)]
last, made, after = seals.GENESIS, [], ""
around = context.of(request="a" * 20, session="0123456789abcdef", address="10.1.2.3", purpose="TREAT")
with guard.unlocked(), around, connection.cursor() as cursor:
    names = list(log._row(drafts[0], 1, 1))
    with cursor.copy(f"COPY audit_auditevent ({', '.join(names)}) FROM STDIN") as copy:
        for first in range(1, events + 1, size):
            rows = []
            for n in range(first, first + size):
                rows.append(log._row(drafts[n % 1000], n, n, after))
                after = threads.mark_of(n, rows[-1]["leaf"])
            for row in rows:
                copy.write_row([row[name] for name in names])
            end = first + size
            seal = Seal(id=len(made) + 1, since=first if made else 0, until=end, events=size, last=end - 1,
                        places=f"{first}-{end - 1}", root=seals.root_of(row["leaf"] for row in rows), previous=last)
            seal.digest = last = seals.digest_of(seal)
            made.append(seal)
    Seal.objects.bulk_create(made, batch_size=1000)
    cursor.execute("ANALYZE audit_auditevent")
"""


def run(url: str, environment: dict) -> dict:
    """Seconds for a million events, ours with its whole process; the sampled ones are scaled."""
    subprocess.run([sys.executable, "-c", _FILL, str(EVENTS), str(BATCH)], check=True, env=environment, cwd=ROOT)
    texts = _texts(url)
    found = {"ours": [], "peer": [], "limit": []}
    for _ in range(ROUNDS):
        found["ours"].append(_ours(environment))
        found["limit"].append(_hashes(texts))
        found["peer"].append(_rows(url))
    best = {name: min(times) for name, times in found.items()}
    return best | {"times": best["ours"] / best["limit"]}


def _ours(environment: dict) -> float:
    began = time.perf_counter()
    command = [sys.executable, str(ROOT / "manage.py"), "verify_audit", "--json"]
    done = subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert json.loads(done.stdout)["events"] >= EVENTS
    return time.perf_counter() - began


def _texts(url: str) -> list[bytes]:
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT payload FROM audit_auditevent ORDER BY id LIMIT %s", [SAMPLE])
        return [row[0].encode() for row in found]


def _hashes(texts: list[bytes]) -> float:
    began = time.perf_counter()
    for text in texts:
        sha256(text).hexdigest()
    return (time.perf_counter() - began) * EVENTS / len(texts)


def _rows(url: str) -> float:
    """What a ledger does that keeps no canonical bytes: fetch the columns, write them out again, hash."""
    import psycopg

    columns = "id, verb, outcome, actor, actor_id, roles, object_type, object_id, patient, study, purpose, recorded_at"
    began, last = time.perf_counter(), ""
    with psycopg.connect(url) as connection:
        for row in connection.execute(f"SELECT {columns} FROM audit_auditevent ORDER BY id LIMIT {SAMPLE}"):
            text = json.dumps(row, default=str, sort_keys=True, separators=(",", ":"))
            last = sha256(f"{last}{text}".encode()).hexdigest()
    return (time.perf_counter() - began) * EVENTS / SAMPLE


def line(found: dict) -> str:
    """The same for people."""
    return (
        f"check of {EVENTS:,} events on {os.cpu_count()} cores: ours {found['ours']:.1f} s with its start, rows to JSON "
        f"to hash {found['peer']:.1f} s, hashing alone {found['limit']:.2f} s: {found['times']:.1f} × hashing alone"
    )
