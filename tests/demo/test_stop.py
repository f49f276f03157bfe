"""A demonstration that is stopped while it starts ends everything it started, within seconds, at any moment."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.servers import free_port

pytestmark = pytest.mark.slow
SOON = 12


def parents() -> dict[int, int]:
    """The parent of every process that lives and is no zombie."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def family(pid: int) -> set[int]:
    """A process and all that came from it."""
    known, found = parents(), {pid}
    while more := {child for child, parent in known.items() if parent in found} - found:
        found |= more
    return found


def naming(folder: Path) -> set[int]:
    """The processes whose command line or environment names a folder."""
    found = set()
    for pid in parents():
        try:
            text = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in text and pid != os.getpid():
            found.add(pid)
    return found


def line_of(pid: int) -> bytes:
    """The command line of a process, without the words before its first option."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0-")[2]
    except OSError:
        return b""


def ends(process: subprocess.Popen, number: int, folder: Path, *, group: bool = False) -> tuple[int, float, int]:
    """Send the signal; returns the exit code, the seconds it took, and how many had lived just before."""
    before, began = family(process.pid) | naming(folder), time.monotonic()
    os.killpg(process.pid, number) if group else process.send_signal(number)
    code = process.wait(timeout=60)
    took = time.monotonic() - began
    assert (before | naming(folder)) & set(parents()) == set()
    return code, took, len(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One data folder for all moments: each start goes on from where the one before was stopped."""
    return tmp_path_factory.mktemp("stopped")


@pytest.mark.parametrize(
    ("moment", "number", "least"),
    [
        ("database:", signal.SIGTERM, 1),
        ("records:", signal.SIGINT, 1),
        ("starting mlflow", signal.SIGTERM, 2),
        ("coronary", signal.SIGTERM, 4),
        ("starting worker", signal.SIGINT, 4),
        ("starting web", signal.SIGTERM, 5),
    ],
)
def test_a_start_that_is_stopped_leaves_no_process(moment, number, least, folder):
    environment = {name: text for name, text in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"FORMULARY_DATA": str(folder), "FORMULARY_MODE": "embedded", "FORMULARY_EXTRA_APPS": ""}
    command = [sys.executable, "-u", str(ROOT / "manage.py"), "demo", "--port", str(free_port())]
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )
    said = []
    for line in process.stderr:
        said.append(line)
        if moment in line:
            break
    else:
        raise AssertionError("".join(said))
    time.sleep(0.7)

    code, took, lived = ends(process, number, folder, group=number == signal.SIGINT)

    assert (code, lived >= least) == (128 + number, True), (lived, process.stderr.read())
    assert took < SOON


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_script_ends_what_sets_the_environment_up(number, tmp_path):
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    command = ["bash", str(tmp_path / "deploy" / "demo.sh"), "--data", str(tmp_path / "data")]
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHON": sys.executable}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 20
    while not any(b"venv" in line for line in map(line_of, family(process.pid))) and time.monotonic() < until:
        time.sleep(0.05)

    code, took, lived = ends(process, number, tmp_path, group=number == signal.SIGINT)

    assert (code, lived >= 3) == (128 + number, True)
    assert took < SOON
