"""The scorer server: keeps sandboxed scorers warm, one per version, and passes rows to them; loads no model itself.

python -m portal.compute.runtime.server --run-dir DIR --artifacts DIR --environments DIR
"""

import argparse
import logging
import os
import queue
import signal
import socket
import sys
import threading
from pathlib import Path

from portal.compute.runtime import wire
from portal.compute.runtime.pool import Pool, Refused
from portal.compute.runtime.sandbox import Sandbox

logger = logging.getLogger("formulary.scorer")


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    sandbox = Sandbox(artifacts=given.artifacts, environments=given.environments, scratch=given.run_dir / "scratch")
    births: queue.Queue = queue.Queue()
    pool = Pool(sandbox, births, most=given.max_warm)
    listener = listen(given.run_dir / "scorer.sock")
    threading.Thread(target=_accept, args=(listener, pool), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: births.put(None))
    logger.info("scorer ready, layers: %s", ", ".join(sandbox.layers("pyfunc")) or "none")
    # Scorers are born on this thread: the kernel ends them with the thread that made them.
    while (birth := births.get()) is not None:
        birth()
    pool.end()
    (given.run_dir / "scorer.sock").unlink(missing_ok=True)


def listen(path: Path) -> socket.socket:
    """The socket, readable by its owner alone; a stale one of a dead server is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


def _accept(listener: socket.socket, pool: Pool) -> None:
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=_converse, args=(peer, pool), daemon=True).start()


def _converse(peer: socket.socket, pool: Pool) -> None:
    with peer:
        while True:
            try:
                wire.send(peer, _answer(wire.receive(peer), pool))
            except (OSError, wire.Closed, ValueError):
                return


def _answer(document: dict, pool: Pool) -> dict:
    if document.get("do") == "status":
        return pool.status()
    try:
        if document.get("do") == "load":
            return pool.load(document["spec"])
        return pool.score(document["spec"], document["rows"], document.get("params") or {})
    except Refused as refusal:
        return {"refused": str(refusal)}


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scorer", description=__doc__)
    for name in ("--run-dir", "--artifacts", "--environments"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--max-warm", type=int, default=8)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
