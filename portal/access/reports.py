"""Verbs of the audit officer: facets of the log, who opened a record, what a person did, and exports."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from portal.access import joined
from portal.access.action import action, event
from portal.access.actions import conditions
from portal.access.holdings import OPENED
from portal.access.joined import Joined
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.audit import purposes, queries
from portal.audit.models import AuditEvent
from portal.core.problems import BadInput

CAP, SHOWN, PAGE = 1000, 300, 500
FACETS = ("outcome", "verb", "actor", "role", "purpose")


@dataclass(frozen=True)
class Group:
    """What one person did to a patient, or how often a person did one thing."""

    name: str
    label: str
    roles: str
    opened: int
    events: int
    denied: int
    first: datetime
    last: datetime
    what: tuple[str, ...]
    purposes: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The newest events about one subject, and the same grouped; `more` when older ones are left out."""

    events: list[queries.EventView]
    groups: list[Group]
    more: bool
    joined: Joined = Joined()


@action(Permission.AUDIT_READ, verb="audit.patient-reported")
def patient_report(*, by, on=None, patient, filters) -> Report:
    """Who opened one patient's record, when, why and what: lists, refusals and views of the log included.

    What was done with records that were merged into it belongs to it.
    """
    known = joined.of(patient)
    event().each_patient_id([patient, *known.earlier])
    found = _report(_whole({**filters, "patient": patient}, known), lambda view: view.actor, people=True)
    return replace(found, joined=known)


@action(Permission.AUDIT_READ, verb="audit.person-reported", on=User)
def person_report(*, by, on, filters) -> Report:
    """What one person did."""
    return _report({**filters, "actor": on.username}, lambda view: view.sentence)


@action(Permission.AUDIT_EXPORT, verb="audit.exported")
def export(*, by, on=None, filters, purpose, form="csv") -> tuple[int, Iterator[queries.EventView]]:
    """How many events match, and all of them, newest first, for a purpose that is written down."""
    if purpose not in purposes.EXPORT:
        raise BadInput({"export_for": "Choose what the export is for."})
    known = joined.of(filters.get("patient", ""))
    rows = AuditEvent.objects.filter(conditions(_whole(filters, known)))
    count = rows.count()
    event().draft.purpose = purpose
    event().each_patient_id([filters.get("patient", ""), *known.earlier])
    event().note(events=count, form=form, filters={name: str(value) for name, value in filters.items() if value})
    newest = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
    return count, _pages(rows, newest + 1)


def facets(filters: dict) -> tuple[dict[str, list[tuple[str, int]]], bool]:
    """How the newest matching events fall, by each facet, and whether there are more than were counted."""
    rows = AuditEvent.objects.filter(conditions(filters)).order_by("-id")
    found = list(rows.values_list("outcome", "verb", "actor", "roles", "purpose")[: CAP + 1])
    counts = {name: Counter() for name in FACETS}
    for outcome, verb, actor, roles, purpose in found[:CAP]:
        singles = {"outcome": outcome, "verb": verb, "actor": actor, "purpose": purpose}
        for name, value in singles.items():
            counts[name][value] += 1
        counts["role"].update(role for role in roles.split(",") if role)
    return {name: counter.most_common(8) for name, counter in counts.items()}, len(found) > CAP


def _whole(filters: dict, known: Joined) -> dict:
    """The filters, with the records that were merged into the patient's."""
    if not known.earlier:
        return filters
    return {**filters, "patient": "", "patients": (filters["patient"], *known.earlier)}


def _report(filters: dict, key, *, people: bool = False) -> Report:
    rows = list(AuditEvent.objects.filter(conditions(filters)).order_by("-id")[: CAP + 1])
    views = [queries.view_of(row) for row in rows[:CAP]]
    groups: dict[str, list] = {}
    for view in views:
        groups.setdefault(key(view), []).append(view)
    labels = {row.username: row.label for row in User.objects.filter(username__in=groups)} if people else {}
    made = [_group(name, labels.get(name, name), found) for name, found in groups.items()]
    order = lambda group: (-group.opened, -group.events)  # noqa: E731
    return Report(views[:SHOWN], sorted(made, key=order), len(rows) > SHOWN)


def _group(name: str, label: str, views: list[queries.EventView]) -> Group:
    opened = sum(view.verb in OPENED and view.outcome == "ok" for view in views)
    return Group(
        name, label, views[0].roles, opened, len(views), sum(view.outcome == "denied" for view in views), views[-1].at, views[0].at,
        tuple(sorted({view.sentence for view in views})),
        tuple(sorted({purposes.WORDS.get(view.purpose, view.purpose) for view in views})),
    )  # fmt: skip


def _pages(rows, before: int) -> Iterator[queries.EventView]:
    while True:
        page = list(rows.filter(id__lt=before).order_by("-id")[:PAGE])
        yield from map(queries.view_of, page)
        if len(page) < PAGE:
            return
        before = page[-1].id
