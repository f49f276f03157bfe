"""A portal with everything on, over PostgreSQL and Redis that it starts itself; ended by process id."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from datetime import date
from pathlib import Path

from tests.servers import Postgres, Redis, free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a-benchmark-needs-no-secret"


class Stage:
    """Servers, seeded data, and the addresses to measure."""

    def __enter__(self):
        self.home = Path(tempfile.mkdtemp(prefix="formulary-bench-"))
        self.postgres, self.redis = Postgres(durable=True), Redis()
        os.environ.update({
            "FORMULARY_DATA": str(self.home), "DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url,
            "FORMULARY_PREDICTIONS_A_DAY": "100000", "DJANGO_SETTINGS_MODULE": "portal.settings",
        })  # fmt: skip
        (self.home / "demo.json").write_text(json.dumps({"as_of": ""}))
        self._seed()
        self._start()
        return self

    def __exit__(self, *_):
        if hasattr(self, "supervisor"):
            self.supervisor.stop()
        self.redis.stop()
        self.postgres.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _seed(self) -> None:
        import django

        django.setup()
        from django.core.management import call_command

        from portal.access.actions import issue_token
        from portal.access.actors import SYSTEM
        from portal.demo import people, processes, seed
        from portal.demo.supervise import Supervisor
        from portal.records.actions import list_patients

        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        processes.make_folders()
        people.password(self.home / "keys", PASSWORD)
        cast = people.add_everyone(PASSWORD)
        studies = people.open_studies(cast)
        seed.import_records(_say, fhir=None, as_of=date.today())
        seed.assign_wards(_say, cast)
        # The models' acceptance cases run before anyone signs.
        self.supervisor = Supervisor([processes.scorer()], run_dir=self.home / "run")
        seed.add_models(_say, tracking_uri=f"sqlite:///{self.home}/runs.db", people=cast, study=studies["demo"])
        self.token = issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
        self.patient = list_patients(by=cast["clinician"])[0].public_id
        self.folders = {path.name: path for path in (self.home / "training").iterdir() if path.is_dir()}

    def _start(self) -> None:
        from portal.demo import processes
        from portal.demo.supervise import Process

        self.port, self.peer_port = free_port(), free_port()
        peer = [
            sys.executable, "-m", "mlflow", "models", "serve", "-m", str(self.folders["breast-cancer-recurrence"]),
            "-p", str(self.peer_port), "-h", "127.0.0.1", "--env-manager", "local",
        ]  # fmt: skip
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path}
        ready = processes._answers(f"http://127.0.0.1:{self.peer_port}/ping")
        started = [processes.worker(), processes.keeper(), processes.web(self.port)]
        for process in [*started, Process("peer", peer, environment, ready)]:
            self.supervisor.start(process)

    def post(self, path: str, body: dict, **headers) -> dict:
        """One call of our API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def peer(self, row: dict) -> dict:
        """One call of the peer."""
        body = json.dumps({"dataframe_split": {"columns": list(row), "data": [list(row.values())]}}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.peer_port}/invocations", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr)


def raw_milliseconds(folder: Path, row: dict) -> float:
    """The median of a raw in-process predict of the same model."""
    code = (
        "import json, statistics, sys, time, warnings; warnings.simplefilter('ignore'); import mlflow.pyfunc, pandas\n"
        f"model = mlflow.pyfunc.load_model({str(folder)!r}).unwrap_python_model()\n"
        "from types import SimpleNamespace\n"
        f"table = pandas.DataFrame([{row!r}]); times = []\n"
        "for _ in range(200):\n    began = time.perf_counter(); model.predict(None, table); times.append(time.perf_counter() - began)\n"
        "print(statistics.median(times) * 1000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])
