"""Scorers: right answers from proved files, and nothing but a code from a model that misbehaves."""

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings

from portal.compute.runtime import digest, facts
from portal.compute.runtime.client import Client, ModelRefused, ModelSpec, ScorerUnavailable

ROW = {"age": 70.0, "male": 1.0, "visits_12m": 3.0, "heart_failure": 0.0, "diabetes": 1.0, "copd": 0.0}
DESCRIPTION = """flavors:
  python_function:
    loader_module: mlflow.pyfunc.loaders.code_model
    model_code_path: model.py
    python_version: 3.11.7
mlflow_version: 3.17.2
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
  outputs: '[{"type": "double", "name": "y"}]'
"""


def keep(folder: Path) -> ModelSpec:
    """Put a folder into the artifact store as it is."""
    found = facts.inspect_model(folder)
    key = digest.tree_digest(folder)
    target = settings.ARTIFACTS / key
    settings.ARTIFACTS.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copytree(folder, target)
    return ModelSpec(
        key, found.engine, [(item["name"], item["type"]) for item in found.columns], found.requirements, seconds=3
    )


def write(folder: Path, body: str) -> ModelSpec:
    """A model from code whose predict has this body."""
    folder.mkdir()
    (folder / "MLmodel").write_text(DESCRIPTION)
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    (folder / "model.py").write_text(
        "import os, sys, socket, time, signal, pandas\nfrom mlflow.models import set_model\n"
        "from mlflow.pyfunc import PythonModel\n\n\nclass M(PythonModel):\n"
        f"    def predict(self, context, model_input, params=None):\n{lines}\n\n\nset_model(M())\n"
    )
    return keep(folder)


@pytest.fixture
def client(scorer) -> Client:
    return Client(str(settings.SCORER_SOCKET))


def test_an_onnx_model_answers_with_what_is_missing_filled(client, trained):
    scores = client.score(keep(trained["unplanned-admission"]), [ROW, {**ROW, "age": 30.0}])

    answer, account = ["base", "lower", "probability", "upper"], [f"contribution[{place}]" for place in range(12)]
    assert sorted(scores.columns) == sorted([*answer, *account])
    lower, risk, upper = (scores.columns[name][0] for name in ("lower", "probability", "upper"))
    assert 0 < lower <= risk <= upper < 1
    assert scores.columns["probability"][0] > scores.columns["probability"][1]
    assert {"rlimits", "no_new_privs"} <= set(scores.layers)


@pytest.mark.slow
def test_a_pyfunc_model_answers_with_all_its_columns(client, trained):
    row = {
        "age": 70,
        "menostat": "Post",
        "tsize": 21,
        "tgrade": "II",
        "pnodes": 3,
        "progrec": 48,
        "estrec": 66,
        "horTh": "no",
    }
    scores = client.score(keep(trained["breast-cancer-recurrence"]), [row])

    found = [round(scores.columns[f"survival_{years}y"][0], 2) for years in (1, 3, 5)]
    assert found == [0.93, 0.67, 0.51]


def test_one_flipped_byte_refuses_the_run(client, trained):
    spec = keep(trained["coronary-disease"])
    file = settings.ARTIFACTS / spec.digest / "model.onnx"
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
    try:
        with pytest.raises(ModelRefused) as refusal:
            client.score(spec, [{}])
        assert refusal.value.code == "digest_mismatch"
    finally:
        file.write_bytes(whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("os._exit(3)", "crashed"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("x = bytearray(8 * 2**30)\nreturn x", "out_of_memory"),
        ("while True: time.sleep(1)", "timed_out"),
        ("raise ValueError(str(model_input))", "crashed"),
        ("return pandas.DataFrame({'y': [float('nan')]})", "bad_output"),
        ("return pandas.DataFrame({'y': [1.0, 2.0]})", "bad_output"),
    ],
)
def test_a_model_that_misbehaves_gets_a_code_and_the_scorer_lives_on(body, code, client, trained, tmp_path):
    with pytest.raises(ModelRefused) as refusal:
        client.score(write(tmp_path / "m", body), [{"x": 1.0}])

    assert refusal.value.code == code
    assert client.score(keep(trained["unplanned-admission"]), [ROW]).columns["probability"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "attempt",
    [
        "open({secret!r}).read()",
        "open('/etc/passwd').read()",
        "open({outside!r}, 'w').write('x')",
        "open(os.path.join(os.path.dirname(__file__), 'x'), 'w').write('x')",
        "socket.create_connection(('127.0.0.1', {port}), timeout=1)",
        "os.kill({parent}, 0)",
        "open('/proc/{parent}/environ').read()",
        "os.setuid(0); open({secret!r}).read()",
    ],
)
def test_a_model_cannot_reach_what_is_not_its_own(attempt, client, tmp_path):
    import socket

    secret = tmp_path / "patients.txt"
    secret.write_text("Leakwell")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        body = attempt.format(
            secret=str(secret), outside=str(tmp_path / "out"), port=listener.getsockname()[1], parent=os.getpid()
        )
        whole = f"try:\n    {body}\n    y = 1.0\nexcept (OSError, PermissionError):\n    y = 0.0\nreturn pandas.DataFrame({{'y': [y]}})"
        scores = client.score(write(tmp_path / "m", whole), [{"x": 1.0}])

    assert scores.columns == {"y": [0.0]}
    assert not (tmp_path / "out").exists()


def test_many_threads_get_their_own_answers(client, trained):
    spec = keep(trained["unplanned-admission"])
    alone = [client.score(spec, [{**ROW, "age": float(age)}]).columns["probability"][0] for age in range(20, 28)]
    found: dict[int, set] = {}

    def ask(place: int) -> None:
        found[place] = {client.score(spec, [{**ROW, "age": 20.0 + place}]).columns["probability"][0] for _ in range(30)}

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[place] for place in range(8)] == [{risk} for risk in alone]


def test_a_model_whose_software_is_not_here_is_not_run(client, trained):
    spec = keep(trained["coronary-disease"])
    with pytest.raises(ModelRefused) as refusal:
        client.score(ModelSpec(**{**vars(spec), "digest": "0" * 64, "requirements": ["no-such-package==9"]}), [{}])
    assert refusal.value.code == "environment_unavailable"


def test_nothing_answers_on_a_socket_that_is_not_there(tmp_path):
    with pytest.raises(ScorerUnavailable):
        Client(str(tmp_path / "none.sock")).score(ModelSpec("0" * 64, "onnx", []), [{}])


@pytest.mark.slow
def test_scorers_end_with_their_server(tmp_path, trained):
    import subprocess
    import sys

    spec = keep(trained["unplanned-admission"])
    command = [sys.executable, "-m", "portal.compute.runtime.server", "--run-dir", str(tmp_path / "run"),
               "--artifacts", str(settings.ARTIFACTS), "--environments", str(tmp_path)]  # fmt: skip
    server = subprocess.Popen(command, cwd=settings.ROOT, stderr=subprocess.DEVNULL)
    socket_path = tmp_path / "run" / "scorer.sock"
    while not socket_path.exists():
        time.sleep(0.05)
    client = Client(str(socket_path))
    client.score(spec, [ROW])
    pid = client.status()["warm"][0]["pid"]
    server.kill()
    server.wait()
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)

    assert not Path(f"/proc/{pid}").exists()


TRACING = DESCRIPTION.replace(
    '{"type": "double", "name": "x", "required": true}',
    '{"type": "array", "items": {"type": "double"}, "name": "x", "required": true}',
)


def write_tracing(folder: Path, body: str, kind: str = "ecg") -> ModelSpec:
    """A model from code that is given a list of numbers."""
    write(folder, body) if not folder.exists() else None
    (folder / "MLmodel").write_text(TRACING)
    (folder / "formulary.json").write_text(json.dumps({"inputs": {"x": {"kind": kind}}}))
    return keep(folder)


def test_a_model_is_given_a_list_and_may_answer_with_lists_of_any_length(client, tmp_path):
    body = "return pandas.DataFrame({'n': [len(one) for one in model_input['x']], 'y': [list(one[one > 1]) for one in model_input['x']]})"
    scores = client.score(write_tracing(tmp_path / "lists", body), [{"x": [1.0, 2.0, 3.5]}, {"x": [0.5]}])

    assert scores.columns == {"n": [3, 1], "y": [[2.0, 3.5], []]}


@pytest.mark.parametrize(
    ("given", "code"), [([], "bad_input"), ([[1.0], [2.0]], "bad_input"), ([1.0] * 100_001, "bad_input"), ([1.0, None], "bad_input")]
)  # fmt: skip
def test_what_is_no_list_of_numbers_never_reaches_the_model(client, tmp_path, given, code):
    spec = write_tracing(tmp_path / "plain", "return pandas.DataFrame({'y': [1.0]})")

    with pytest.raises(ModelRefused) as refusal:
        client.score(spec, [{"x": given}])
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "answer", ["[[1.0, float('nan')]]", "[['a', 'b']]", "[[[1.0], [2.0]]]", "[[1.0] * 100_001]", "[{'a': 1}]"]
)
def test_a_list_that_is_not_one_of_numbers_is_no_answer(client, tmp_path, answer):
    spec = write_tracing(tmp_path / "odd", f"return pandas.DataFrame({{'y': pandas.Series({answer}, dtype=object)}})")

    with pytest.raises(ModelRefused) as refusal:
        client.score(spec, [{"x": [1.0]}])
    assert refusal.value.code == "bad_output"


@pytest.mark.parametrize(
    ("signature", "overlay", "sentence"),
    [
        ('{"type": "array", "items": {"type": "long"}, "name": "x"}', {"x": {"kind": "ecg"}}, "formulary.json calls x a tracing; that is Array(double) alone."),
        ('{"type": "object", "properties": {}, "name": "x"}', {}, "The input x cannot be asked in a form: it is a group without parts."),
        ('{"type": "any", "name": "x"}', {}, "The input x cannot be asked in a form: its type is “any”, which does not say what to ask."),
        ('{"type": "array", "items": {"type": "binary"}, "name": "x"}', {}, "The input x cannot be asked in a form: it is a list of files; a form takes one file for a column."),
        ('{"type": "array", "items": {"type": "object", "properties": {"a": {"type": "long"}}}, "name": "x"}', {}, "The input x cannot be asked in a form: it is a list of groups."),
        ('{"type": "map", "values": {"type": "object", "properties": {"a": {"type": "long"}}}, "name": "x"}', {}, "The input x cannot be asked in a form: it holds groups under names that the model does not fix."),
        ('{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3, 28, 28]}, "name": "x"}', {}, "The input x cannot be asked in a form: it has more than two dimensions, which nobody can type."),
        ('{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}, {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}', {}, "Two inputs of the signature have the same name."),
        ('{"type": "double"}', {}, "An input of the signature has no name, so nobody can be asked for it."),
        ('{"type": "binary", "name": "x"}, {"type": "binary", "name": "z"}', {}, "The signature asks for more than one file; a form takes one."),
        ('{"type": "array", "items": {"type": "double"}, "name": "x"}, {"type": "array", "items": {"type": "double"}, "name": "z"}', {"x": {"kind": "ecg"}, "z": {"kind": "ecg"}}, "The signature asks for more than one file; a form takes one."),
    ],
)  # fmt: skip
def test_what_no_form_can_ask_for_is_refused_with_what_to_do(tmp_path, signature, overlay, sentence):
    write(tmp_path / "model", "return 1")
    (tmp_path / "model" / "MLmodel").write_text(
        DESCRIPTION.replace('{"type": "double", "name": "x", "required": true}', signature)
    )
    (tmp_path / "model" / "formulary.json").write_text(json.dumps({"inputs": overlay}))

    with pytest.raises(facts.ModelRefused) as refusal:
        facts.inspect_model(tmp_path / "model")
    assert refusal.value.sentence.startswith(sentence)
