"""The supervisor restarts what dies and ends what it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.demo import supervise
from portal.demo.supervise import NotReady, Process, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def process(name="one", argv=None, ready=None) -> Process:
    return Process(name, argv or SLEEP, dict(os.environ), ready)


def test_what_dies_is_started_again(tmp_path):
    supervisor = Supervisor([process()], run_dir=_run(tmp_path))
    first = int((tmp_path / "run" / "one.pid").read_text())
    os.kill(first, signal.SIGKILL)
    until = time.monotonic() + 5
    while int((tmp_path / "run" / "one.pid").read_text()) == first and time.monotonic() < until:
        supervisor.revive()
        time.sleep(0.05)
    second = int((tmp_path / "run" / "one.pid").read_text())
    supervisor.stop()

    assert second != first
    assert not Path(f"/proc/{second}").exists()


def test_a_process_that_never_gets_ready_is_named_with_its_log(tmp_path):
    argv = [sys.executable, "-c", "raise SystemExit(3)"]
    with pytest.raises(NotReady, match="broken did not start; its log is"):
        Supervisor([process("broken", argv, lambda: False)], run_dir=_run(tmp_path))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_python_drops_comes_again(monkeypatch):
    monkeypatch.setattr(supervise, "AGAIN_SECONDS", 0.2)

    class Dropping:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)

    with pytest.raises(supervise.Stopped) as stopped, supervise.stoppable():
        Dropping()
        time.sleep(20)
    assert stopped.value.number == signal.SIGTERM
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_children_end_with_a_supervisor_that_is_killed(tmp_path):
    code = (
        "import os, sys, time; from pathlib import Path; from portal.demo.supervise import Process, Supervisor; "
        f"Supervisor([Process('one', {SLEEP!r}, dict(os.environ), None)], run_dir=Path({str(_run(tmp_path))!r})); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    note = tmp_path / "run" / "one.pid"
    while not note.exists() or not note.read_text():
        time.sleep(0.05)
    child = int(note.read_text())
    parent.kill()
    parent.wait()
    until = time.monotonic() + 5
    while (
        Path(f"/proc/{child}/cmdline").exists()
        and Path(f"/proc/{child}/cmdline").read_bytes()
        and time.monotonic() < until
    ):
        time.sleep(0.05)

    assert not (Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes())


def _run(tmp_path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"
