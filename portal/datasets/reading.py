"""The job of kind “dataset-read”: a child process parses the file; a version comes of it whole, or not at all."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from portal.access import policy
from portal.access.action import event
from portal.access.permissions import Permission
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.core.problems import Problem
from portal.datasets import children, store
from portal.datasets.models import DatasetVersion
from portal.datasets.runtime import identifiers
from portal.datasets.states import TRANSITIONS, VersionState

_BROKEN = {
    "time": "Reading the file took longer than it may. Leave columns out, or split the table.",
    "memory": "Reading the file took more memory than it may. Leave columns out, or split the table.",
    "error": "The file could not be read. The team that runs the portal has been told.",
}


@dataclass(frozen=True)
class ReadOrder:
    """What leaves the database for the child process."""

    stored: str
    key: str


class ReadingExecutor:
    """Reads one uploaded file; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> ReadOrder:
        version = _version(job)
        policy.require(version.uploaded_by, Permission.DATASET_OWN, version.dataset)
        return ReadOrder(version.stored, version.file_key)

    def perform(self, order: ReadOrder, within: float | None = None) -> Ended:
        store.rows(order.stored).unlink(missing_ok=True)
        limits = {
            "rows": settings.DATASET_MAX_ROWS, "columns": settings.DATASET_MAX_COLUMNS,
            "cells": settings.DATASET_MAX_CELLS,
        }  # fmt: skip
        asked = {
            "do": "read",
            "raw": str(store.sent(order.stored)),
            "rows": str(store.rows(order.stored)),
            "limits": limits,
            "key": order.key,
        }
        answer = children.ask(asked)
        if "columns" in answer:
            return Ended(ok=True, result=answer)
        faults = answer.get("faults") or [_BROKEN[answer["broken"]]]
        return Ended(ok=False, reason="dataset-refused", result=faults, facts={"faults": len(faults)})

    def conclude(self, job: Job, ended: Ended) -> None:
        version = _version(job)
        _move(version, VersionState.UNCONFIRMED if ended.ok else VersionState.REFUSED)
        if ended.ok:
            _fill(version, ended.result)
        else:
            version.faults = _faults(job, ended)
            transaction.on_commit(lambda: store.remove(version.stored))
        version.save()
        event().also("dataset.version-read", version, state=version.state, rows=version.rows)


def _fill(version: DatasetVersion, found: dict) -> None:
    version.kind, version.rows = found["kind"], found["rows"]
    version.columns = [column | {"place": place, "holds": ""} for place, column in enumerate(found["columns"])]
    known = {column["guess"] for column in found["columns"]}
    event().note(columns=len(version.columns), identifiers_guessed=len(known - {identifiers.NONE}))


def _faults(job: Job, ended: Ended) -> list[str]:
    if isinstance(ended.result, Problem):
        return [ended.result.sentence]
    return ended.result or [job.sentence]


def _move(version: DatasetVersion, state: VersionState) -> None:
    if state not in TRANSITIONS[VersionState(version.state)]:
        raise Problem(f"A version that is {version.get_state_display()} is not read again.")
    version.state = state


def _version(job: Job) -> DatasetVersion:
    rows = DatasetVersion.objects.select_related("dataset__study", "uploaded_by")
    return rows.get(public_id=job.subject)
