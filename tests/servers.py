"""A PostgreSQL and a Redis of the tests' own: private ports, temporary folders, ended by process id."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen, seconds: float = 30) -> None:
    """Until something listens on the port; fails when the process ends first."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


class Postgres:
    """A fresh cluster without durability, for one run of the tests."""

    def __init__(self, *, durable: bool = False):
        self.home = Path(tempfile.mkdtemp(prefix="formulary-pg-"))
        self.port = free_port()
        self._user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        self._bin = _newest_bin()
        if self._user:
            os.chown(self.home, self._user.pw_uid, self._user.pw_gid)
        data = self.home / "data"
        self._run(["initdb", "-D", str(data), "-U", "formulary", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"])
        self._lazy = (
            [] if durable else ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        )
        self._start()
        self._create_database()

    @property
    def url(self) -> str:
        """The address of the tests' database."""
        return f"postgres://formulary@127.0.0.1:{self.port}/formulary"

    def restart(self) -> None:
        """End every connection and the server, and start it again on its port with what it holds."""
        _end(self.process, signal.SIGINT)
        self._start()

    def stop(self) -> None:
        """End the server and remove its files."""
        _end(self.process, signal.SIGINT)
        shutil.rmtree(self.home, ignore_errors=True)

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [str(self._bin / "postgres"), "-D", str(self.home / "data"), "-p", str(self.port), "-k", str(self.home),
             "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60", *self._lazy],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=self._child,
        )  # fmt: skip
        wait_for(self.port, self.process)

    def _create_database(self) -> None:
        import psycopg

        for _ in range(100):
            try:
                with psycopg.connect(
                    f"host=127.0.0.1 port={self.port} user=formulary dbname=postgres", autocommit=True
                ) as c:
                    c.execute("CREATE DATABASE formulary")
                    return
            except psycopg.OperationalError:
                time.sleep(0.1)
        raise RuntimeError("PostgreSQL does not accept connections")

    def _run(self, command: list[str]) -> None:
        argv = [str(self._bin / command[0]), *command[1:]]
        subprocess.run(argv, check=True, capture_output=True, preexec_fn=self._child, cwd=self.home)

    def _child(self) -> None:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
        if self._user:
            os.setgroups([])
            os.setgid(self._user.pw_gid)
            os.setuid(self._user.pw_uid)


class Redis:
    """A Redis that writes nothing down but when it is told to."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="formulary-redis-"))
        self.port = free_port()
        self._start()

    def restart(self, *, keep: bool) -> None:
        """End the server and start it again, with what it held or empty."""
        subprocess.run(["redis-cli", "-p", str(self.port), "SHUTDOWN", "SAVE" if keep else "NOSAVE"], check=False, capture_output=True)  # fmt: skip
        self.process.wait(timeout=10)
        self._start()
        if not keep:
            subprocess.run(["redis-cli", "-p", str(self.port), "FLUSHALL"], check=True, capture_output=True)

    def _start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.home)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent,
        )  # fmt: skip
        wait_for(self.port, self.process)

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """End the server and remove its files."""
        _end(self.process, signal.SIGTERM)
        shutil.rmtree(self.home, ignore_errors=True)


def _newest_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    there = shutil.which("postgres")
    if there is None:
        raise RuntimeError("PostgreSQL is not installed; deploy/test.sh says how.")
    return Path(there).parent


def _end(process: subprocess.Popen, number: int) -> None:
    process.send_signal(number)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
