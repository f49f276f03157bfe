"""What a model may not do, tried by real models in the real sandbox: reach out, read on, fill up, hold up."""

import json
import time
from pathlib import Path

import pytest
from django.conf import settings

from portal.compute.runtime import sandbox
from portal.compute.runtime.client import Client, ModelRefused
from portal.compute.runtime.pool import Pool
from tests.compute.test_scorer import ROW, keep, write

pytestmark = pytest.mark.slow


@pytest.fixture
def client(scorer) -> Client:
    return Client(str(settings.SCORER_SOCKET))


def told(client, folder: Path, body: str):
    """What a model with this body answers."""
    return client.score(write(folder, body), [{"x": 1.0}]).columns["y"][0]


def test_a_model_sees_no_variable_of_the_portal(client, tmp_path):
    names = json.loads(told(client, tmp_path / "m", "import json\nreturn {'y': [json.dumps(dict(os.environ))]}"))

    own = {"HOME", "TMPDIR", "PWD"}
    mlflow = {name for name in names if name.startswith(("MLFLOW", "_MLFLOW"))}
    assert set(names) - own - mlflow <= set(sandbox.ENVIRONMENT) | {"LC_CTYPE"}
    assert not any(word in name for name in names for word in ("SECRET", "KEY", "FORMULARY", "DATABASE", "DJANGO"))


def test_a_model_does_not_see_that_other_models_exist(client, trained, tmp_path):
    other = keep(trained["unplanned-admission"])
    store = str(settings.ARTIFACTS)
    body = f"""import json
found = {{}}
for name, attempt in (("list", lambda: os.listdir({store!r})), ("read", lambda: open(os.path.join({store!r}, {other.digest!r}, "MLmodel")).read())):
    try:
        found[name] = attempt()
    except OSError:
        found[name] = None
return {{"y": [json.dumps(found)]}}"""
    found = json.loads(told(client, tmp_path / "m", body))

    assert found["read"] is None
    assert other.digest not in (found["list"] or [])


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_STREAM"])
def test_nothing_leaves_a_scorer_by_any_network(client, tmp_path, kind):
    body = f"""def sent():
    one = socket.socket(socket.AF_INET, socket.{kind})
    one.settimeout(1)
    one.connect(("192.0.2.1", 53))
    one.send(b"x")
    return 1.0
try:
    y = sent()
except OSError:
    y = 0.0
return {{"y": [y]}}"""
    assert told(client, tmp_path / "m", body) == 0.0


FILL = """written, number = 0, 0
try:
    while True:
        number += 1
        with open(os.path.join({place}, f"f{{number}}"), "wb") as file:
            written += file.write(b"x" * 2**20)
        {pause}
except OSError:
    pass
return {{"y": [written / 2**20]}}"""


@pytest.mark.parametrize("place", ["os.environ['TMPDIR']", "'/tmp'", "'/dev/shm'", "'/'"])
def test_a_model_that_writes_without_end_fills_nothing_but_its_own_corner(client, tmp_path, place):
    written = told(client, tmp_path / "m", FILL.format(place=place, pause=""))

    assert written <= sandbox.SCRATCH_MB
    assert not [path for path in (settings.RUN / "scratch").rglob("*") if path.is_file()]


def test_without_memory_folders_a_model_that_writes_without_end_is_ended(tmp_path, monkeypatch):
    spec = write(tmp_path / "m", FILL.format(place="os.environ['TMPDIR']", pause="time.sleep(0.02)"))
    monkeypatch.setattr(sandbox.Sandbox, "bwrap", None)
    with _pool(tmp_path) as (pool, scratch), pytest.raises(Exception, match="crashed"):
        pool.score(vars(spec) | {"seconds": 30}, [{"x": 1.0}], {})
    assert list(scratch.iterdir()) == []


def test_a_model_that_hangs_holds_nobody_up_for_long(client, trained, tmp_path):
    spec = write(tmp_path / "m", "time.sleep(600)\nreturn {'y': [1.0]}")
    began = time.monotonic()
    with pytest.raises(ModelRefused) as refusal:
        client.score(spec, [{"x": 1.0}])

    assert (refusal.value.code, time.monotonic() - began < 20) == ("timed_out", True)
    assert client.score(keep(trained["unplanned-admission"]), [ROW]).columns["probability"]
    assert spec.digest not in {
        warm["digest"] for warm in client.status()["warm"] if Path(f"/proc/{warm['pid']}").exists()
    }


class _pool:
    """A pool of this process, whose births are done by a thread of it."""

    def __init__(self, folder: Path):
        import queue
        import threading

        self.scratch, self.births = folder / "scratch", queue.Queue()
        box = sandbox.Sandbox(artifacts=settings.ARTIFACTS, environments=folder, scratch=self.scratch)
        self.pool = Pool(box, self.births, most=2)
        self.thread = threading.Thread(target=self._bear)

    def _bear(self):
        while (birth := self.births.get()) is not None:
            birth()

    def __enter__(self):
        self.thread.start()
        return self.pool, self.scratch

    def __exit__(self, *problem):
        self.pool.end()
        self.births.put(None)
        self.thread.join()


DRIP = """
import gc, struct
peers = [one for one in gc.get_objects() if isinstance(one, socket.socket)]
peers[0].sendall(struct.pack(">I", 1 << 20))
while True:
    peers[0].sendall(b" ")
    time.sleep(0.2)
"""
SAYS = """
import gc, struct, json
body = json.dumps({answer}).encode()
[one for one in gc.get_objects() if isinstance(one, socket.socket)][0].sendall(struct.pack(">I", len(body)) + body)
time.sleep(5)
"""
CHILDREN = """
for _ in range({count}):
    if os.fork() == 0:
        held = bytearray(os.urandom(1 << 20) * 80)
        time.sleep(30)
        os._exit(0)
time.sleep(8)
return pandas.DataFrame({{'y': [1.0]}})
"""


def refusal_of(client, spec) -> str:
    with pytest.raises(ModelRefused) as refusal:
        client.score(spec, [{"x": 1.0}])
    return refusal.value.code


def test_a_model_whose_answer_drips_in_is_ended_at_its_limit(client, tmp_path):
    spec, began = write(tmp_path / "m", DRIP), time.monotonic()
    assert (refusal_of(client, spec), time.monotonic() - began < 20) == ("timed_out", True)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"refused": "digest_mismatch"}, "crashed"),
        ({"refused": "x" * 500}, "crashed"),
        ({"columns": {"y": [1.0, 2.0]}, "seconds": 0.1}, "bad_output"),
        ({"columns": 3, "seconds": 0.1}, "bad_output"),
        ([1], "crashed"),
    ],
)
def test_a_model_that_speaks_for_its_scorer_is_not_believed(client, tmp_path, answer, code):
    spec = write(tmp_path / "m", SAYS.format(answer=answer))
    assert refusal_of(client, spec) == code


def test_a_model_and_all_its_children_together_have_one_limit_of_memory(tmp_path):
    spec = vars(write(tmp_path / "m", CHILDREN.format(count=6))) | {"seconds": 20, "memory_mb": 700}
    with _pool(tmp_path) as (pool, _), pytest.raises(Exception, match="out_of_memory"):
        pool.score(spec, [{"x": 1.0}], {})


class Mute:
    """Births that nobody attends to in time."""

    def __init__(self):
        self.asked = []

    def put(self, birth):
        self.asked.append(birth)


def test_a_scorer_that_is_born_too_late_is_ended_and_whoever_waited_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("portal.compute.runtime.pool.LOAD_SECONDS", 0.1)
    spec, births = write(tmp_path / "m", "return {'y': [1.0]}"), Mute()
    box = sandbox.Sandbox(artifacts=settings.ARTIFACTS, environments=tmp_path, scratch=tmp_path / "scratch")
    pool = Pool(box, births, most=1)
    with pytest.raises(Exception, match="load_failed"):
        pool.score(vars(spec) | {"seconds": 3}, [{"x": 1.0}], {})

    made = []
    monkeypatch.setattr(box, "start", lambda *given, start=box.start: made.append(start(*given)) or made[0])
    for birth in births.asked:
        birth()
    assert made[0].process.poll() is not None


def test_whatever_goes_wrong_at_a_birth_is_said_and_the_next_is_tried(tmp_path, monkeypatch):
    spec = write(tmp_path / "m", "return pandas.DataFrame({'y': [0.5]})")
    with _pool(tmp_path) as (pool, _):
        good = pool._sandbox.start
        monkeypatch.setattr(pool._sandbox, "start", lambda *given: 1 / 0)
        with pytest.raises(Exception, match="load_failed"):
            pool.score(vars(spec) | {"seconds": 3}, [{"x": 1.0}], {})
        monkeypatch.setattr(pool._sandbox, "start", good)
        assert pool.score(vars(spec) | {"seconds": 9}, [{"x": 1.0}], {})["columns"] == {"y": [0.5]}
