"""Telling pickles by what they are, not by what they are called: reading one runs whatever it says."""

import zipfile
import zlib
from pathlib import Path

_NAMES = frozenset({".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill"})
# The first byte of every pickle since protocol 2, followed by the protocol's number.
_PROTO, _NEWEST = 0x80, 5


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle or, as PyTorch writes it, a zip with one inside."""
    if path.suffix.lower() in _NAMES or _begins_like_one(path):
        return True
    inside = members(path)
    # What cannot be looked through is counted: a library may read more of a damaged zip than we can.
    return inside is None or bool(inside)


def members(path: Path) -> list[str] | None:
    """The pickles inside a zip; empty for any other file, None for a zip that cannot be looked through."""
    if path.stat().st_size < 22 or not zipfile.is_zipfile(path):
        return []
    try:
        with zipfile.ZipFile(path) as held:
            return [one.filename for one in held.infolist() if _is_one_inside(held, one)]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        IndexError,
    ):
        return None


def _is_one_inside(held: zipfile.ZipFile, one: zipfile.ZipInfo) -> bool:
    if Path(one.filename).suffix.lower() in _NAMES:
        return True
    if one.is_dir() or not one.file_size or one.flag_bits & 1:
        return False
    with held.open(one) as file:
        return _is_head(file.read(2))


def _begins_like_one(path: Path) -> bool:
    with path.open("rb") as file:
        return _is_head(file.read(2))


def _is_head(head: bytes) -> bool:
    return len(head) == 2 and head[0] == _PROTO and 2 <= head[1] <= _NEWEST
