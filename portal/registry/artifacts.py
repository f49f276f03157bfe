"""The store of model files: one read-only folder per digest, put in place in one step."""

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from portal.compute.runtime import digest as digests
from portal.compute.runtime import facts, scanner
from portal.core.problems import BadInput
from portal.registry import overlays, shapes
from portal.registry.cards import proposals
from portal.registry.evidence import cases


@dataclass(frozen=True)
class Taken:
    """A model folder that lies in the store: what its files say, with what the scanner found, and their digest.

    `cases` and `card` are what it brings of acceptance cases and for its card.
    """

    found: facts.ModelFacts
    digest: str
    cases: list[dict] = field(default_factory=list)
    card: dict[str, dict] = field(default_factory=dict)


def take(folder: Path, *, expected: str | None = None) -> Taken:
    """Read, scan and store a model folder without loading it; raises BadInput with a sentence for what cannot be taken.

    Everything that may be refused is read before anything is stored.
    """
    _check_size(folder)
    found = inspect(folder)
    overlays.check_parts(found.overlay or {}, found.plain())
    brought, proposed = cases.read(folder, found), proposals.read(folder)
    digest = keep(folder, expected=expected)
    if digest != digests.digest_of(sorted(found.files.items())):
        raise BadInput({"folder": "The files changed while they were read. Bring the model again."})
    return Taken(found, digest, brought, proposed)


def inspect(folder: Path) -> facts.ModelFacts:
    """What a folder's files say, and what the scanner finds in them; raises BadInput."""
    try:
        found = facts.inspect_model(folder)
        report = scanner.scan(folder)
    except facts.ModelRefused as refusal:
        raise BadInput({"folder": refusal.sentence}) from None
    except scanner.ScanFailed:
        raise BadInput(
            {"folder": "The scanner could not look through the files within its limits, so they are not taken."}
        ) from None
    if wrong := shapes.unkept(found.plain()):
        raise BadInput({"folder": f"What MLmodel, requirements.txt or the name of a file says {wrong}"})
    if "pickle" in found.flags and not settings.ALLOW_PICKLE:
        raise BadInput({"folder": "The model holds a pickle, which is not taken here. Log it as ONNX or with skops."})
    for file in scanner.unread(report):
        raise BadInput({"folder": f"{file} could not be looked through to its end, so nobody knows what reading it would do. Save the model as ONNX, with skops, or as one plain pickle."})  # fmt: skip
    for file, name in scanner.dangers(report):
        raise BadInput({"folder": f"Reading {file} would call {name}, which no model needs; such a file is not taken."})
    return replace(found, scan=report)


def _check_size(folder: Path) -> None:
    sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    if len(sizes) > settings.MODEL_MAX_FILES:
        raise BadInput(
            {"folder": f"The folder holds {len(sizes)} files; at most {settings.MODEL_MAX_FILES} are taken."}
        )
    if sum(sizes) > settings.MODEL_MAX_BYTES:
        most = settings.MODEL_MAX_BYTES // 1024**2
        raise BadInput(
            {"folder": f"The folder is {sum(sizes) / 1024**2:,.0f} MB large; at most {most:,} MB are taken."}
        )


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


def listed(digest: str, most: int = 200) -> list[tuple[str, int]]:
    """The names and sizes of a version's files, in order; the first `most` of them."""
    root = path_of(digest)
    found = [(path.relative_to(root).as_posix(), path.stat().st_size) for path in root.rglob("*") if path.is_file()]
    return sorted(found)[:most]


def _place(copy: Path, target: Path) -> None:
    if _renewed(target):
        return
    _make_readable(copy)
    # A copy has the age of what was copied.
    os.utime(copy)
    try:
        os.replace(copy, target)
    except OSError:
        # Somebody else brought the same bytes in the same moment.
        if not target.is_dir():
            raise
        return
    _make_readonly(target)


def _renewed(target: Path) -> bool:
    """Whether the files lie here already; they count as new again, so that no sweep takes them before they are registered."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    except PermissionError:
        # Another account of this machine put them there.
        return True
    return True


def _make_readable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _make_readonly(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
