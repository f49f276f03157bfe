"""The software a model needs: what is installed here when it fits, else an environment of the model's own.

What a model runs with is written down as a lock, one line for each package, and proved before every start.
"""

import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

# What an engine itself needs, whatever the model names.
NEEDS = {"onnx": ("numpy", "onnxruntime"), "pyfunc": ("mlflow", "numpy", "pandas")}
_INSTEAD = {"mlflow": "mlflow-skinny"}


class Changed(Exception):
    """The software is not what it was when it was written down."""


def complete(requirements: tuple[str, ...], engine: str) -> tuple[str, ...]:
    """The requirements with what the engine needs, in the version that is here where there is one."""
    named = {canonicalize_name(name) for line in requirements if (name := _name(line))}
    more = [need for need in NEEDS[engine] if not {need, _INSTEAD.get(need, need)} & named]
    return (*requirements, *(_here(need) for need in more))


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


def python_line() -> str:
    """The line of a lock that names the interpreter."""
    return f"python=={sys.version_info[0]}.{sys.version_info[1]}"


def shared_lock(requirements: tuple[str, ...]) -> list[str]:
    """What is installed here of the requirements and of all that they need, each with the digest of its list of files."""
    found = _closure(requirements)
    lines = [f"{name}=={one.version} record:{_record_digest(one)}" for name, one in found.items()]
    return [python_line(), *sorted(lines)]


def digest_of(lock: list[str]) -> str:
    """The digest of a lock."""
    return sha256("\n".join(lock).encode()).hexdigest()


def tree_of(folder: Path) -> str:
    """The digest of a built environment: every file's content and every link's end."""
    running = sha256()
    for path in sorted(_everything(folder)):
        relative = path.relative_to(folder).as_posix()
        content = f"link {os.readlink(path)}" if path.is_symlink() else _content(path)
        running.update(f"{content}  {relative}\n".encode())
    return running.hexdigest()


class Proofs:
    """Proves environments before a start, and what they are made of beside it."""

    def __init__(self, root: Path):
        self._root = Path(root)
        self._trees: dict[str, tuple[tuple, str]] = {}
        self._shared: dict[str, _Shared] = {}
        self._proved: dict[str, tuple] = {}

    def python(self, wanted: dict) -> str | None:
        """The interpreter for an environment as the portal names it; None when it is not there, Changed when it is another.

        An environment of a model's own is proved to the byte. Of what is installed for all, the lists of files are
        proved here, and the files themselves by `sweep`.
        """
        if not wanted["key"]:
            self._find_shared(wanted)
            return sys.executable
        folder = self._root / wanted["key"]
        python = folder / "bin" / "python"
        if not python.exists():
            return None
        if self._tree(folder) != wanted["tree"]:
            raise Changed
        return str(python)

    def holds(self, wanted: dict) -> bool:
        """Whether a scorer that runs in this environment may go on."""
        try:
            return self.python(wanted) is not None
        except Changed:
            return False

    def sweep(self) -> None:
        """Compare the files of what is installed for all with their lists; those untouched since are not read again."""
        for shared in list(self._shared.values()):
            shared.sound = shared.sound and all(self._is_sound(*file) for file in shared.files)

    def _tree(self, folder: Path) -> str:
        marks = tuple(sorted((str(path), _mark(path)) for path in _everything(folder)))
        known = self._trees.get(str(folder))
        if known is None or known[0] != marks:
            known = self._trees[str(folder)] = (marks, tree_of(folder))
        return known[1]

    def _find_shared(self, wanted: dict) -> None:
        known = self._shared.get(wanted["digest"])
        if known is None or known.marks != known.marks_now():
            try:
                requirements = tuple(wanted["requirements"])
                if digest_of(shared_lock(requirements)) != wanted["digest"]:
                    raise Changed
                known = self._shared[wanted["digest"]] = _Shared(requirements)
            except (metadata.PackageNotFoundError, OSError):
                raise Changed from None
        if not known.sound:
            raise Changed

    def _is_sound(self, path: str, expected: str) -> bool:
        try:
            mark = _mark(Path(path))
            if self._proved.get(path) != mark:
                if _urlsafe(Path(path)) != expected:
                    return False
                self._proved[path] = mark
            return True
        except OSError:
            return False


class _Shared:
    """What of the software installed here a model runs with: its lists of files, and the files on them."""

    def __init__(self, requirements: tuple[str, ...]):
        found = _closure(requirements).values()
        self._lists = [
            Path(one.locate_file(file)) for one in found for file in one.files or () if file.name == "RECORD"
        ]
        self.marks, self.sound = self.marks_now(), True
        self.files = [
            (str(one.locate_file(file)), file.hash.value) for one in found for file in one.files or ()
            if file.hash is not None and file.hash.mode == "sha256"
        ]  # fmt: skip

    def marks_now(self) -> tuple:
        """How the lists of files stand now."""
        return tuple(_mark(path) if path.exists() else () for path in self._lists)


def _closure(requirements: tuple[str, ...]) -> dict[str, metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(line) for line in requirements]
    asked: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        extras = ("", *sorted(wanted.extras))
        if wanted.marker and not wanted.marker.evaluate():
            continue
        one = found.setdefault(name, metadata.distribution(name))
        for extra in extras:
            if (name, extra) not in asked:
                asked.add((name, extra))
                waiting += _needed(one, extra)
    return found


def _needed(one: metadata.Distribution, extra: str) -> Iterator[Requirement]:
    for line in one.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            wanted.marker = None
            if not extra or "extra" in line:
                yield wanted


def _record_digest(one: metadata.Distribution) -> str:
    return sha256((one.read_text("RECORD") or "").encode()).hexdigest()


def _everything(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, followlinks=False):
        yield from (Path(place) / name for name in files)
        yield from (path for name in folders if (path := Path(place) / name).is_symlink())


def _mark(path: Path) -> tuple:
    facts = os.lstat(path)
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return _running(file).hexdigest()


def _urlsafe(path: Path) -> str:
    with path.open("rb") as file:
        return urlsafe_b64encode(_running(file).digest()).decode().rstrip("=")


def _running(file):
    running = sha256()
    while chunk := file.read(1 << 20):
        running.update(chunk)
    return running


def _name(line: str) -> str:
    try:
        return Requirement(line).name
    except InvalidRequirement:
        return ""


def _here(name: str) -> str:
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _installed(line: str) -> bool:
    try:
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate():
            return True
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except (InvalidRequirement, metadata.PackageNotFoundError):
        return False
