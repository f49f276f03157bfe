"""The child process: one order on standard input, one answer on standard output, and not a word about what it saw.

The key comes through the pipe, never through an argument or the environment. Whatever goes wrong inside becomes a code;
what a library would say about it goes nowhere.
"""

import base64
import ctypes
import io
import json
import resource
import signal
import sys
from pathlib import Path

from portal.compute.runtime import landlock
from portal.datasets.runtime import pages, profiles, summaries, tables, vault, zips

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """Do what is asked and answer."""
    # Where the worker is killed, nobody would read the answer.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    order = json.load(sys.stdin)
    megabytes = order["memory_mb"] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (megabytes, megabytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if "cpu_seconds" in order:
        resource.setrlimit(resource.RLIMIT_CPU, (order["cpu_seconds"], order["cpu_seconds"]))
    try:
        answer = _DUTIES[order["do"]](order)
    except tables.NotReadable as refusal:
        answer = {"faults": refusal.sentences}
    except summaries.Withheld as refusal:
        answer = {"withheld": refusal.code}
    except MemoryError:
        answer = {"broken": "memory"}
    except Exception:
        # The message of an exception may repeat a value of the table.
        answer = {"broken": "error"}
    json.dump(answer, sys.stdout)


def _read(order: dict) -> dict:
    """Parse a file, write its rows, and say what they are like."""
    key = base64.b64decode(order["key"])
    source = vault.Reader(Path(order["raw"]), key)
    rows = pages.Rows(Path(order["rows"]), key)
    _fence()
    table = tables.open_table(source, tables.Limits(**order["limits"]))
    columns = [profiles.Column(name, kind) for name, kind in table.columns]
    for row in table.rows():
        rows.add(row)
        for column, value in zip(columns, row, strict=True):
            column.take(value)
    rows.close()
    return {"kind": table.kind, "rows": rows.count, "columns": profiles.profile(columns, rows.count)}


def _summarise(order: dict) -> dict:
    """Carry out one declared computation."""
    from portal.datasets.runtime import audit  # noqa: F401  (before the fence)

    now, *earlier = [_source(one) for one in order["versions"]]
    _fence()
    return {"answer": summaries.summarise(now, order["spec"], earlier)}


def _trace(order: dict) -> dict:
    """Take one lead out of an electrocardiogram."""
    # pydicom loads these where it finds them; without, it is there in half the time and knows no way to the network.
    sys.modules.update(dict.fromkeys(("numpy", "requests")))
    from portal.datasets.runtime import ecg

    source = vault.Reader(Path(order["raw"]), base64.b64decode(order["key"]))
    _fence()
    try:
        return {"found": ecg.read(source, ecg.Wanted(**order["wanted"]))}
    except ecg.NoTracing as refusal:
        return {"refused": refusal.code, "sentence": refusal.sentence}


def _unpack(order: dict) -> dict:
    """Take a folder out of a zip."""
    source = io.BufferedReader(vault.Reader(Path(order["raw"]), base64.b64decode(order["key"])), vault.BLOCK)
    # Python unpacks these with libraries that it would look for behind the fence.
    import bz2  # noqa: F401
    import lzma  # noqa: F401

    _fence(write=[order["target"]])
    try:
        return {"files": zips.unpack(source, Path(order["target"]), zips.Limits(**order["limits"]))}
    except zips.NotTaken as refusal:
        return {"faults": [refusal.sentence]}


def _source(one: dict) -> summaries.Source:
    rows = pages.every_row(Path(one["rows"]), base64.b64decode(one["key"]))
    return summaries.Source(rows, one["columns"], one["history"], one["links"])


_DUTIES = {"read": _read, "summarise": _summarise, "ecg": _trace, "unpack": _unpack}


def _fence(write: list[str] | None = None) -> None:
    """From here on no file is opened but the libraries' own and those below `write`, and nothing is sent anywhere."""
    _leave_networks()
    landlock.no_new_privileges()
    landlock.restrict(read=[sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/dev"], write=write or [])


def _leave_networks() -> bool:
    """Go where there is no network at all; False where the machine does not let one, and Landlock alone keeps TCP shut."""
    unshare = ctypes.CDLL(None).unshare
    return unshare(_CLONE_NEWNET) == 0 or unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0


if __name__ == "__main__":
    main()
