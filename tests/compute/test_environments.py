"""The software of a model: what is here when it fits, else an environment of its own; proved before every start."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from portal.compute.runtime import building, environments
from portal.compute.runtime.client import Client, ModelRefused, ModelSpec
from tests.compute.test_scorer import ROW, keep
from tests.conftest import ROOT


def test_what_fits_runs_in_the_portals_own_environment(tmp_path):
    assert environments.python_for(("numpy>=1", "packaging"), tmp_path) == sys.executable


@pytest.mark.parametrize("line", ["numpy==1.0", "no-such-package", "not a requirement!"])
def test_what_does_not_fit_has_no_interpreter_until_it_is_built(line, tmp_path):
    assert environments.python_for((line,), tmp_path) is None


def test_the_order_of_requirements_does_not_matter():
    assert environments.key_of(("a==1", "b==2")) == environments.key_of(("b==2", "a==1"))


@pytest.mark.parametrize(
    ("given", "engine", "added"),
    [
        ((), "onnx", {"numpy", "onnxruntime"}),
        (("numpy==2.4.6",), "onnx", {"onnxruntime"}),
        (("mlflow-skinny==3.17.2", "pandas"), "pyfunc", {"numpy"}),
    ],
)
def test_what_the_engine_needs_is_added_when_the_model_does_not_name_it(given, engine, added):
    found = environments.complete(given, engine)
    assert (found[: len(given)], {line.split("==")[0] for line in found[len(given) :]}) == (given, added)


def test_a_lock_names_every_package_that_is_needed_and_nothing_else():
    lock = environments.shared_lock(("mlflow", "pandas"))
    names = {line.split("==")[0] for line in lock}
    assert {"python", "mlflow", "pandas", "numpy", "cloudpickle"} <= names
    assert not {"django", "celery", "pytest"} & names
    assert environments.digest_of(lock) == environments.digest_of(environments.shared_lock(("pandas", "mlflow")))


def wheel(folder: Path, name: str, version: str, needs: str = "") -> Path:
    """A package of one module, as a wheel."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }  # fmt: skip
    rows = [f"{path},sha256={_urlsafe(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as held:
        for inner, text in files.items():
            held.writestr(inner, text)
    return path


def _urlsafe(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def build(root: Path, wheels: Path, *requirements: str, lock=()) -> dict:
    order = {"key": environments.key_of(requirements), "requirements": requirements, "lock": list(lock), "wheels": str(wheels)}  # fmt: skip
    folder = building.start(root, order)
    try:
        return building.wait(folder, 120)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def shelf(tmp_path) -> Path:
    """A folder of two wheels, one of which needs the other."""
    wheel(tmp_path / "wheels", "tinyscore", "1.2", needs="tinymath>=1")
    wheel(tmp_path / "wheels", "tinymath", "1.5")
    return tmp_path / "wheels"


@pytest.mark.slow
def test_an_environment_is_built_without_a_network_from_a_folder_of_wheels(shelf, tmp_path):
    made = build(tmp_path, shelf, "tinyscore==1.2")
    python = tmp_path / environments.key_of(("tinyscore==1.2",)) / "bin" / "python"
    said = subprocess.run(
        [python, "-c", "import tinyscore; print(tinyscore.version)"], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "1.2"
    assert [line.split(" ")[0] for line in made["lock"]] == [
        environments.python_line(),
        "tinymath==1.5",
        "tinyscore==1.2",
    ]
    assert all(" --hash=sha256:" in line for line in made["lock"][1:])
    assert made["digest"] == environments.digest_of(made["lock"])
    assert "Installing 2 packages from the lock." in made["log"]
    assert str(tmp_path) not in made["log"]


@pytest.mark.slow
def test_an_environment_is_built_again_from_its_lock_although_something_newer_is_there(shelf, tmp_path):
    first = build(tmp_path, shelf, "tinyscore")
    wheel(shelf, "tinymath", "1.9")
    again = build(tmp_path, shelf, "tinyscore", lock=first["lock"])

    assert (again["digest"], again["lock"]) == (first["digest"], first["lock"])


@pytest.mark.slow
def test_a_wheel_that_is_another_than_the_locked_one_is_not_installed(shelf, tmp_path, monkeypatch):
    first = build(tmp_path, shelf, "tinymath==1.5")
    path = wheel(shelf, "tinymath", "1.5", needs="tinyscore")
    # The quick way keeps the wheels that it has proved; another machine has none yet.
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    made = build(tmp_path, shelf, "tinymath==1.5", lock=first["lock"])

    assert path.exists()
    assert (made["ok"], made["sentence"].startswith("The packages could not be had.")) == (False, True)


@pytest.mark.slow
def test_a_wheel_that_was_kept_is_the_locked_one_whatever_lies_in_the_folder_now(shelf, tmp_path):
    first = build(tmp_path, shelf, "tinymath==1.5")
    wheel(shelf, "tinymath", "1.5", needs="tinyscore")
    made = build(tmp_path, shelf, "tinymath==1.5", lock=first["lock"])
    found = list((tmp_path / environments.key_of(("tinymath==1.5",))).rglob("METADATA"))

    assert not made["ok"] or [path.read_text().count("Requires-Dist") for path in found] == [0]


@pytest.mark.slow
def test_what_cannot_be_had_is_said_and_leaves_nothing_behind(shelf, tmp_path):
    made = build(tmp_path, shelf, "tinyscore==9.9")

    assert (made["ok"], made["sentence"]) == (
        False, "The packages could not be had. No matching distribution found for tinyscore==9.9",
    )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["wheels"]


@pytest.mark.slow
def test_a_build_that_breaks_on_this_machine_says_so_and_is_not_begun_again(shelf, tmp_path):
    key = environments.key_of(("tinymath",))
    (tmp_path / key).write_text("a file where the environment should lie")
    made = build(tmp_path, shelf, "tinymath")

    assert (made["ok"], made["sentence"]) == (False, "Something failed on this machine while it was put together (NotADirectoryError).")  # fmt: skip


@pytest.mark.slow
def test_a_build_that_takes_too_long_is_given_up(shelf, tmp_path, monkeypatch):
    folder = tmp_path / ".build-k"
    folder.mkdir()
    (folder / "order.json").write_text(json.dumps({"key": "k", "requirements": ["tinymath"], "lock": [], "wheels": str(shelf)}))  # fmt: skip
    code = "from portal.compute.runtime import building; building.SECONDS = 1; building._Build._resolve = lambda self: __import__('time').sleep(30); building.main()"  # fmt: skip
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, timeout=25, check=True)

    assert building.wait(folder, 1)["sentence"] == "It took longer than 0 minutes and was given up."


@pytest.mark.slow
@pytest.mark.parametrize("quick", [True, False])
def test_the_quick_way_and_the_long_one_install_the_same(shelf, tmp_path, monkeypatch, quick):
    if not quick:
        monkeypatch.setenv("UV_CACHE_DIR", "/proc/nowhere")
    made = build(tmp_path, shelf, "tinyscore==1.2")
    own = tmp_path / environments.key_of(("tinyscore==1.2",)) / "lib" / environments.python_line().replace("==", "") / "site-packages"  # fmt: skip

    assert ("taking the long one" in made["log"]) is not quick
    assert sorted(path.name for path in own.glob("tiny*")) == ["tinymath", "tinymath-1.5.dist-info", "tinyscore", "tinyscore-1.2.dist-info"]  # fmt: skip


@pytest.mark.slow
def test_a_package_that_would_run_code_to_be_built_is_not_taken(shelf, tmp_path):
    import io
    import tarfile

    setup = f"open({str(tmp_path / 'reached')!r}, 'w').write('reached')\n".encode()
    with tarfile.open(shelf / "trap-1.0.tar.gz", "w:gz") as held:
        for name, content in (("trap-1.0/setup.py", setup), ("trap-1.0/PKG-INFO", b"Metadata-Version: 2.1\nName: trap\nVersion: 1.0\n")):  # fmt: skip
            facts = tarfile.TarInfo(name)
            facts.size = len(content)
            held.addfile(facts, io.BytesIO(content))
    made = build(tmp_path, shelf, "trap==1.0")

    assert (made["ok"], (tmp_path / "reached").exists()) == (False, False)


@pytest.mark.slow
def test_a_builder_knows_no_secret_of_the_portal(shelf, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setenv("FORMULARY_SECRET_KEY", "Leakwell")
    monkeypatch.setenv("DATABASE_URL", "postgresql://Leakwell")
    monkeypatch.setattr(building.subprocess, "Popen", lambda command, **more: given.update(more["env"]))
    building.start(tmp_path, {"key": "k", "requirements": [], "lock": [], "wheels": ""})

    assert "Leakwell" not in json.dumps(given)


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ["content", "more", "gone"])
def test_a_changed_environment_does_not_run(scorer, shelf, spoil, trained):
    root = settings.ENVIRONMENTS
    root.mkdir(parents=True, exist_ok=True)
    requirements = ("tinyscore==1.2", f"tinymath>=1.{['content', 'more', 'gone'].index(spoil)}")
    made = build(root, shelf, *requirements)
    named = {
        "key": environments.key_of(requirements),
        "digest": made["digest"],
        "tree": made["tree"],
        "requirements": [],
    }
    proofs = environments.Proofs(root)
    assert proofs.python(named) == str(root / named["key"] / "bin" / "python")

    inside = next((root / named["key"]).rglob("tinyscore/__init__.py"))
    inside.parent.chmod(0o755)
    if spoil == "content":
        inside.chmod(0o644)
        inside.write_text("version = '6.6'\n")
    elif spoil == "more":
        (inside.parent / "sitecustomize.py").write_text("x = 1\n")
    else:
        inside.unlink()

    with pytest.raises(environments.Changed):
        proofs.python(named)
    spec = keep(trained["unplanned-admission"])
    with pytest.raises(ModelRefused) as refusal:
        Client(str(settings.SCORER_SOCKET)).score(ModelSpec(**vars(spec) | {"environment": named}), [ROW])
    assert refusal.value.code == "environment_changed"


def test_what_is_installed_for_all_is_proved_by_its_lists_and_a_changed_list_does_not_run(scorer, trained):
    client, spec = Client(str(settings.SCORER_SOCKET)), keep(trained["unplanned-admission"])
    requirements = environments.complete((), "onnx")
    right = {"key": "", "digest": environments.digest_of(environments.shared_lock(requirements)), "tree": "", "requirements": requirements}  # fmt: skip
    assert client.score(ModelSpec(**vars(spec) | {"environment": right}), [ROW]).columns["probability"]

    with pytest.raises(ModelRefused) as refusal:
        client.score(ModelSpec(**vars(spec) | {"environment": right | {"digest": "0" * 64}}), [ROW])
    assert refusal.value.code == "environment_changed"


def test_a_file_that_was_changed_beside_its_list_is_found(tmp_path, monkeypatch):
    place = tmp_path / "site"
    with zipfile.ZipFile(wheel(tmp_path / "wheels", "tinyfile", "1.0")) as held:
        held.extractall(place)
    monkeypatch.syspath_prepend(str(place))
    named = {"key": "", "digest": environments.digest_of(environments.shared_lock(("tinyfile",))), "tree": "", "requirements": ["tinyfile"]}  # fmt: skip
    proofs = environments.Proofs(tmp_path)
    proofs.python(named)
    proofs.sweep()
    assert proofs.holds(named)

    inside = place / "tinyfile" / "__init__.py"
    inside.write_text("version = '6.6'\n")
    os.utime(inside, ns=(1, 1))
    proofs.sweep()
    assert not proofs.holds(named)
