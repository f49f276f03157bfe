"""A model that a real MLflow server knows: by its run, its registered version, its alias or its own id."""

import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

from portal.demo.processes import free_port
from portal.registry.models import Arrival, ModelVersion
from tests.registry.test_arrivals import BACKEND

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LOG = """
import json, mlflow, mlflow.sklearn, pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
x = pandas.DataFrame({"dose": [1.0, 2.0, 3.0, 4.0]})
model = LinearRegression().fit(x, [2.0, 4.0, 6.0, 8.0])
with mlflow.start_run(run_name="of the trial") as run:
    logged = mlflow.sklearn.log_model(model, name="model", signature=infer_signature(x, model.predict(x)), registered_model_name="dose",
                                      pip_requirements=["scikit-learn", "pandas", "numpy"])
mlflow.MlflowClient().set_registered_model_alias("dose", "best", 1)
print(json.dumps({"run": f"runs:/{run.info.run_id}/model", "version": "models:/dose/1", "alias": "models:/dose@best", "logged": f"models:/{logged.model_id}"}))
"""


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """The address of an MLflow server, and the addresses of one model on it."""
    home, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "artifacts"), "--serve-artifacts"]  # fmt: skip
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, start_new_session=True
    )
    uri, until = f"http://127.0.0.1:{port}", time.monotonic() + 120
    try:
        while True:
            try:
                with urllib.request.urlopen(f"{uri}/health", timeout=2):
                    break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.3)
        done = subprocess.run([sys.executable, "-c", LOG], capture_output=True, text=True, cwd=home, env=os.environ | {"MLFLOW_TRACKING_URI": uri})  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        yield uri, json.loads(done.stdout.splitlines()[-1])
    finally:
        os.killpg(server.pid, 15)
        server.wait()


@pytest.mark.parametrize("kind", ["run", "version", "alias", "logged"])
def test_an_address_brings_the_model_with_its_run(cast, studies, worked, scorer, tracked, kind, settings, client):
    uri, addresses = tracked
    settings.TRACKING_URI, settings.DEMO = uri, True
    client.force_login(cast["scientist"], backend=BACKEND)
    client.post("/lab/models/new/", {"study": studies["demo"].public_id, "name": "dose", "address": addresses[kind]})
    worked()

    assert Arrival.objects.get().faults == []
    version = ModelVersion.objects.get()
    assert (version.state, version.run["name"], version.facts["flavors"]) == (
        "draft",
        "of the trial",
        ["python_function", "sklearn"],
    )
    assert version.trials.get().state == "loaded"


def test_an_address_that_leads_nowhere_is_refused(cast, studies, worked, tracked, settings, client):
    settings.TRACKING_URI, settings.DEMO = tracked[0], True
    client.force_login(cast["scientist"], backend=BACKEND)
    client.post("/lab/models/new/", {"study": studies["demo"].public_id, "name": "dose", "address": "models:/nobody/3"})
    worked()
    assert Arrival.objects.get().faults == ["Nothing could be downloaded from models:/nobody/3. Check the address; the MLflow server must know it."]  # fmt: skip
