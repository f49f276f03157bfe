"""Storing what was read: one transaction a source, idempotent, each refused resource reported with its place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.audit import purposes
from portal.core.problems import Problem
from portal.records import merging, queries, signals
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
    deleted: int = 0
    merged: int = 0
    unmerged: int = 0
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
        names = ("bundles", "patients", "created", "updated", "unchanged", "deleted", "merged", "unmerged", "refused")
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
def import_source(*, by, on=None, source, report, practice=False) -> None:
    """Store one source; with `practice` it makes invented patients to practise on, and nothing else touches those."""
    store = Store(source.resolve, practice=practice)
    before = len(report.refused)
    for entry in sorted(source.entries, key=_rank):
        _take(entry, source, store, report)
    store.finish()
    if store.settled.circle:
        report.refuse(source.file, "Patient.link", merging.CIRCLE)
    report.created += store.created
    report.updated += store.updated
    report.unchanged += store.unchanged
    report.deleted += store.deleted
    if (store.created, store.updated, store.deleted, len(report.refused)) == (0, 0, 0, before):
        event().skip()
    event().draft.purpose = purposes.TEST if practice else ""
    refused = len(report.refused) - before
    event().note(created=store.created, updated=store.updated, deleted=store.deleted, refused=refused)
    event().each_patient(store.touched_patients())
    _tell_of_merges(store.settled, report)
    # The invented values are renewed as they grow old; that is no news about anybody.
    if not practice:
        signals.record_changed.send(sender=Store, sources=store.changed, patients=store.touched_patients())


def _tell_of_merges(settled: merging.Settled, report: Report) -> None:
    for patient, _ in settled.changed:
        merged = patient.merged_into_id is not None
        report.merged += merged
        report.unmerged += not merged
        event().also("patient.merged" if merged else "patient.unmerged", patient)
        if merged:
            event().also("patient.absorbed", queries.root_of(patient), earlier=patient.public_id)


def _rank(entry: Entry) -> int:
    # Deleted first, as a FHIR transaction has it: what is both deleted and sent is there in the end.
    if entry.deleted:
        return -1
    return types.ORDER.get(entry.resource["resourceType"], 99) if entry.resource else 99


def _take(entry: Entry, source: Source, store: Store, report: Report) -> None:
    if entry.resource is None and entry.deleted is None:
        report.refuse(source.file, entry.path, entry.problem)
        return
    if entry.deleted:
        _delete(entry, source, store, report)
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


def _delete(entry: Entry, source: Source, store: Store, report: Report) -> None:
    kind, identity = entry.deleted
    if kind not in types.KEPT:
        report.ignored += 1
        return
    try:
        store.remove(kind, identity)
    except ResourceRefused as refusal:
        report.refuse(source.file, entry.path, str(refusal))
