"""The store of model files: one read-only folder per digest, put in place in one step."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from django.conf import settings

from portal.compute.runtime import digest as digests
from portal.core.problems import BadInput


def keep(folder: Path, *, expected: str | None = None) -> str:
    """Copy a model folder into the store; returns its digest, raises BadInput when it is not the expected one."""
    settings.ARTIFACTS.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=settings.ARTIFACTS))
    try:
        copy = draft / "model"
        shutil.copytree(folder, copy, symlinks=True)
        found = digests.tree_digest(copy)
        if expected and expected.lower() != found:
            raise BadInput({"digest": f"The folder's digest is {found}, not {expected[:80]}. Nothing was registered."})
        _place(copy, settings.ARTIFACTS / found)
        return found
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def path_of(digest: str) -> Path:
    """Where the files of a version lie."""
    return settings.ARTIFACTS / digest


def digests_of(digest: str) -> list[tuple[str, str]]:
    """Path and SHA-256 of every file of a version; empty when its files are not here."""
    folder = path_of(digest)
    return digests.file_digests(folder) if folder.is_dir() else []


def _place(copy: Path, target: Path) -> None:
    if target.exists():
        return
    _make_readable(copy)
    os.replace(copy, target)
    _make_readonly(target)


def _make_readable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _make_readonly(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
