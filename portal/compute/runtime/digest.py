"""The digest of a model's files."""

import os
import stat
from hashlib import sha256
from pathlib import Path


class UnsafeTree(ValueError):
    """The folder holds something that is neither a plain file nor a folder."""


def tree_digest(folder: Path | str) -> str:
    """sha256 over the lines `<sha256 of file>  <relative path>`, paths sorted; refuses links and devices."""
    return digest_of(file_digests(folder))


def digest_of(files: list[tuple[str, str]]) -> str:
    """The digest of a folder from those of its files, paths sorted."""
    running = sha256()
    for relative, found in files:
        running.update(f"{found}  {relative}\n".encode())
    return running.hexdigest()


def file_digests(folder: Path | str) -> list[tuple[str, str]]:
    """Relative path and sha256 of every file, paths sorted; refuses links and devices."""
    root = Path(folder)
    return [(relative, _file_digest(root / relative)) for relative in sorted(_files(root))]


def _files(root: Path) -> list[str]:
    found = []
    for place, folders, files in os.walk(root, followlinks=False):
        for name in (*folders, *files):
            path = Path(place) / name
            mode = path.lstat().st_mode
            if not name.isprintable():
                # A line break in a name would let two folders have one digest.
                raise UnsafeTree("The name of a file holds a character that cannot be printed.")
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise UnsafeTree(
                    f"{path.relative_to(root)} is a link or a device; a model folder holds plain files only."
                )
        found += [(Path(place) / name).relative_to(root).as_posix() for name in files]
    return found


def _file_digest(path: Path) -> str:
    running = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            running.update(chunk)
    return running.hexdigest()
