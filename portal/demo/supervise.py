"""Keeping a handful of processes alive: started in order, restarted when they die, ended together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM)
READY_SECONDS, GRACE_SECONDS, STEADY_SECONDS, AGAIN_SECONDS = 90, 8, 20, 2.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


class Stopped(BaseException):
    """Somebody asked for the end while everything was still starting; `number` is the signal."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable():
    """Inside, the first Ctrl-C or SIGTERM raises Stopped wherever the program is; further ones change nothing.

    Where Python drops what is raised, as in a destructor or a callback, it is raised again a little later.
    """

    def stopped(number, _):
        _set(signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: _raise(number))
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS, AGAIN_SECONDS)
        _raise(number)

    before, alarm = _set(stopped), signal.getsignal(signal.SIGALRM)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


def _raise(number: int) -> None:
    raise Stopped(number)


class NotReady(Exception):
    """A process did not become ready; the text says where its log is."""


@dataclass
class Process:
    """A program, and how it shows that it is ready (None: when it runs)."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    ready: Callable[[], object] | None
    handle: subprocess.Popen | None = field(default=None, repr=False)
    began: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0


class Supervisor:
    """Starts, watches and ends processes of this session; if it is killed, they end with it."""

    def __init__(self, processes: list[Process], *, run_dir: Path):
        self._processes: list[Process] = []
        self._run, self._logs = Path(run_dir), Path(run_dir).parent / "logs"
        self._stopped = False
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for process in processes:
            self.start(process)

    def start(self, process: Process, *, wait: bool = True) -> None:
        """Start one and, unless told otherwise, wait until it is ready; raises NotReady."""
        self._processes.append(process)
        self._spawn(process)
        until = time.monotonic() + READY_SECONDS
        while wait and process.ready and not process.ready():
            if process.handle.poll() is not None or time.monotonic() > until:
                raise NotReady(f"{process.name} did not start; its log is {self._log(process)}.")
            time.sleep(0.05)

    def watch(self) -> None:
        """Restart what dies, until a signal or `stop` ends it."""
        before = _set(self._signalled)
        try:
            while not self._stopped:
                self.revive()
                time.sleep(0.2)
        finally:
            for number, handler in zip(SIGNALS, before, strict=True):
                signal.signal(number, handler)

    def revive(self) -> None:
        """Restart each process that has died, after a pause that grows while it keeps dying."""
        now = time.monotonic()
        for process in self._processes:
            if process.handle.poll() is None:
                process.pause = FIRST_PAUSE if now - process.began > STEADY_SECONDS else process.pause
                process.due = 0.0
            elif not process.due:
                process.due, process.pause = now + process.pause, min(process.pause * 2, LONGEST_PAUSE)
            elif now >= process.due:
                self._spawn(process)

    def stop(self) -> None:
        """End everything, last started first: ask, then insist; nobody's impatience leaves it half done."""
        self._stopped = True
        before = _set(signal.SIG_IGN)
        started = [process for process in reversed(self._processes) if process.handle]
        for process in started:
            if process.handle.poll() is None:
                process.handle.send_signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for process in started:
            _end(process.handle, until)
            self._pid_file(process).unlink(missing_ok=True)
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)

    def _signalled(self, *_) -> None:
        self._stopped = True

    def _spawn(self, process: Process) -> None:
        descriptor = os.open(self._log(process), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            process.handle = subprocess.Popen(
                process.argv, env=process.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=tied, process_group=0,
            )  # fmt: skip
        process.began, process.due = time.monotonic(), 0.0
        self._pid_file(process).write_text(str(process.handle.pid))

    def _log(self, process: Process) -> Path:
        return self._logs / f"{process.name}.log"

    def _pid_file(self, process: Process) -> Path:
        return self._run / f"{process.name}.pid"


def _end(handle: subprocess.Popen, until: float) -> None:
    try:
        handle.wait(timeout=max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        handle.kill()
        handle.wait()
    # What it had started itself and left behind; the group is its own, the session stays ours.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(handle.pid, signal.SIGKILL)


def _set(handler) -> list:
    return [signal.signal(number, handler) for number in SIGNALS]


def tied() -> None:
    """For a child before it begins: it ends with its parent, and Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
