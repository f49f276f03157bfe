"""Tracings that are sent along with a form: read by the child process, never here."""

from dataclasses import dataclass, field

from portal.datasets import children, store
from portal.datasets.runtime.traces import LEADS as LEADS
from portal.datasets.uploads import Upload

_SECONDS, _CPU_SECONDS, _MEMORY_MB = 20, 10, 1024
_BROKEN = "the file could not be read. Export the ECG again; if it happens again, tell the team that runs the portal."


@dataclass(frozen=True)
class Signal:
    """One lead of a file that was read: what its header says, samples in mV, and the encrypted file itself."""

    upload: Upload = field(repr=False)
    header: dict = field(repr=False)
    lead: str
    leads: list[str]
    rate: int
    seconds: float
    samples: list[float] = field(repr=False)
    confirmed: bool


@dataclass(frozen=True)
class Unreadable:
    """A file that gave no tracing: a code for the ledger, a sentence for the person."""

    code: str
    sentence: str


def read(upload: Upload, wanted: dict, *, confirmed: bool) -> Signal | Unreadable:
    """The wanted lead of a received file; `confirmed` says that a person vouches for whose it is.

    `wanted` holds `lead`, `rate` (samples a second), `shortest` and `longest` (seconds).
    """
    order = {
        "do": "ecg", "raw": str(store.incoming(upload.stored)), "key": store.words_of(upload.key), "wanted": wanted,
        "memory_mb": _MEMORY_MB, "cpu_seconds": _CPU_SECONDS,
    }  # fmt: skip
    answer = children.ask(order, seconds=_SECONDS)
    if "found" not in answer:
        return Unreadable(answer.get("refused", "broken"), answer.get("sentence", _BROKEN))
    found = answer["found"]
    header = {name: found[name] for name in ("name", "number", "born", "at", "kind")}
    return Signal(
        upload, header, found["lead"], found["leads"], found["rate"], found["seconds"], found["samples"], confirmed
    )
