"""A model that a real MLflow server knows: by its run, its registered version, its alias or its own id."""

import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

from portal.demo.processes import free_port
from portal.experiments.trackers import mlflow
from portal.registry.models import Arrival, ModelVersion
from tests.registry.test_arrivals import BACKEND

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# The second model lies in an experiment of another study; the name in the registry does not make it one's own.
LOG = """
import json, mlflow, mlflow.sklearn, pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
x = pandas.DataFrame({"dose": [1.0, 2.0, 3.0, 4.0]})
model = LinearRegression().fit(x, [2.0, 4.0, 6.0, 8.0])
def log(study, name):
    mlflow.set_experiment(f"of {study}")
    mlflow.set_experiment_tag("formulary.study", study)
    with mlflow.start_run(run_name=f"of the trial in {study}") as run:
        logged = mlflow.sklearn.log_model(model, name="model", signature=infer_signature(x, model.predict(x)), registered_model_name=name,
                                          pip_requirements=["scikit-learn", "pandas", "numpy"])
    mlflow.MlflowClient().set_registered_model_alias(name, "best", 1)
    return {"run": f"runs:/{run.info.run_id}/model", "version": f"models:/{name}/1", "alias": f"models:/{name}@best", "logged": f"models:/{logged.model_id}"}
print(json.dumps({"demo": log("demo", "dose"), "other": log("other", "secret")}))
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


KINDS = ("run", "version", "alias", "logged")


@pytest.fixture
def bring(cast, studies, worked, tracked, settings, client):
    """Send an address to the demonstration's study as the scientist, and have it fetched."""
    settings.TRACKING_URI, settings.DEMO = tracked[0], True

    def run(address):
        client.force_login(cast["scientist"], backend=BACKEND)
        client.post("/lab/models/new/", {"study": studies["demo"].public_id, "name": "dose", "address": address})
        worked()
        return Arrival.objects.get()

    return run


def refused(address: str) -> list[str]:
    return [f"{address} is not there, or its experiment is not shared with this study. Whoever owns the experiment gives it the tag formulary.study with the value “demo”."]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_brings_the_model_with_its_run(bring, scorer, tracked, kind):
    assert bring(tracked[1]["demo"][kind]).faults == []
    version = ModelVersion.objects.get()
    assert (version.state, version.run["name"], version.facts["flavors"]) == (
        "draft",
        "of the trial in demo",
        ["python_function", "sklearn"],
    )
    assert version.trials.get().state == "loaded"


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_of_another_study_is_refused_like_one_that_does_not_exist(bring, tracked, kind):
    address = tracked[1]["other"][kind]
    arrival = bring(address)
    assert (arrival.faults, arrival.state, ModelVersion.objects.count()) == (refused(address), "refused", 0)


def test_an_address_that_leads_nowhere_is_refused(bring, tracked):
    assert bring("models:/nobody/3").faults == refused("models:/nobody/3")


def test_a_version_under_an_own_name_does_not_open_the_files_of_another_study(bring, tracked):
    uri, addresses = tracked
    code = (
        "import mlflow, sys; c = mlflow.MlflowClient(); c.create_registered_model('mine');"
        "print(c.create_model_version('mine', sys.argv[1], model_id=sys.argv[1].split('/')[1]).version)"
    )
    env = os.environ | {"MLFLOW_TRACKING_URI": uri}
    done = subprocess.run([sys.executable, "-c", code, addresses["other"]["logged"]], capture_output=True, text=True, env=env)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert bring("models:/mine/1").faults == refused("models:/mine/1")


def test_a_folder_that_names_a_run_of_another_study_tells_nothing_of_it(tracked, tmp_path):
    uri, addresses = tracked
    run_id = addresses["other"]["run"].split("/")[1]
    (tmp_path / "MLmodel").write_text(f"run_id: {run_id}\n")
    assert mlflow.run_of_folder(tmp_path, uri, study="demo") == {"run_id": run_id}
    assert mlflow.run_of_folder(tmp_path, uri, study="other")["name"] == "of the trial in other"


def test_a_run_whose_files_lie_on_a_disk_is_not_followed(bring, tracked, tmp_path):
    uri, _ = tracked
    code = (
        "import mlflow, sys; e = mlflow.create_experiment('elsewhere', artifact_location=f'file://{sys.argv[1]}', "
        "tags={'formulary.study': 'demo'}); run = mlflow.MlflowClient().create_run(e); print(run.info.run_id)"
    )
    env = os.environ | {"MLFLOW_TRACKING_URI": uri}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-2000:]
    address = f"runs:/{done.stdout.split()[-1]}/model"
    assert bring(address).faults == refused(address)
