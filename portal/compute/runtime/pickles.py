"""Telling pickles by what they are, not by what they are called: reading one runs whatever it says."""

import lzma
import pickletools
import zipfile
import zlib
from itertools import islice
from pathlib import Path

_NAMES = frozenset({".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill"})
# The first byte of every pickle since protocol 2, followed by the protocol's number.
_PROTO, _NEWEST = 0x80, 5
# Older ones have no head; they are known by an instruction that calls what another has named.
_CALLS = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"})
_NAMES_GIVEN = frozenset({"GLOBAL", "INST", "STACK_GLOBAL"})
_LOOKED_AT = 200_000
# What the library raises over bytes that are no sound zip, or are one of a kind that it cannot read.
UNSOUND = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    ValueError,
    IndexError,
)


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
    except (*UNSOUND, OSError):
        return None


def _is_one_inside(held: zipfile.ZipFile, one: zipfile.ZipInfo) -> bool:
    if Path(one.filename).suffix.lower() in _NAMES:
        return True
    if one.is_dir() or not one.file_size or one.flag_bits & 1:
        return False
    with held.open(one) as file:
        return _reads_like_one(file)


def _begins_like_one(path: Path) -> bool:
    with path.open("rb") as file:
        return _reads_like_one(file)


def _reads_like_one(file) -> bool:
    if _is_head(file.read(2)):
        return True
    file.seek(0)
    return _calls_something(file)


def _calls_something(file) -> bool:
    """Whether the bytes, taken as instructions until they make no sense, call something that they name."""
    named, seen = False, 0
    try:
        for code, value, _ in islice(pickletools.genops(file), _LOOKED_AT):
            seen += 1
            named = named or (code.name in _NAMES_GIVEN and _is_name(value))
            if named and code.name in _CALLS:
                return True
    except Exception:
        # Whatever it is, from here on nobody could read it as one.
        return False
    # So long a row of instructions is no accident.
    return seen == _LOOKED_AT


def _is_name(value) -> bool:
    """Whether what an instruction imports can be a module and a name in it; what it takes from before has none yet."""
    module, _, name = str(value or "a a").partition(" ")
    return all(part.isidentifier() for part in (*module.split("."), *name.split(".")))


def _is_head(head: bytes) -> bool:
    return len(head) == 2 and head[0] == _PROTO and 2 <= head[1] <= _NEWEST
