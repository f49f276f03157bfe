"""The warm scorers: one per version, least recently used out, each stopped when it misbehaves."""

import logging
import os
import queue
import threading
import time
from collections import OrderedDict
from pathlib import Path

from portal.compute.runtime import environments, watching, wire
from portal.compute.runtime.sandbox import SCRATCH_MB, Born, Sandbox

logger = logging.getLogger("formulary.scorer")
LOAD_SECONDS = 60
# Where nothing else bounds what a model writes, or holds with all its processes together, somebody looks this often.
WATCH_SECONDS = 0.5
# How often the software under running scorers is compared with what was written down.
SWEEP_SECONDS = 20
# The reasons that a scorer may give, before its model is loaded and after; it is the model's own process that speaks then.
_SAID = frozenset({"bad_input", "bad_output", "no_blank", "crashed", "out_of_memory"})
_SAID_FIRST = _SAID | {"artifact_missing", "digest_mismatch", "environment_unavailable", "load_failed"}


class Refused(Exception):
    """A run that gave no usable answer; the text is the reason code."""


class Scorer:
    """One warm process; answers one request at a time."""

    def __init__(self, born: Born, mark: tuple, spec: dict):
        self.born, self.mark = born, mark
        self.digest, self.environment, self.memory_mb = spec["digest"], spec.get("environment"), spec["memory_mb"]
        self.lock = threading.Lock()
        self.layers: list[str] = []
        self.requests, self.dead, self.why = 0, False, "crashed"

    def load(self) -> None:
        """Wait until it has proved and loaded its model; raises Refused."""
        answer = self._ask(None, LOAD_SECONDS)
        if "refused" in answer:
            self.end()
            raise Refused(answer["refused"] if answer["refused"] in _SAID_FIRST else "load_failed")
        self.layers = [str(layer) for layer in answer.get("layers", ())]

    def score(self, rows: list, params: dict, seconds: float) -> dict:
        """The answer for some rows; raises Refused."""
        answer = self._ask({"rows": rows, "params": params}, seconds)
        self.requests += 1
        if "refused" in answer:
            raise Refused(answer["refused"] if answer["refused"] in _SAID else "crashed")
        if not _is_answer(answer, len(rows)):
            # It is the model's process that speaks: its word is not taken for more than it is.
            self.end()
            raise Refused("bad_output")
        return answer

    def end(self, why: str = "crashed") -> None:
        """Stop the process; `why` is what whoever waits for it is told."""
        self.dead, self.why = True, why
        self.born.end()

    def _ask(self, document: dict | None, seconds: float) -> dict:
        answer = self._asked(document, seconds)
        if not isinstance(answer, dict):
            self.end()
            raise Refused("crashed")
        return answer

    def _asked(self, document: dict | None, seconds: float):
        peer = self.born.peer
        try:
            peer.settimeout(seconds)
            if document is not None:
                wire.send(peer, document)
            return wire.receive(peer, within=seconds)
        except TimeoutError:
            self.end()
            raise Refused("timed_out") from None
        except (OSError, wire.Closed, ValueError):
            why = self.why
            self.end()
            raise Refused(why) from None


class Pool:
    """Finds or starts the scorer of a version."""

    def __init__(self, sandbox: Sandbox, births: queue.Queue, *, most: int):
        self._sandbox, self._births, self._most = sandbox, births, most
        self._warm: OrderedDict[str, Scorer] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._living: set[Scorer] = set()
        self._proofs = environments.Proofs(sandbox.environments)
        for duty, pause in ((self._watch, WATCH_SECONDS), (self._sweep, SWEEP_SECONDS)):
            threading.Thread(target=_again, args=(duty, pause), daemon=True).start()

    def score(self, spec: dict, rows: list, params: dict) -> dict:
        """Run a version on rows with its settings; raises Refused."""
        scorer, cold = self._scorer(spec)
        with scorer.lock:
            if scorer.dead:
                raise Refused(scorer.why)
            answer = scorer.score(rows, params, spec["seconds"])
        return answer | {"cold": cold, "layers": scorer.layers}

    def load(self, spec: dict) -> dict:
        """Have the scorer of a version ready; which walls it is behind and how long that took. Raises Refused."""
        began = time.monotonic()
        scorer, cold = self._scorer(spec)
        return {"seconds": time.monotonic() - began, "cold": cold, "layers": scorer.layers}

    def status(self) -> dict:
        """What is warm and which walls this machine offers."""
        with self._lock:
            warm = [
                {
                    "digest": scorer.digest,
                    "pid": scorer.born.process.pid,
                    "requests": scorer.requests,
                    "layers": scorer.layers,
                }
                for scorer in self._warm.values()
            ]
        return {"layers": self._sandbox.layers_expected(), "warm": warm}

    def end(self) -> None:
        """Stop every scorer."""
        with self._lock:
            for scorer in self._warm.values():
                scorer.end()
            self._warm.clear()

    def _scorer(self, spec: dict) -> tuple[Scorer, bool]:
        mark = _mark(self._sandbox.artifacts / spec["digest"])
        key = spec["digest"] + ((spec.get("environment") or {}).get("digest") or "")
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self._take(key, mark)
            if found:
                return found, False
            scorer = self._start(spec, mark)
            self._keep(key, scorer)
            return scorer, True

    def _take(self, key: str, mark: tuple) -> Scorer | None:
        with self._lock:
            found = self._warm.get(key)
            if found is None:
                return None
            # Files that were touched since they were proved are proved again by a fresh scorer.
            if found.dead or found.mark != mark or found.born.process.poll() is not None:
                del self._warm[key]
                if not found.dead:
                    found.end()
                return None
            self._warm.move_to_end(key)
            return found

    def _start(self, spec: dict, mark: tuple) -> Scorer:
        python = self._python(spec)
        if python is None:
            raise Refused("environment_unavailable")
        if not mark:
            raise Refused("artifact_missing")
        scorer = Scorer(self._birth(spec, python), mark, spec)
        self._living.add(scorer)
        scorer.load()
        return scorer

    def _python(self, spec: dict) -> str | None:
        wanted = spec.get("environment")
        try:
            if wanted:
                return self._proofs.python(wanted)
            return environments.python_for(tuple(spec["requirements"]), self._sandbox.environments)
        except environments.Changed:
            raise Refused("environment_changed") from None

    def _sweep(self) -> None:
        # It reads whole libraries: whoever waits for an answer comes first.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
        self._proofs.sweep()
        for scorer in list(self._living):
            if scorer.environment and not self._proofs.holds(scorer.environment):
                scorer.end()

    def _watch(self) -> None:
        living = list(self._living)
        of = watching.parents() if living else {}
        for scorer in living:
            if scorer.dead:
                self._living.discard(scorer)
            elif watching.disk_bytes(scorer.born.scratch) > SCRATCH_MB << 20:
                scorer.end()
            elif watching.memory_mb(watching.family(scorer.born.process.pid, of)) > scorer.memory_mb:
                # The limits that it has are for each process; it may have started many.
                scorer.end("out_of_memory")

    def _birth(self, spec: dict, python: str) -> Born:
        answer: queue.Queue = queue.Queue()
        self._births.put(lambda: answer.put(_try(lambda: self._sandbox.start(spec, python))))
        try:
            born = answer.get(timeout=LOAD_SECONDS)
        except queue.Empty:
            # Nobody waits for what is born late.
            self._births.put(lambda: _end(answer.get_nowait()))
            raise Refused("load_failed") from None
        if isinstance(born, Exception):
            raise Refused("load_failed") from born
        return born

    def _keep(self, key: str, scorer: Scorer) -> None:
        with self._lock:
            self._warm[key] = scorer
            over = [self._warm.popitem(last=False)[1] for _ in range(max(0, len(self._warm) - self._most))]
        for old in over:
            # It may be in the middle of a run, which the new one need not wait for.
            threading.Thread(target=_retire, args=(old,), daemon=True).start()


def _is_answer(answer: dict, count: int) -> bool:
    columns, seconds = answer.get("columns"), answer.get("seconds")
    if not isinstance(columns, dict) or not isinstance(seconds, int | float):
        return False
    return all(isinstance(values, list) and len(values) == count for values in columns.values())


def _try(work):
    try:
        return work()
    except Exception as problem:
        # Whoever waits is told; the thread on which scorers are born goes on.
        logger.exception("A scorer could not be started.")
        return problem


def _end(born) -> None:
    if isinstance(born, Born):
        born.end()


def _retire(scorer: Scorer) -> None:
    with scorer.lock:
        scorer.end()


def _again(duty, pause: float) -> None:
    """Do a duty for ever; one failure is logged and does not end it."""
    while True:
        time.sleep(pause)
        try:
            duty()
        except Exception:
            logger.exception("A duty beside the scorers failed; it is tried again.")


def _mark(folder: Path) -> tuple:
    found = []
    for place, _, files in os.walk(folder):
        for name in files:
            facts = os.lstat(os.path.join(place, name))
            found.append((place, name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))
    return tuple(sorted(found))
