"""A duty of the keeper: files in the store that belong to no version, and folders of work that was cut off, go after a day."""

import os
import re
import shutil
import time
from pathlib import Path

from django.conf import settings

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.registry.models import ModelVersion

PAUSE, OLD = 3600.0, 86_400
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CUT_OFF = (".draft-", ".arriving-", ".gone-")


@action(Permission.JOB_WORK, verb="model.files-swept")
def sweep(*, by, on=None) -> int:
    """Take away what no version points to and is older than a day; returns how many folders."""
    gone = sum(_take_away(path) for path in _unused())
    if not gone:
        event().skip()
    event().note(folders=gone)
    return gone


def _unused() -> list[Path]:
    folders = [path for path in settings.ARTIFACTS.iterdir() if _is_old(path)] if settings.ARTIFACTS.is_dir() else []
    return [path for path in folders if path.name.startswith(_CUT_OFF) or (_DIGEST.fullmatch(path.name) and not _is_used(path.name))]  # fmt: skip


def _take_away(path: Path) -> bool:
    """Move a folder aside, look once more, and delete it; whoever brought the same files meanwhile keeps them."""
    aside = path if path.name.startswith(_CUT_OFF) else path.with_name(f".gone-{path.name}")
    try:
        path.rename(aside)
    except OSError:
        return False
    if aside != path and (not _is_old(aside) or _is_used(path.name)):
        _put_back(aside, path)
        return False
    for folder in (aside, *(one for one in aside.rglob("*") if one.is_dir() and not one.is_symlink())):
        folder.chmod(0o700)
    shutil.rmtree(aside, ignore_errors=True)
    return not aside.exists()


def _put_back(aside: Path, path: Path) -> None:
    try:
        os.replace(aside, path)
    except OSError:
        # The same files were put in their place meanwhile; these go with the next sweep.
        return


def _is_old(path: Path) -> bool:
    try:
        return path.is_dir() and time.time() - path.lstat().st_mtime > OLD
    except FileNotFoundError:
        return False


def _is_used(digest: str) -> bool:
    return ModelVersion.objects.filter(digest=digest).exists()
