"""Verbs on datasets, their versions and their rows."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from portal.access import grants, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.accounts import factors
from portal.audit.purposes import RESEARCH
from portal.compute import actions as compute
from portal.core import clock
from portal.core.problems import BadInput, Conflict, Problem, Unavailable
from portal.datasets import queries, store
from portal.datasets.models import READ, Dataset, DatasetVersion
from portal.datasets.runtime import identifiers, pages
from portal.datasets.runtime.vault import Reader, Tampered
from portal.datasets.states import ALLOWED, KEPT, NEEDS_FACTOR, TRANSITIONS, Classification, VersionState
from portal.studies.models import Study

PAGE = 50
logger = logging.getLogger(__name__)


class NeedsFactor(Problem):
    """Rows that need a second factor were asked for without one."""

    code, status = "second-factor", 403


@dataclass(frozen=True)
class RowsView:
    """A page of rows, each with its number; `after` is where the next page begins, None at the end."""

    version: DatasetVersion
    names: list[str]
    rows: list[tuple[int, list]]
    after: int | None


def _datasets():
    return Dataset.objects.select_related("study", "owner")


def _versions():
    return DatasetVersion.objects.select_related("dataset__study", "dataset__owner", "uploaded_by", "confirmed_by")


@action(Permission.DATASET_UPLOAD, verb="dataset.created", on=Study)
def create(*, by, on, title, description, classification) -> Dataset:
    """Set up a dataset in a study; who makes it owns it and may read its rows."""
    title, description = title.strip(), description.strip()
    _check(title, description, classification)
    dataset = Dataset.objects.create(
        study=on, title=title, description=description, classification=classification, owner=by
    )
    grants.give(READ, to=by, on=dataset, kind=GrantKind.MEMBERSHIP, purpose=RESEARCH, by=by)
    event().about(dataset)
    event().note(classification=classification)
    return dataset


@action(Permission.DATASET_SEE, verb="dataset.listed")
def list_datasets(*, by, on=None, limit=200, before=None) -> list[tuple[Dataset, queries.Rights]]:
    """The datasets one may know of, newest first, each with what one may do."""
    rows = policy.visible_to(_datasets().order_by("-id"), by, Permission.DATASET_SEE)
    found = list((rows.filter(id__lt=before) if before else rows)[:limit])
    held = [policy.permitted(by, right, found) for right in (Permission.DATASET_COMPUTE, Permission.DATASET_ROWS, Permission.DATASET_OWN)]  # fmt: skip
    event().note(shown=len(found))
    return [(dataset, queries.Rights(*(dataset.pk in keys for keys in held))) for dataset in found]


@action(Permission.DATASET_SEE, verb="dataset.opened", on=Dataset, rows=_datasets)
def open_dataset(*, by, on) -> queries.DatasetView:
    """One dataset, told as far as one's rights go."""
    return queries.dataset_view(by, on)


@action(Permission.DATASET_SEE, verb="dataset.version-opened", on=DatasetVersion, rows=_versions)
def open_version(*, by, on) -> tuple[DatasetVersion, queries.VersionView, queries.Rights]:
    """One version, told as far as one's rights go."""
    rights = queries.rights_on(by, on.dataset)
    if on.state == VersionState.REFUSED and not rights.own:
        raise policy.Denied(policy.Decision(False, "There is no such dataset version.", hidden=True))
    return on, queries.version_view(on, rights), rights


@action(Permission.DATASET_OWN, verb="dataset.uploaded", on=Dataset, rows=_datasets)
def add_version(*, by, on, upload) -> DatasetVersion:
    """Take a received file as a new version, to be read by a worker; the same bytes are the same version."""
    _require_factor(by, on)
    Dataset.objects.select_for_update(of=("self",)).get(pk=on.pk)
    versions = DatasetVersion.objects.filter(dataset=on)
    same = versions.filter(digest=upload.digest, state__in=KEPT).first()
    if same:
        event().about(same)
        event().note(same=True)
        return same
    newest = versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = DatasetVersion.objects.create(
        dataset=on, number=newest + 1, stored=upload.stored, digest=upload.digest, size=upload.size, uploaded_by=by,
        file_key=store.words_of(upload.key),
    )  # fmt: skip
    # Only what is in the database for good keeps its file: an upload that comes to nothing leaves none.
    transaction.on_commit(lambda: _keep(upload))
    event().about(version)
    event().note(bytes=upload.size)
    compute.enqueue(by=by, kind="dataset-read", subject=version.public_id, purpose="research")
    return version


@action(Permission.DATASET_OWN, verb="dataset.columns-confirmed", on=DatasetVersion, rows=_versions)
def confirm(*, by, on, holds: dict[int, str], classification: str, names_are_names: bool) -> None:
    """Say of each column which identifier it holds, if any; only then may the version be computed on."""
    if VersionState.CONFIRMED not in TRANSITIONS[VersionState(on.state)]:
        raise Conflict(f"This version is {on.get_state_display()}; there are no columns to confirm.")
    errors = _confirmation_errors(on, holds, classification, names_are_names)
    if errors:
        raise BadInput(errors)
    on.columns = [column | {"holds": holds[column["place"]]} for column in on.columns]
    on.state, on.confirmed_by, on.confirmed_at = VersionState.CONFIRMED, by, clock.now()
    on.save(update_fields=("columns", "state", "confirmed_by", "confirmed_at"))
    changed = sum(column["guess"] != column["holds"] for column in on.columns)
    event().note(columns=len(on.columns), changed=changed, classification=classification)
    if classification != on.dataset.classification:
        on.dataset.classification = classification
        on.dataset.save(update_fields=("classification",))


@action(Permission.DATASET_OWN, verb="dataset.removed", on=DatasetVersion, rows=_versions)
def remove(*, by, on) -> None:
    """Take a version's rows away for good: its files go, and with their key every copy of them; what was told stays told."""
    if VersionState.REMOVED not in TRANSITIONS[VersionState(on.state)]:
        raise Conflict(f"This version is {on.get_state_display()}; there are no rows to remove.")
    on.state, on.columns, on.file_key = VersionState.REMOVED, [], ""
    on.save(update_fields=("state", "columns", "file_key"))
    event().note(rows=on.rows, bytes=on.size)
    transaction.on_commit(lambda: store.remove(on.stored))


@action(Permission.DATASET_ROWS, verb="dataset.rows-read", on=DatasetVersion, rows=_versions)
def read_rows(*, by, on, after=0, count=PAGE) -> RowsView:
    """A page of rows."""
    _require_factor(by, on.dataset)
    _require_rows(on)
    with _sound(on):
        found = pages.some_rows(store.rows(on.stored), store.key_of(on), after, count)
    event().note(first=after + 1, rows=len(found), columns=len(on.columns))
    more = after + len(found) < on.rows
    return RowsView(
        on, [column["name"] for column in on.columns], list(enumerate(found, after + 1)),
        after + len(found) if found and more else None,
    )  # fmt: skip


@action(Permission.DATASET_ROWS, verb="dataset.exported", on=DatasetVersion, rows=_versions)
def export(*, by, on) -> tuple[str, Reader]:
    """The file as it was sent, and a name for it."""
    _require_factor(by, on.dataset)
    _require_rows(on)
    event().note(bytes=on.size, rows=on.rows)
    with _sound(on):
        file = Reader(store.sent(on.stored), store.key_of(on))
        file.read(1)
        file.seek(0)
    return f"dataset-{on.dataset.public_id}-{on.number}.{on.kind}", file


@contextmanager
def _sound(version: DatasetVersion):
    """Say in words that a stored file is missing or does not open."""
    try:
        yield
    except (Tampered, FileNotFoundError):
        logger.error("A file of dataset version %s is missing or was changed.", version.public_id)
        raise Unavailable(
            "The stored rows of this version do not open: their file is missing or was changed. The team that runs the portal has been told."
        ) from None


def _keep(upload) -> None:
    store.keep(upload.stored)
    upload.taken = True


def _check(title: str, description: str, classification: str) -> None:
    errors = {}
    if not 3 <= len(title) <= 120:
        errors["title"] = "Title: 3 to 120 characters, and no patient's name."
    if len(description) > 2000:
        errors["description"] = "Description: at most 2,000 characters."
    if classification not in Classification:
        errors["classification"] = f"Classification: choose {', '.join(Classification.labels)}."
    if errors:
        raise BadInput(errors)


def _confirmation_errors(version, holds, classification, names_are_names) -> dict[str, str]:
    errors = {}
    if classification not in Classification:
        return {"classification": f"Classification: choose {', '.join(Classification.labels)}."}
    for column in version.columns:
        place, name = column["place"], column["name"]
        chosen = holds.get(place)
        if chosen not in (identifiers.NONE, *identifiers.KINDS):
            errors[f"holds-{place}"] = f"{name}: say which identifier it holds, or that it holds none."
        elif chosen not in ALLOWED[classification]:
            label = Classification(classification).label
            errors[f"holds-{place}"] = (
                f"{name}: “{identifiers.KINDS[chosen]}” is not part of a table classified “{label}”. Choose another classification, or upload the table without it."
            )
    if not names_are_names:
        errors["names"] = "Column names: confirm that the first line holds names, and not the values of a first row."
    return errors


def _require_rows(version: DatasetVersion) -> None:
    if version.state not in (VersionState.UNCONFIRMED, VersionState.CONFIRMED):
        raise Conflict(f"This version is {version.get_state_display()}; it has no rows to show.")


def _require_factor(by, dataset: Dataset) -> None:
    if dataset.classification in NEEDS_FACTOR and not factors.has_one(by):
        raise NeedsFactor(
            "Rows about identifiable people open only with a second factor. Add one under “Second factor” in your menu, then come back."
        )
