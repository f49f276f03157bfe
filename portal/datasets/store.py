"""Where the encrypted files of versions lie, and how they come and go."""

import base64
import os
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

_INCOMING, _LEFT_BEHIND = "incoming", 24 * 3600


def incoming(stored: str) -> Path:
    """Where a file lies while it is being received."""
    folder = settings.DATASETS / _INCOMING
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    return folder / f"{stored}.raw"


def _sweep(folder: Path) -> None:
    """What a stopped process left half received; its key was in that process alone, so nobody can open it."""
    for path in folder.glob("*.raw"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _LEFT_BEHIND:
                path.unlink()


def sent(stored: str) -> Path:
    """The file as it was sent."""
    return settings.DATASETS / f"{stored}.raw"


def rows(stored: str) -> Path:
    """Its rows, as they were read."""
    return settings.DATASETS / f"{stored}.rows"


def signal(stored: str) -> Path:
    """The file of a tracing that a prediction rests on; it stays as long as the prediction."""
    settings.SIGNALS.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.SIGNALS / f"{stored}.raw"


def keep_signal(stored: str) -> None:
    """Move a received tracing to where it stays."""
    os.replace(incoming(stored), signal(stored))


def keep(stored: str) -> None:
    """Move a received file to where it stays; its name, which its blocks carry, remains."""
    os.replace(incoming(stored), sent(stored))


def remove(stored: str) -> None:
    """Take a version's files off the disk."""
    for path in (sent(stored), rows(stored)):
        path.unlink(missing_ok=True)


def words_of(key: bytes) -> str:
    """A file's key as text, for the encrypted column."""
    return base64.b64encode(key).decode()


def opened(words: str) -> bytes:
    """The key that such text stands for."""
    return base64.b64decode(words)


def key_of(version) -> bytes:
    """The key of a version's files."""
    return opened(version.file_key)
