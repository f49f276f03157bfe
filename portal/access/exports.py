"""An export of the log in the form that was asked for, line by line: CSV, NDJSON, or FHIR AuditEvents."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.access import reports
from portal.audit import balp
from portal.audit.queries import EventView
from portal.core.problems import BadInput

COLUMNS = ("when", "who", "roles", "what", "verb", "outcome", "why", "patient", "object", "object id", "purpose")


@dataclass(frozen=True)
class File:
    """What is downloaded."""

    name: str
    kind: str
    lines: Iterator[str]


class _Echo:
    def write(self, line: str) -> str:
        return line


def _csv(views: Iterable[EventView]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for view in views:
        row = (view.at.isoformat(), view.actor, view.roles, view.sentence, view.verb, view.outcome, view.why,
               view.patient, view.object_type, view.object_id, view.purpose)  # fmt: skip
        yield writer.writerow([harmless(cell) for cell in row])


def _ndjson(views: Iterable[EventView]) -> Iterator[str]:
    for view in views:
        facts = {name: value for name, value in vars(view).items() if name not in ("position", "public_id", "at")}
        yield json.dumps({"id": view.public_id, "at": view.at.isoformat(), **facts}, ensure_ascii=False) + "\n"


def _fhir(views: Iterable[EventView]) -> Iterator[str]:
    for view in views:
        yield json.dumps(balp.audit_event(view), ensure_ascii=False) + "\n"


FORMS = {
    "csv": ("audit-log.csv", "text/csv; charset=utf-8", _csv),
    "ndjson": ("audit-log.ndjson", "application/x-ndjson", _ndjson),
    "fhir": ("audit-events.ndjson", "application/fhir+ndjson", _fhir),
}
WORDS = {"csv": "CSV, for a spreadsheet", "ndjson": "NDJSON", "fhir": "FHIR AuditEvents (BALP)"}


def file(*, by, filters: dict, purpose: str, form: str) -> File:
    """The matching events as a file; the export itself is an event, written before the first line goes out."""
    if form not in FORMS:
        raise BadInput({"as": f"as takes {', '.join(FORMS)}."})
    name, kind, write = FORMS[form]
    _, views = reports.export(by=by, filters=filters, purpose=purpose, form=form)
    return File(name, kind, write(views))


def harmless(cell: str) -> str:
    """The same cell, that a spreadsheet would otherwise run because it begins like a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%") else cell
