"""Walking files and folders: each source is stored as a whole or not at all; NDJSON in chunks of lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from portal.records.fhir import documents, types
from portal.records.fhir.problems import ResourceRefused, SourceRefused

CHUNK = 500
_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")
_CONDITIONAL = re.compile(r"^([A-Z][A-Za-z]+)\?identifier=(?:[^|]*\|)?(.+)$")
_FIVE = re.compile(r"\|5\.|/R5/|/5\.0")


@dataclass(frozen=True)
class Entry:
    """One resource where it stands: `path` is its place in the source; `problem` says why it cannot be read."""

    path: str
    resource: dict | None
    problem: str = ""


@dataclass
class Source:
    """Resources that are stored together, and the references that they resolve among themselves."""

    file: str
    entries: list[Entry]
    links: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: str = ""

    def resolve(self, reference: str) -> tuple[str, str] | None:
        """The (type, id) that a reference points at; None for an address that nothing here explains."""
        if reference in self.links:
            return self.links[reference]
        found = _CONDITIONAL.match(reference) or _REFERENCE.search(reference)
        return (found.group(1), found.group(2)) if found else None


def read_sources(paths: list[Path]) -> Iterator[Source]:
    """Every source below the paths, in the order in which they depend on each other."""
    for path in files(paths):
        yield from _sources_of(path)


def files(paths: list[Path]) -> list[Path]:
    """The files to read; folders are walked, other endings than FHIR's are passed over."""
    found: list[Path] = []
    for path in map(Path, paths):
        inner = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [
            item for item in inner if not item.is_dir() and (item.name.endswith(documents.SUFFIXES) or item == path)
        ]
    return sorted(found, key=_rank)


def _rank(path: Path) -> tuple[int, str]:
    name = path.name
    if name.startswith(("hospital", "practitioner")):
        return (-1, str(path))
    return (types.ORDER.get(name.split(".")[0], len(types.ORDER)) if ".ndjson" in name else 0, str(path))


def _sources_of(path: Path) -> Iterator[Source]:
    try:
        if ".ndjson" in path.name:
            yield from _chunks(path)
        else:
            yield _document(path, documents.whole(path))
    except SourceRefused as refusal:
        yield Source(path.name, [], refused=str(refusal))


def _chunks(path: Path) -> Iterator[Source]:
    numbered = documents.lines(path)
    while chunk := list(islice(numbered, CHUNK)):
        yield Source(path.name, [_line(number, raw) for number, raw in chunk])


def _line(number: int, raw: bytes) -> Entry:
    try:
        return _entry(f"line {number}", documents.parse(raw))
    except SourceRefused as refusal:
        return Entry(f"line {number}", None, str(refusal))


def _document(path: Path, document) -> Source:
    if not isinstance(document, dict):
        raise SourceRefused("The file holds no FHIR resource: the outermost value must be an object.")
    kind = document.get("resourceType")
    if kind is None:
        raise SourceRefused("The file has no resourceType, so it cannot be told what it is.")
    if kind not in types.R4:
        raise SourceRefused("The resourceType is not one of FHIR R4.")
    return _bundle(path, document) if kind == "Bundle" else Source(path.name, [_entry(str(kind), document)])


def _bundle(path: Path, bundle: dict) -> Source:
    listed = bundle.get("entry", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise SourceRefused("Bundle.entry must be a list of objects.")
    if _is_five(bundle) or any(_is_five(item.get("resource")) for item in listed):
        raise SourceRefused("This is a FHIR R5 bundle; the portal reads R4 (4.0.1). Export it as R4.")
    links: dict[str, tuple[str, str]] = {}
    entries = []
    for place, item in enumerate(listed):
        entry = _entry(f"Bundle.entry[{place}].resource", _with_id(item))
        entries.append(entry)
        _link(links, item.get("fullUrl"), entry)
    return Source(path.name, entries, links)


def _with_id(item: dict):
    resource, url = item.get("resource"), item.get("fullUrl")
    if isinstance(resource, dict) and "id" not in resource and isinstance(url, str) and url.startswith("urn:uuid:"):
        return resource | {"id": url.removeprefix("urn:uuid:")}
    return resource


def _link(links: dict, url, entry: Entry) -> None:
    if not isinstance(url, str) or entry.resource is None:
        return
    if url in links:
        raise SourceRefused("Two entries of the bundle have the same fullUrl.")
    links[url] = (entry.resource["resourceType"], entry.resource["id"])


def _entry(path: str, resource) -> Entry:
    try:
        return Entry(path, _checked(resource))
    except ResourceRefused as refusal:
        return Entry(path, None, str(refusal))


def _checked(resource) -> dict:
    if not isinstance(resource, dict):
        raise ResourceRefused("There is no resource here.")
    kind = resource.get("resourceType")
    if kind is None:
        raise ResourceRefused("resourceType is missing.")
    if kind not in types.R4:
        raise ResourceRefused("resourceType is not one of FHIR R4.")
    if _is_five(resource):
        raise ResourceRefused("This is a FHIR R5 resource; the portal reads R4 (4.0.1).")
    if kind in types.KEPT and not (isinstance(resource.get("id"), str) and 0 < len(resource["id"]) <= 64):
        raise ResourceRefused(f"{kind}.id is missing: without it the same record could be stored twice.")
    return resource


def _is_five(resource) -> bool:
    if not isinstance(resource, dict):
        return False
    profiles = resource.get("meta", {}).get("profile", []) if isinstance(resource.get("meta"), dict) else []
    marked = isinstance(profiles, list) and any(isinstance(name, str) and _FIVE.search(name) for name in profiles)
    kind = resource.get("resourceType")
    shaped = (kind == "Encounter" and (isinstance(resource.get("class"), list) or "actualPeriod" in resource)) or (
        kind == "MedicationRequest" and "medication" in resource
    )
    return marked or shaped or str(resource.get("fhirVersion", "")).startswith("5")
