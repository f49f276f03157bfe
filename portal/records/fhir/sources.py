"""Walking files and folders: each source is stored as a whole or not at all; NDJSON in chunks of lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from portal.records.fhir import documents, types
from portal.records.fhir.problems import ResourceRefused, SourceRefused

CHUNK = 500
_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")
_EXACT = re.compile(r"^(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/?]+)?$")
_CONDITIONAL = re.compile(r"^([A-Z][A-Za-z]+)\?identifier=(?:[^|]*\|)?(.+)$")
_FIVE = re.compile(r"\|5\.|/R5/|/5\.0")


@dataclass(frozen=True)
class Entry:
    """One resource where it stands: `path` is its place in the source; `problem` says why it cannot be read.

    `deleted` is the (type, id) of a resource that the entry says was deleted; then there is no resource.
    """

    path: str
    resource: dict | None
    problem: str = ""
    deleted: tuple[str, str] | None = None


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
        yield Source(path.name, [entry for number, raw in chunk for entry in _line(number, raw)])


def _line(number: int, raw: bytes) -> list[Entry]:
    try:
        found = documents.parse(raw)
    except SourceRefused as refusal:
        return [Entry(f"line {number}", None, str(refusal))]
    # A bulk export names what was deleted since the last one in bundles, one a line.
    if isinstance(found, dict) and found.get("resourceType") == "Bundle" and isinstance(found.get("entry"), list):
        gone = enumerate(found["entry"])
        return [_deleted(f"line {number}, entry[{place}]", item) for place, item in gone if _deletes(item)]
    return [_entry(f"line {number}", found)]


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
    for place, item in enumerate(_newest(listed) if bundle.get("type") == "history" else listed):
        if _deletes(item):
            entries.append(_deleted(f"Bundle.entry[{place}].request", item))
            continue
        entry = _entry(f"Bundle.entry[{place}].resource", _with_id(item))
        entries.append(entry)
        _link(links, item.get("fullUrl"), entry)
    return Source(path.name, entries, links)


def _deletes(item) -> bool:
    return (
        isinstance(item, dict) and isinstance(item.get("request"), dict) and item["request"].get("method") == "DELETE"
    )


def _deleted(path: str, item: dict) -> Entry:
    url = item["request"].get("url")
    found = _EXACT.search(url) if isinstance(url, str) else None
    if found is None:
        return Entry(path, None, "request.url does not name one resource, as in Observation/123; nothing was deleted.")
    return Entry(path, None, deleted=(found.group(1), found.group(2)))


def _newest(listed: list[dict]) -> list[dict]:
    """Of each resource of a history the newest version; by its time where all have one, else the first, as FHIR lists them."""
    groups: dict[str, list[dict]] = {}
    for place, item in enumerate(listed):
        groups.setdefault(_of_history(item) or f"#{place}", []).append(item)
    return [_latest(items) for items in groups.values()]


def _of_history(item: dict) -> str:
    resource, request = item.get("resource"), item.get("request")
    if isinstance(resource, dict) and isinstance(resource.get("id"), str):
        return f"{resource.get('resourceType')}/{resource['id']}"
    url = request.get("url") if isinstance(request, dict) else None
    found = _EXACT.search(url) if isinstance(url, str) else None
    return f"{found.group(1)}/{found.group(2)}" if found else ""


def _latest(items: list[dict]) -> dict:
    times = [_time_of(item) for item in items]
    return items[0] if None in times else max(zip(times, items, strict=True), key=lambda pair: pair[0])[1]


def _time_of(item: dict) -> datetime | None:
    answer, resource = item.get("response"), item.get("resource")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    for holder, name in ((answer, "lastModified"), (meta, "lastUpdated")):
        text = holder.get(name) if isinstance(holder, dict) else None
        try:
            found = datetime.fromisoformat(text.replace("Z", "+00:00")) if isinstance(text, str) else None
        except ValueError:
            found = None
        if found and found.tzinfo:
            return found
    return None


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
