"""Taking a folder out of a zip that somebody sent: nothing outside the target, no links, no more than was agreed."""

import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from portal.compute.runtime.pickles import UNSOUND

_CHUNK = 1 << 20
# Below this a member may shrink as well as it likes; text of zeros does.
_ALWAYS = 10 << 20
_BESIDE = ("__MACOSX/",)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class NotTaken(Exception):
    """The zip is not taken; the sentence says what to mend."""

    def __init__(self, sentence: str):
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Limits:
    """How many files, how many bytes of them, how often smaller one may be packed, and how deep folders may lie."""

    files: int
    bytes: int
    ratio: int = 200
    depth: int = 12


def unpack(source, target: Path, limits: Limits) -> int:
    """Write the files of a zip below `target`, an empty folder; returns how many. Raises NotTaken, and then nothing is of use."""
    try:
        with zipfile.ZipFile(source) as held:
            members = [one for one in held.infolist() if not one.filename.startswith(_BESIDE)]
            _check_all(members, limits)
            left = limits.bytes
            for one in (member for member in members if not _is_folder(member)):
                left -= _write(held, one, target, left)
            return sum(not _is_folder(one) for one in members)
    except UNSOUND:
        raise NotTaken("The file is not a zip that can be opened, or it is damaged. Make it again.") from None


def _check_all(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    files = [one for one in members if not _is_folder(one)]
    if not files:
        raise NotTaken("The zip holds no file.")
    if len(members) > limits.files * 2 or len(files) > limits.files:
        raise NotTaken(f"The zip holds {len(files):,} files; at most {limits.files:,} are taken.")
    seen: set[str] = set()
    for one in members:
        _check_name(one, limits)
        _check_kind(one)
        name = one.filename.rstrip("/").casefold()
        if name in seen:
            raise NotTaken(f"The zip holds {_shown(one)} twice.")
        seen.add(name)
    if sum(one.file_size for one in files) > limits.bytes:
        raise NotTaken(f"Unpacked, the folder is larger than {limits.bytes // 1024**2:,} MB.")
    tight = next((one for one in files if one.file_size > max(_ALWAYS, one.compress_size * limits.ratio)), None)
    if tight:
        raise NotTaken(
            f"{_shown(tight)} is packed more than {limits.ratio} times smaller than it is; such a file is not taken."
        )


def _check_name(one: zipfile.ZipInfo, limits: Limits) -> None:
    # What the zip itself says, before Python tidied the name up.
    name = one.orig_filename
    parts = name.rstrip("/").split("/")
    odd = any(part in ("", ".", "..") or len(part.encode(errors="replace")) > 200 for part in parts)
    if odd or "\\" in name or ":" in parts[0] or not name.isprintable():
        raise NotTaken(f"{_shown(one)} does not lie inside the folder, or has a name that is not taken.")
    if len(parts) > limits.depth:
        raise NotTaken(f"{_shown(one)} lies more than {limits.depth} folders deep.")


def _check_kind(one: zipfile.ZipInfo) -> None:
    mode = one.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise NotTaken(f"{_shown(one)} is a link or a device; a model folder holds plain files only.")
    if one.compress_type not in _PACKED:
        raise NotTaken(f"{_shown(one)} is packed in a way that is not taken. Make the zip in the usual way (deflate).")
    if one.flag_bits & 1:
        raise NotTaken("The zip is locked with a password.")


def _write(held: zipfile.ZipFile, one: zipfile.ZipInfo, target: Path, left: int) -> int:
    path = target.joinpath(*one.filename.split("/"))
    written = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except OSError:
        raise NotTaken(f"{_shown(one)} is a file and a folder at once.") from None
    with os.fdopen(descriptor, "wb") as file, held.open(one) as source:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            # The sizes that a zip declares are only what somebody wrote there.
            if written > left or written > one.file_size:
                raise NotTaken(f"{_shown(one)} is larger than the zip says.")
            file.write(chunk)
    return written


def _is_folder(one: zipfile.ZipInfo) -> bool:
    # The library's own question fails over a member without a name.
    return one.filename.endswith("/")


def _shown(one: zipfile.ZipInfo) -> str:
    text = "".join(letter if letter.isprintable() else "?" for letter in one.orig_filename)
    return f"“{text[:120]}”"
