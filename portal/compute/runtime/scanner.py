"""Looking into pickles without reading them: a program of its own, with limits, that prints what it found as JSON.

python -m portal.compute.runtime.scanner FOLDER
"""

import ast
import io
import json
import resource
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

from portal.compute.runtime import pickles
from portal.compute.runtime.sandbox import ENVIRONMENT

SCANNER = "fickling"
_ROOT = Path(__file__).resolve().parents[3]
_SECONDS, _MEMORY, _LISTED = 120, 2 << 30, 40
# What no model needs in order to be read: programs, files, the network, and the ways to reach all of them.
DANGEROUS = frozenset(
    [
        "asyncio",
        "bdb",
        "cffi",
        "code",
        "codeop",
        "commands",
        "ctypes",
        "dill",
        "ftplib",
        "http",
        "importlib",
        "io",
        "marshal",
        "mmap",
        "multiprocessing",
        "nt",
        "os",
        "pathlib",
        "pdb",
        "pickle",
        "pip",
        "pkgutil",
        "popen2",
        "posix",
        "profile",
        "pty",
        "pydoc",
        "requests",
        "runpy",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "telnetlib",
        "tempfile",
        "threading",
        "timeit",
        "trace",
        "urllib",
        "venv",
        "webbrowser",
        "winreg",
        "xmlrpc",
        "_ctypes",
        "_frozen_importlib",
        "_imp",
        "_io",
        "_pickle",
        "_posixsubprocess",
        "_socket",
        "_ssl",
        "_thread",
        "_winapi",
    ]
)
_BUILTINS = frozenset(
    ["eval", "exec", "compile", "open", "input", "breakpoint", "__import__", "globals", "locals", "vars", "memoryview"]
)
# What reads another file or text as a program, in whatever library; and what makes a function of bytes.
_LOADERS = frozenset(["load", "loads", "read_pickle", "runstring", "fork_exec", "import_module", "run_path", "run_module"])  # fmt: skip
_MAKERS = frozenset(["types.FunctionType", "types.CodeType", "builtins.getattr", "__builtin__.getattr"])
# What cloudpickle itself takes from these modules to put a function together again.
_USUAL = frozenset({("pickle", "PickleBuffer"), ("_pickle", "PickleBuffer"), ("io", "BytesIO")})


class ScanFailed(Exception):
    """The scanner gave no report."""


def scan(folder: Path) -> dict:
    """Which scanner looked, and of each pickle what reading it would import and call; raises ScanFailed."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and pickles.is_pickle(path)]
    if not found:
        return {"scanner": SCANNER, "version": metadata.version(SCANNER), "files": []}
    command = [sys.executable, "-m", "portal.compute.runtime.scanner", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, env=ENVIRONMENT | {"PYTHONPATH": str(_ROOT)}, cwd="/", timeout=_SECONDS, check=False,
            start_new_session=True,
        )  # fmt: skip
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise ScanFailed("The scanner gave no report.") from None


def dangers(report: dict) -> list[tuple[str, str]]:
    """The file and the name of everything dangerous in a report."""
    return [(file["file"], name) for file in report["files"] for name in file["dangerous"]]


def unread(report: dict) -> list[str]:
    """The files of a report that hold something which nobody could look through."""
    return [file["file"] for file in report["files"] if not file["whole"]]


def main() -> None:
    """Look into the folder that is named and print the report."""
    for kind, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _SECONDS), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (most, most))
    folder = Path(sys.argv[1])
    files = [
        row for path in sorted(folder.rglob("*")) if path.is_file() and pickles.is_pickle(path)
        for row in _rows(path, path.relative_to(folder).as_posix())
    ]  # fmt: skip
    report = {"scanner": SCANNER, "version": metadata.version(SCANNER), "files": files}
    sys.stdout.write(json.dumps(report))


def _rows(path: Path, name: str) -> list[dict]:
    inside = pickles.members(path)
    if not inside:
        return [_row(name, path.read_bytes())]
    with zipfile.ZipFile(path) as held:
        return [_row(f"{name}/{one}", held.read(one)) for one in inside]


def _row(name: str, content: bytes) -> dict:
    from fickling.analysis import check_safety
    from fickling.fickle import StackedPickle

    named, whole = _instructions(content)
    row = {"file": name, "severity": "unreadable", "whole": whole, "imports": [], "dangerous": []}
    try:
        held = list(StackedPickle.load(io.BytesIO(content)))
        row["severity"] = max(check_safety(one).severity for one in held).name.replace("_", " ").lower()
        names = sorted({name for one in held for node in one.properties.imports for name in _imported(node)})
    except Exception:
        # The scanner does not know every instruction; what is named by those before is told anyway.
        names = []
    names = sorted({*names, *named})
    row["imports"] = names[:_LISTED]
    row["dangerous"] = [name for name in names if _is_dangerous(name)]
    return row


def _imported(node) -> list[str]:
    place = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    return [f"{place}{one.name}" for one in node.names]


def _instructions(content: bytes) -> tuple[set[str], bool]:
    """The names that the instructions would import, and whether all of them were found, to the very end of the content."""
    found, file = set(), io.BytesIO(content)
    try:
        while file.tell() < len(content):
            found.update(_named(file))
    except Exception:
        return found, False
    return found, bool(content)


def _named(file):
    """Each name that one pickle would import; raises ValueError for one that is put together as it is read."""
    import pickletools

    pushed, memo = [], {}
    for code, value, _ in pickletools.genops(file):
        if code.name in ("GLOBAL", "INST"):
            yield str(value).replace(" ", ".")
        if code.name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
            memo[len(memo) if value is None else value] = pushed[-1]
            continue
        if code.name == "STACK_GLOBAL":
            if len(pushed) < 2 or not all(isinstance(text, str) for text in pushed[-2:]):
                raise ValueError("a name that is no text")
            yield ".".join(pushed[-2:])
        recalled = code.name in ("GET", "BINGET", "LONG_BINGET")
        pushed.append(memo.get(value) if recalled else value if isinstance(value, str) else None)


def _is_dangerous(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if (module, last) in _USUAL:
        return False
    if last in _LOADERS or name in _MAKERS:
        return True
    if module in ("builtins", "__builtin__"):
        return last in _BUILTINS
    return module.split(".")[0] in DANGEROUS


if __name__ == "__main__":
    main()
