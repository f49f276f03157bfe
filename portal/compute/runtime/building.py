"""Building an environment: a program of its own that resolves (pip), writes the lock down and installs from it (uv, else pip).

python -m portal.compute.runtime.building FOLDER   (reads FOLDER/order.json, leaves FOLDER/result.json and FOLDER/log)

Only wheels are taken, because making one from source runs what its author wrote; installing a wheel runs nothing.
"""

import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from portal.compute.runtime import environments

LOG_BYTES = 64 * 1024
SECONDS = 3600
_ROOT = Path(__file__).resolve().parents[3]
_ADDRESS = re.compile(r"\b[a-z+]+://\S+", re.I)
_TOLD = re.compile(
    r"^\s*(Collecting|Downloading|Using cached|Processing|Installing|Successfully|ERROR|Would install|Prepared|Installed|\+ )"
)
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME",
         "UV_DEFAULT_INDEX", "UV_INDEX", "UV_CACHE_DIR", "UV_NATIVE_TLS",
         "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")  # fmt: skip
_OTHER_PLACES = ("PIP_FIND_LINKS", "PIP_CONSTRAINT", "PIP_TARGET", "PIP_USER", "PIP_REQUIREMENT")


class BuildFailed(Exception):
    """The environment could not be built; the text is a sentence for people."""


def start(root: Path, order: dict) -> Path:
    """Begin to build, or join whoever does already; returns the folder where the log and the result will be."""
    folder = root / f".build-{order['key']}"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not _is_running(folder) and not (folder / "result.json").exists():
        (folder / "order.json").write_text(json.dumps(order))
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or _is_of_pip(name)}
        subprocess.Popen(
            [sys.executable, "-m", "portal.compute.runtime.building", str(folder)], env=kept | {"PYTHONPATH": str(_ROOT)},
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=_die_with_parent,
        )  # fmt: skip
    return folder


def wait(folder: Path, seconds: float) -> dict | None:
    """The result, once it is there; None when it is not within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        if (folder / "result.json").exists() and not _is_running(folder):
            found = json.loads((folder / "result.json").read_text())
            return found | {"log": log_of(folder)}
        if time.monotonic() > until:
            return None
        time.sleep(0.2)


def log_of(folder: Path) -> str:
    """What was done so far, the newest of it."""
    path = folder / "log"
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_BYTES))
        return file.read().decode(errors="replace")


def main() -> None:
    """Build what the folder's order names, once."""
    folder = Path(sys.argv[1])
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(SECONDS)
        order = json.loads((folder / "order.json").read_text())
        try:
            result = {"ok": True, **_Build(folder, order).run()}
        except BuildFailed as problem:
            result = {"ok": False, "sentence": str(problem)}
        except Exception as problem:
            # Whoever waits must hear of any end, else the build is begun again for ever.
            result = {
                "ok": False,
                "sentence": f"Something failed on this machine while it was put together ({type(problem).__name__}).",
            }
        draft = folder / "result.part"
        draft.write_text(json.dumps(result))
        os.replace(draft, folder / "result.json")


class _Build:
    def __init__(self, folder: Path, order: dict):
        self._order, self._folder = order, folder
        self._target = folder.parent / order["key"]
        self._draft = folder / "environment"
        self._python = str(self._draft / "bin" / "python")
        wheels = order.get("wheels")
        self._where = ["--no-index", "--find-links", wheels] if wheels else []
        # The beginning of the log says what is built; each step adds to it.
        (folder / "log").write_text("")

    def run(self) -> dict:
        """Resolve, install, prove; returns the lock, its digest and the digest of what lies there."""
        shutil.rmtree(self._draft, ignore_errors=True)
        try:
            self._say("Making an empty environment.")
            self._do(
                [sys.executable, "-m", "venv", "--without-pip", str(self._draft)],
                "An empty environment could not be made.",
            )
            lock = self._order["lock"] or self._resolve()
            self._install(lock)
            self._say("Sealing it.")
            tree = self._place()
        finally:
            shutil.rmtree(self._draft, ignore_errors=True)
        self._say("Ready.")
        return {"lock": lock, "digest": environments.digest_of(lock), "tree": tree}

    def _resolve(self) -> list[str]:
        self._say("Finding the exact version of every package.")
        report = self._folder / "report.json"
        (self._folder / "wanted.txt").write_text("\n".join(self._order["requirements"]) + "\n")
        self._pip(
            "install",
            "--dry-run",
            "--ignore-installed",
            "--report",
            str(report),
            "-r",
            str(self._folder / "wanted.txt"),
        )
        found = json.loads(report.read_text())["install"]
        lines = sorted(
            f"{one['metadata']['name'].lower()}=={one['metadata']['version']} {_hash_of(one)}" for one in found
        )
        return [environments.python_line(), *lines]

    def _install(self, lock: list[str]) -> None:
        if lock[0] != environments.python_line():
            raise BuildFailed(f"It was locked for {lock[0].replace('==', ' ')}, which is not the interpreter here.")
        self._say(f"Installing {len(lock) - 1} packages from the lock.")
        path = self._folder / "locked.txt"
        path.write_text("\n".join(lock[1:]) + "\n")
        words = ("install", "--no-deps", "--require-hashes", "-r", str(path))
        # uv is many times faster but knows no settings of pip; the hashes make both install the same.
        if len(lock) > 1 and not self._uv(*words):
            self._pip(*words, "--compile")

    def _place(self) -> str:
        for path in (*self._draft.rglob("*"), self._draft):
            if not path.is_symlink():
                path.chmod(
                    path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) | stat.S_IRGRP | stat.S_IROTH
                )
        tree = environments.tree_of(self._draft)
        if self._target.exists():
            _make_writable(self._target)
            shutil.rmtree(self._target)
        self._draft.chmod(0o755)
        os.replace(self._draft, self._target)
        self._target.chmod(0o555)
        return tree

    def _uv(self, *words: str) -> bool:
        command = [
            sys.executable, "-m", "uv", "pip", *words, "--python", self._python, *self._where, "--only-binary", ":all:",
            "--link-mode", "copy", "--compile-bytecode", "--no-progress",
        ]  # fmt: skip
        try:
            self._do(command, "")
        except BuildFailed:
            self._say("The quick way is not open here; taking the long one.")
            return False
        return True

    def _pip(self, *words: str) -> None:
        command = [
            sys.executable, "-m", "pip", "--python", self._python, *words, *self._where, "--only-binary", ":all:",
            "--progress-bar", "off", "--no-input", "--disable-pip-version-check",
        ]  # fmt: skip
        self._do(command, "The packages could not be had.")

    def _do(self, command: list[str], sentence: str) -> None:
        last = ""
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as running:
            try:
                for line in running.stdout:
                    if _TOLD.match(line):
                        self._say(line.strip())
                    last = line.strip() if line.startswith("ERROR") else last
            except BaseException:
                running.kill()
                raise
        if running.returncode:
            raise BuildFailed(f"{sentence} {_without_places(last.removeprefix('ERROR: '))}".strip())

    def _say(self, line: str) -> None:
        with (self._folder / "log").open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {_without_places(line)[:300]}\n")


def _too_long(signum, frame):
    raise BuildFailed(f"It took longer than {SECONDS // 60} minutes and was given up.")


def _without_places(line: str) -> str:
    """A line without addresses and folders of this machine, which may carry names and passwords."""
    line = _ADDRESS.sub("…", line)
    return re.sub(r"(?<!\S)/\S*/", "", line)


def _hash_of(one: dict) -> str:
    info = one["download_info"]["archive_info"]
    hashes = info.get("hashes") or dict([info["hash"].split("=", 1)])
    return f"--hash=sha256:{hashes['sha256']}"


def _is_running(folder: Path) -> bool:
    path = folder / "lock"
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _is_of_pip(name: str) -> bool:
    return name.startswith("PIP_") and name not in _OTHER_PLACES


def _make_writable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


if __name__ == "__main__":
    main()
