"""Storing what was read: one transaction a source, idempotent, each refused resource reported with its place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import Problem
from portal.records.fhir import resources, types
from portal.records.fhir.problems import ResourceRefused
from portal.records.fhir.sources import Entry, Source, read_sources
from portal.records.store import Store


class SourceFailed(Problem):
    """A file as a whole was refused."""


@dataclass
class Report:
    """What an import did; `patients` counts the Patient resources of the input."""

    bundles: int = 0
    patients: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ignored: int = 0
    refused: list[dict] = field(default_factory=list)
    files_read: int = 0

    @property
    def nothing_read(self) -> bool:
        """Whether not one file could be read."""
        return self.files_read == 0

    def refuse(self, file: str, path: str, reason: str) -> None:
        """Note a refusal."""
        self.refused.append({"file": file, "path": path, "reason": reason})

    def plain(self) -> dict:
        """As `import_fhir --json` prints it."""
        names = ("bundles", "patients", "created", "updated", "unchanged", "refused")
        return {name: getattr(self, name) for name in names}


def import_paths(*, by, paths, progress: Callable[[int], None] = lambda count: None) -> Report:
    """Import files and folders of FHIR R4; what is refused is in the report, the rest is stored."""
    report = Report()
    for count, source in enumerate(_sources(paths, report), start=1):
        if source.refused:
            report.refuse(source.file, "", source.refused)
        else:
            _import(by, source, report)
        progress(count)
    return report


def _sources(paths, report: Report):
    for path in map(Path, paths):
        if path.exists():
            yield from read_sources([path])
        else:
            report.refuse(path.name, "", "There is no such file or folder.")


def _import(by, source: Source, report: Report) -> None:
    report.files_read += 1
    report.bundles += any(entry.path.startswith("Bundle") for entry in source.entries)
    import_source(by=by, source=source, report=report)


@action(Permission.RECORD_IMPORT, verb="record.imported")
def import_source(*, by, on=None, source, report) -> None:
    """Store one source."""
    store = Store(source.resolve)
    before = (report.created, report.updated, report.unchanged, len(report.refused))
    for entry in sorted(source.entries, key=_rank):
        _take(entry, source, store, report)
    store.finish()
    report.created += store.created
    report.updated += store.updated
    report.unchanged += store.unchanged
    if (store.created, store.updated, len(report.refused)) == (0, 0, before[3]):
        event().skip()
    event().note(created=store.created, updated=store.updated, refused=len(report.refused) - before[3])
    event().each_patient(store.touched_patients())


def _rank(entry: Entry) -> int:
    return types.ORDER.get(entry.resource["resourceType"], 99) if entry.resource else 99


def _take(entry: Entry, source: Source, store: Store, report: Report) -> None:
    if entry.resource is None:
        report.refuse(source.file, entry.path, entry.problem)
        return
    kind = entry.resource["resourceType"]
    report.patients += kind == "Patient"
    if kind not in types.KEPT:
        report.ignored += 1
        return
    try:
        store.keep(resources.read(entry.resource))
    except ResourceRefused as refusal:
        report.refuse(source.file, entry.path, str(refusal))
