"""Asking the scorer: one call, plain values in and out, coded refusals."""

import socket
import threading
from dataclasses import dataclass, field

from portal.compute.runtime import wire


class ScorerUnavailable(Exception):
    """Nothing answers on the socket: ours to mend, the job waits."""


class ModelRefused(Exception):
    """The model was not run or gave no usable answer; `code` is a reason of portal.compute.states."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ModelSpec:
    """What the scorer must know of a version; the files lie in its artifact folder under `digest`.

    `environment` (`key`, `digest`, `tree`, `requirements`) is proved before a start; without one it is only looked for.
    """

    digest: str
    engine: str
    inputs: list[tuple[str, str | dict]]
    requirements: list[str] = field(default_factory=list)
    environment: dict | None = None
    memory_mb: int = 2048
    seconds: float = 20


@dataclass(frozen=True)
class Scores:
    """Named output columns, one value a row; `seconds` inside the model; the sandbox layers in force."""

    columns: dict[str, list]
    seconds: float
    cold: bool
    layers: list[str]


@dataclass(frozen=True)
class Loaded:
    """A model that stands ready: seconds until it did, whether a process was started for it, the layers around it."""

    seconds: float
    cold: bool
    layers: list[str]


class Client:
    """A connection for each thread to the scorer's socket, opened again once when it was lost."""

    def __init__(self, path: str):
        self._path = path
        self._local = threading.local()

    def score(self, spec: ModelSpec, rows: list[dict], *, params: dict | None = None, timeout: float = 60) -> Scores:
        """Run a model on rows, `params` beside them all; raises ModelRefused or ScorerUnavailable."""
        answer = self._ask({"do": "score", "spec": vars(spec), "rows": rows, "params": params or {}}, timeout)
        if "refused" in answer:
            raise ModelRefused(answer["refused"])
        return Scores(answer["columns"], answer["seconds"], answer["cold"], answer["layers"])

    def load(self, spec: ModelSpec, *, timeout: float = 150) -> Loaded:
        """Have a model loaded in its sandbox without running it; raises ModelRefused or ScorerUnavailable."""
        answer = self._ask({"do": "load", "spec": vars(spec)}, timeout)
        if "refused" in answer:
            raise ModelRefused(answer["refused"])
        return Loaded(answer["seconds"], answer["cold"], answer["layers"])

    def status(self, *, timeout: float = 10) -> dict:
        """Layers in force and the scorers that are warm."""
        return self._ask({"do": "status"}, timeout)

    def _ask(self, document: dict, timeout: float) -> dict:
        for last in (False, True):
            try:
                peer = self._peer()
                peer.settimeout(timeout)
                wire.send(peer, document)
                return wire.receive(peer, within=timeout)
            except (OSError, wire.Closed) as problem:
                self._drop()
                if last or isinstance(problem, TimeoutError):
                    raise ScorerUnavailable("The scorer does not answer.") from None
        raise ScorerUnavailable("The scorer does not answer.")

    def _peer(self) -> socket.socket:
        if getattr(self._local, "peer", None) is None:
            peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            peer.connect(self._path)
            self._local.peer = peer
        return self._local.peer

    def _drop(self) -> None:
        peer, self._local.peer = getattr(self._local, "peer", None), None
        if peer is not None:
            peer.close()
