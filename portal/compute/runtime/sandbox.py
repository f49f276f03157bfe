"""How a scorer is closed in from outside: bubblewrap where there is one, a cleared child everywhere."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal.compute.runtime import landlock, wire

_WORKER = Path(__file__).with_name("worker.py")
_NOBODY = 65534
_PR_SET_PDEATHSIG = 1
# All that a model may write, however many files it makes of it; beyond that the disk is full for it alone.
SCRATCH_MB = 64
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    "ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_ENV_MANAGER_CONDA_WARNING": "true", "GIT_PYTHON_REFRESH": "quiet",
}  # fmt: skip


@dataclass
class Born:
    """A scorer's process and the socket that leads to it."""

    process: subprocess.Popen
    peer: socket.socket
    scratch: str

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self.peer.close()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


class Sandbox:
    """Where models lie, and the walls around whoever runs one."""

    def __init__(self, *, artifacts: Path, environments: Path, scratch: Path):
        self.artifacts, self.environments = Path(artifacts).resolve(), Path(environments).resolve()
        self._scratch = Path(scratch).resolve()
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(mode=0o711, parents=True)

    @cached_property
    def bwrap(self) -> str | None:
        """The bubblewrap program, if it is there and works."""
        found = shutil.which("bwrap")
        if not found:
            return None
        probe = subprocess.run(
            [found, "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, check=False
        )
        return found if probe.returncode == 0 else None

    def layers(self, engine: str) -> list[str]:
        """The walls from outside for an engine: bubblewrap, where there is one, for all that is not plain ONNX."""
        walls = ["cleared environment"]
        return [*walls, "bubblewrap", "no network"] if self.bwrap and self._needs_walls(engine) else walls

    def _needs_walls(self, engine: str) -> bool:
        # An ONNX graph cannot run code of its own; but nothing runs as root outside the walls.
        return engine != "onnx" or (os.getuid() == 0 and not _reachable(sys.executable, self.artifacts))

    def layers_expected(self) -> list[str]:
        """What this machine can offer, for the status page."""
        return [
            *self.layers("pyfunc"),
            "rlimits",
            "no_new_privs",
            *([f"landlock {landlock.abi()}"] if landlock.abi() else []),
        ]

    def start(self, spec: dict, python: str) -> Born:
        """Start a scorer for a version; it says itself when it is ready."""
        ours, theirs = socket.socketpair()
        scratch = tempfile.mkdtemp(dir=self._scratch)
        folder = self.artifacts / spec["digest"]
        user = _NOBODY if os.getuid() == 0 and _reachable(python, folder) else 0
        if user:
            os.chown(scratch, user, user)
        argv = [python, "-I", str(_WORKER), str(theirs.fileno())]
        if "bubblewrap" in self.layers(spec["engine"]):
            argv = [*self._walls(python, folder, scratch), *argv]
            user = 0
        process = subprocess.Popen(
            argv, pass_fds=(theirs.fileno(),), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/", start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip
        theirs.close()
        order = {
            "digest": spec["digest"], "engine": spec["engine"], "inputs": spec["inputs"],
            "memory_mb": spec["memory_mb"], "folder": str(folder), "scratch": scratch, "user": user,
            "layers": self.layers(spec["engine"]),
        }  # fmt: skip
        wire.send(ours, order)
        return Born(process, ours, scratch)

    def _walls(self, python: str, folder: Path, scratch: str) -> list[str]:
        own = {str(Path(python).parent.parent), sys.prefix, sys.base_prefix, str(_WORKER.parent)}
        readable = [path for path in (*_SYSTEM, *sorted(own)) if os.path.exists(path)]
        mounts = [word for path in readable for word in ("--ro-bind", path, path)]
        model = ["--ro-bind", str(folder), str(folder)] if folder.is_dir() else []
        # The empty /tmp comes first: whatever is mounted later may well lie below it.
        return [
            self.bwrap, "--unshare-all", "--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY),
            "--die-with-parent", "--new-session", "--cap-drop", "ALL", *_memory("/tmp"), "--proc", "/proc",
            "--dev", "/dev", *mounts, *model, *_memory(scratch), "--remount-ro", "/dev", "--remount-ro", "/",
        ]  # fmt: skip


def _memory(place: str) -> tuple[str, ...]:
    """A folder that lies in memory, is as large as it may be and gone with its scorer."""
    return ("--perms", "0700", "--size", str(SCRATCH_MB << 20), "--tmpfs", place)


def _reachable(python: str, folder: Path) -> bool:
    paths = [Path(python).resolve(), Path(sys.prefix).resolve(), _WORKER, folder]
    return all(parent.stat().st_mode & 0o001 for path in paths if path.exists() for parent in path.parents)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
