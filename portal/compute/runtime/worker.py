"""A scorer: one process that seals itself in, proves the model's files, loads the model and answers.

Runs stand-alone in the model's own environment (`python -I worker.py FD`); stdout and stderr lead nowhere, and of
an error only its class leaves: messages of libraries repeat the rows they were given.
"""

import importlib.util
import math
import os
import resource
import socket
import sys
import time
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _sibling(name):
    spec = importlib.util.spec_from_file_location(f"_runtime_{name}", _HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


wire, digest, landlock = _sibling("wire"), _sibling("digest"), _sibling("landlock")
HEADROOM_MB = 3072
# As many numbers as a list may have, in and out; a minute of an ECG at 500 a second has 30,000.
LONGEST_LIST = 100_000


class Refused(Exception):
    """Ends the scorer with a reason code."""


def main() -> None:
    """Load what the first document names, then answer until the other side is gone."""
    peer = socket.socket(fileno=int(sys.argv[1]))
    order = wire.receive(peer)
    try:
        layers = _limit(order)
        _import(order)
        layers += _fence(order)
        _prove(order)
        model = ENGINES[order["engine"]](order)
    except BaseException as problem:
        wire.send(peer, _refusal(problem, "load_failed"))
        return
    wire.send(peer, {"ready": True, "layers": layers})
    _serve(peer, model, order)


def _refusal(problem: BaseException, otherwise: str) -> dict:
    if isinstance(problem, Refused):
        return {"refused": str(problem)}
    if isinstance(problem, MemoryError):
        return {"refused": "out_of_memory"}
    return {"refused": otherwise, "class": type(problem).__name__}


def _serve(peer, model, order) -> None:
    while True:
        try:
            document = wire.receive(peer)
        except wire.Closed:
            return
        wire.send(peer, _answer(model, document["rows"], order["inputs"], document.get("params") or {}))


def _answer(model, rows, inputs, params) -> dict:
    began = time.perf_counter()
    try:
        columns = model(rows, inputs, params)
        _check(columns, len(rows))
    except Exception as problem:
        return _refusal(problem, "crashed")
    return {"columns": columns, "seconds": time.perf_counter() - began}


def _limit(order) -> list[str]:
    limits = {
        resource.RLIMIT_AS: (order["memory_mb"] + HEADROOM_MB) << 20,
        resource.RLIMIT_FSIZE: 16 << 20,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    layers = ["rlimits"]
    if landlock.no_new_privileges():
        layers.append("no_new_privs")
    if order["user"] and os.getuid() == 0:
        os.setgroups([])
        os.setgid(order["user"])
        os.setuid(order["user"])
    if os.getuid():
        layers.append("unprivileged user")
        resource.setrlimit(resource.RLIMIT_NPROC, (512, 512))
    return layers


def _fence(order) -> list[str]:
    programs = [sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/dev/null", "/dev/urandom", "/proc/self"]
    version = landlock.restrict(read=[*programs, order["folder"]], write=[order["scratch"]])
    return ([f"landlock {version}"] if version else []) + order["layers"]


def _prove(order) -> None:
    folder = Path(order["folder"])
    if not folder.is_dir():
        raise Refused("artifact_missing")
    try:
        found = digest.tree_digest(folder)
    except (digest.UnsafeTree, OSError):
        raise Refused("digest_mismatch") from None
    if found != order["digest"]:
        raise Refused("digest_mismatch")


def _import(order) -> None:
    os.environ["HOME"] = os.environ["TMPDIR"] = order["scratch"]
    os.chdir(order["scratch"])
    try:
        if order["engine"] == "onnx":
            import numpy  # noqa: F401
            import onnxruntime  # noqa: F401
        else:
            import mlflow.pyfunc  # noqa: F401
            import numpy  # noqa: F401
            import pandas  # noqa: F401

            # Read before the fence: afterwards this folder is out of reach.
            order["casts"] = _sibling("casts")
    except ImportError:
        raise Refused("environment_unavailable") from None


def _onnx(order):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    files = sorted(Path(order["folder"]).glob("*.onnx"))
    session = onnxruntime.InferenceSession(str(files[0]), options, providers=["CPUExecutionProvider"])
    wanted = {given.name.replace(" ", "_"): given for given in session.get_inputs()}
    kinds = {"tensor(float)": numpy.float32, "tensor(double)": numpy.float64, "tensor(int64)": numpy.int64,
             "tensor(int32)": numpy.int32, "tensor(bool)": numpy.bool_, "tensor(string)": object}  # fmt: skip
    names = [given.name for given in session.get_outputs()]

    def feed(rows, inputs):
        if len(wanted) == 1 and len(inputs) > 1:
            only = next(iter(wanted.values()))
            table = [[_blank(row.get(name), "double") for name, _ in inputs] for row in rows]
            return {only.name: numpy.asarray(table, dtype=kinds[only.type])}
        found = {}
        for name, kind in inputs:
            only = next(iter(wanted.values())) if len(wanted) == 1 else None
            given = only or wanted.get(name) or wanted[name.replace(" ", "_")]
            found[given.name] = _cells(rows, name, kind, kinds[given.type])
        return found

    return lambda rows, inputs, params: _flat(dict(zip(names, session.run(None, feed(rows, inputs)), strict=True)))


def _cells(rows, name, kind, dtype):
    """The values of one ONNX input as an array: one in each row, or a list of them."""
    import numpy

    if not isinstance(kind, dict):
        return numpy.asarray([[_blank(row.get(name), kind, dtype)] for row in rows], dtype=dtype)
    found = numpy.asarray([row.get(name) for row in rows], dtype=dtype)
    sizes = kind["shape"][1:] if kind["type"] == "tensor" else []
    return found.reshape(len(rows), *sizes) if sizes and -1 not in sizes else found


def _blank(value, kind: str, dtype=float):
    import numpy

    if value is not None:
        return value
    if numpy.dtype(dtype).kind not in "fO":
        raise Refused("no_blank")
    return "" if kind == "string" else math.nan


def _pyfunc(order):
    import mlflow.pyfunc
    from mlflow.models import ModelSignature

    model = mlflow.pyfunc.load_model(order["folder"])
    # The values have the signature's types already; checking them once more would take as long as the model itself.
    declared = model.metadata.signature
    model.metadata.signature = ModelSignature(params=declared.params) if declared and declared.params else None
    casts = order["casts"]

    def ask(rows, inputs, params):
        try:
            table = casts.table(rows, inputs)
        except (ValueError, TypeError, OverflowError, AttributeError, KeyError):
            raise Refused("bad_input") from None
        return _flat(_named(model.predict(table, params=params) if params else model.predict(table)))

    return ask


def _named(found) -> dict:
    if hasattr(found, "columns"):
        return {str(name): found[name].to_numpy() for name in found.columns}
    if isinstance(found, dict):
        return found
    return {"prediction": getattr(found, "to_numpy", lambda: found)()}


def _flat(outputs: dict) -> dict:
    import numpy

    columns = {}
    for name, values in outputs.items():
        values = values if isinstance(values, numpy.ndarray) else _array(values)
        if values.ndim > 1 and values.shape[-1] != 1:
            wide = values.reshape(values.shape[0], -1)
            columns |= {f"{name}[{place}]": wide[:, place].tolist() for place in range(wide.shape[1])}
        else:
            columns[str(name)] = [_plain(value) for value in values.reshape(-1).tolist()]
    return columns


def _array(values):
    """Values of a column as an array; lists of different lengths stay lists."""
    import numpy

    try:
        return numpy.asarray(values)
    except ValueError:
        found = numpy.empty(len(values), dtype=object)
        found[:] = values
        return found


def _plain(value):
    """A list of numbers, one of which a row may hold, as a list; everything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else list(value) if isinstance(value, tuple) else value


def _check(columns: dict, count: int) -> None:
    plain = (str, int, float, bool)
    for values in columns.values():
        if len(values) != count:
            raise Refused("bad_output")
        for value in values:
            _check_value(value, plain)


def _check_value(value, plain) -> None:
    several = value if isinstance(value, list) else [value]
    allowed = (int, float) if isinstance(value, list) else plain
    if len(several) > LONGEST_LIST or not all(isinstance(one, allowed) for one in several):
        raise Refused("bad_output")
    if any(isinstance(one, float) and not math.isfinite(one) for one in several):
        raise Refused("bad_output")


ENGINES = {"onnx": _onnx, "pyfunc": _pyfunc}

if __name__ == "__main__":
    main()
