"""The software a model needs: what is installed here when it fits, else an environment of the model's own."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement


class EnvironmentFailed(Exception):
    """The environment could not be built; the text says which step failed."""


@lru_cache(maxsize=512)
def satisfied(requirements: tuple[str, ...]) -> bool:
    """Whether everything that is asked for is installed here."""
    return all(_installed(line) for line in requirements)


def key_of(requirements: tuple[str, ...]) -> str:
    """The name of the environment for these requirements."""
    lines = sorted({line.strip().lower() for line in requirements})
    return sha256("\n".join([*lines, f"{sys.version_info[0]}.{sys.version_info[1]}"]).encode()).hexdigest()[:32]


def python_for(requirements: tuple[str, ...], root: Path) -> str | None:
    """The interpreter that a model with these requirements runs in; None when its environment is not built."""
    if satisfied(requirements):
        return sys.executable
    own = Path(root) / key_of(requirements) / "bin" / "python"
    return str(own) if own.exists() else None


def build(requirements: tuple[str, ...], root: Path) -> Path:
    """Build the environment once; other builders wait. Raises EnvironmentFailed. Never call it while scoring."""
    root = Path(root)
    target = root / key_of(requirements)
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _build(requirements, target)
    return target


def _build(requirements: tuple[str, ...], target: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        _run([sys.executable, "-m", "venv", str(draft)], "making the environment")
        _run([str(draft / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements], "installing")
        os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run(command: list[str], step: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode:
        raise EnvironmentFailed(f"{step} failed: {done.stderr.strip().splitlines()[-1:] or ''}")


def _installed(line: str) -> bool:
    try:
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate():
            return True
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except (InvalidRequirement, metadata.PackageNotFoundError):
        return False
