"""Real models of many libraries, each with its own requirements: made elsewhere, brought in, built for, and asked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from portal.compute.runtime.client import Client
from portal.registry import actions, scoring
from portal.registry.intake import actions as intake

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# What every model brings besides its own library; the small MLflow loads any python_function. tabulate is installed
# nowhere here, so none of them can run with what is installed for all.
COMMON = ["mlflow-skinny==3.17.2", "pandas==3.1.1", "numpy==2.4.6", "tabulate==0.9.0"]
# xgboost has an environment to itself; the others ask for the same and share one, because each takes a while to build.
ALONE = ["xgboost", "scikit-learn==1.9.1"]
TOGETHER = ["lightgbm", "onnx", "onnxruntime==1.28.0", "scikit-learn==1.9.1", "skops==0.16.0", "statsmodels"]
# The registries carry PyTorch with gigabytes of a graphics card's libraries; the small build is used where pip finds it.
TORCH = "torch==2.13.0+cpu"
FLAVOURS = ("sklearn", "lightgbm", "statsmodels", "onnx", "pyfunc")
MAKE = """
import json, sys, numpy, pandas, mlflow, mlflow.pyfunc
from mlflow.models import infer_signature
flavour, folder, requirements = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
rng = numpy.random.default_rng(7)
x = pandas.DataFrame({"dose": rng.uniform(1, 9, 80), "weight": rng.uniform(50, 99, 80)})
y = 2 * x.dose + 0.1 * x.weight
more = {"pip_requirements": requirements}
if flavour == "sklearn":
    import mlflow.sklearn
    from sklearn.linear_model import LinearRegression
    made = LinearRegression().fit(x, y); save = lambda s: mlflow.sklearn.save_model(made, folder, signature=s, **more)
    answer = made.predict(x)
elif flavour == "xgboost":
    import mlflow.xgboost, xgboost
    made = xgboost.XGBRegressor(n_estimators=8).fit(x, y); save = lambda s: mlflow.xgboost.save_model(made, folder, signature=s, **more)
    answer = made.predict(x)
elif flavour == "lightgbm":
    import mlflow.lightgbm, lightgbm
    made = lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, y), 8); save = lambda s: mlflow.lightgbm.save_model(made, folder, signature=s, **more)
    answer = made.predict(x)
elif flavour == "statsmodels":
    import mlflow.statsmodels, statsmodels.api as sm
    made = sm.OLS(y, x).fit(); save = lambda s: mlflow.statsmodels.save_model(made, folder, signature=s, **more)
    answer = made.predict(x)
elif flavour == "onnx":
    import mlflow.onnx, onnx
    from onnx import TensorProto, helper, numpy_helper
    weights = numpy_helper.from_array(numpy.array([[2.0], [0.1]]), "w")
    double = TensorProto.DOUBLE
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [helper.make_tensor_value_info("x", double, [None, 2])],
                              [helper.make_tensor_value_info("y", double, [None, 1])], [weights])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save = lambda s: mlflow.onnx.save_model(made, folder, signature=s, **more)
    answer = y.to_numpy()
elif flavour == "pytorch":
    import mlflow.pytorch, torch
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec
    made = torch.nn.Linear(2, 1)
    with torch.no_grad():
        made.weight[:], made.bias[:] = torch.tensor([[2.0, 0.1]]), 0.0
    one = TensorSpec(numpy.dtype("float32"), (-1, 2)), TensorSpec(numpy.dtype("float32"), (-1, 1))
    own, first = ModelSignature(Schema([one[0]]), Schema([one[1]])), x.to_numpy("float32")
    save = lambda s: mlflow.pytorch.save_model(made, folder, signature=own, input_example=first[:2], **more)
    answer = y.to_numpy()
    x = pandas.DataFrame({"values": [row.tolist() for row in first]})
else:
    class Plain(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return 2 * model_input["dose"] + 0.1 * model_input["weight"]
    save = lambda s: mlflow.pyfunc.save_model(folder, python_model=Plain(), signature=s, **more)
    answer = y
save(None if flavour == "pytorch" else infer_signature(x, answer))
print(json.dumps({"row": x.iloc[0].to_dict(), "answer": float(numpy.asarray(answer).reshape(-1)[0])}))
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> str:
    """The interpreter of an environment with every library that makes models here, apart from the portal's own."""
    folder = tmp_path_factory.mktemp("workshop") / "environment"
    uv, python = str(Path(sys.executable).parent / "uv"), str(folder / "bin" / "python")
    wanted = sorted({*COMMON, *TOGETHER, *ALONE})
    for command in (
        [uv, "venv", "--quiet", str(folder)],
        [uv, "pip", "install", "--quiet", "--python", python, *wanted],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    return python


@pytest.fixture
def brought(cast, studies, scorer, tmp_path):
    """Make a model in another environment, bring it in, have its software built, and ask it once."""

    def run(python: str, flavour: str, wanted: list[str]):
        folder = tmp_path / flavour
        command = [python, "-c", MAKE, flavour, str(folder), json.dumps(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        said = json.loads(done.stdout.splitlines()[-1])
        version = actions.register(by=cast["scientist"], on=studies["demo"], slug=f"own-{flavour}", folder=folder)
        trial = intake.prepare_now(version)
        assert trial.state == "loaded", (trial.reason, version.environment.log)
        version.refresh_from_db()
        scores = Client(str(settings.SCORER_SOCKET)).score(scoring.spec_of(version), [said["row"]])
        found = next(iter(scores.columns.values()))[0]
        assert found == pytest.approx(said["answer"], rel=1e-5)
        return version

    return run


def test_models_of_many_libraries_are_brought_in_built_for_and_answer(brought, workshop):
    found = {flavour: brought(workshop, flavour, [*COMMON, *TOGETHER]) for flavour in FLAVOURS}

    told = {flavour: set(version.facts["flavors"]) - {"python_function"} for flavour, version in found.items()}
    assert told == {flavour: {flavour} for flavour in FLAVOURS[:-1]} | {"pyfunc": set()}
    (environment,) = {version.environment for version in found.values()}
    assert (environment.shared, environment.state) == (False, "ready")
    names = {line.split("==")[0].replace("_", "-") for line in environment.lock}
    assert {line.split("==")[0] for line in [*COMMON, *TOGETHER]} <= names


def test_a_model_with_requirements_of_its_own_has_an_environment_to_itself(brought, workshop):
    version = brought(workshop, "xgboost", [*COMMON, *ALONE])
    assert [line for line in version.environment.lock if line.startswith("xgboost==")] != []
    assert [line for line in version.environment.lock if line.startswith("lightgbm==")] == []


def test_a_pytorch_model_is_brought_in_without_a_pickle_and_answers(brought, tmp_path):
    wanted = [*COMMON, TORCH]
    uv, python = str(Path(sys.executable).parent / "uv"), str(tmp_path / "env" / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", str(tmp_path / "env")], check=True)
    done = subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *wanted], capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        assert "No matching distribution found for torch" in done.stderr, done.stderr[-2000:]
        pytest.skip(f"{TORCH} is not to be had here: the flavour PyTorch is not tried.")
    version = brought(python, "pytorch", wanted)
    assert ("pickle" in version.facts["flags"], version.facts["flavors"]) == (False, ["python_function", "pytorch"])


@pytest.fixture(scope="module", autouse=True)
def _clear():
    """The built environments are large."""
    yield
    for folder in Path(settings.ENVIRONMENTS).iterdir():
        for path in (folder, *folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
