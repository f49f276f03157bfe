"""The job of kind “model-arrival”: fetch, look through, store, register; a model is taken whole or not at all."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from portal.access import policy
from portal.access.action import event
from portal.access.permissions import Permission
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.core import clock
from portal.core.problems import BadInput, Problem
from portal.datasets import store
from portal.experiments.trackers import mlflow
from portal.registry import actions as registry
from portal.registry import artifacts, naming
from portal.registry.intake import building, fetching, trying
from portal.registry.models import Arrival
from portal.registry.states import ArrivalState, EnvironmentState


@dataclass(frozen=True)
class Order:
    """What leaves the database for whoever fetches."""

    address: str
    study: str
    stored: str
    key: str
    expected: str


@dataclass(frozen=True)
class Fetched:
    """A model that lies in the store, and the run that it came from."""

    taken: artifacts.Taken
    run: dict


class ArrivalExecutor:
    """Brings one model in; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> Order:
        row = _row(job)
        policy.require(row.sent_by, Permission.MODEL_REGISTER, row.study)
        naming.find(row.slug, row.study)
        return Order(row.address, row.study.slug, row.stored, row.file_key, row.expected)

    def perform(self, order: Order, within: float | None = None) -> Ended:
        settings.ARTIFACTS.mkdir(mode=0o755, parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".arriving-", dir=settings.ARTIFACTS))
        try:
            return Ended(ok=True, result=_fetch(order, scratch))
        except BadInput as problem:
            return Ended(ok=False, reason="not-taken", result=list(problem.errors.values()))
        finally:
            fetching.clear(scratch)

    def conclude(self, job: Job, ended: Ended) -> None:
        row = _row(job)
        faults = [] if ended.ok else _faults(job, ended)
        if ended.ok:
            faults = _register(row, ended.result)
        row.faults, row.ended_at, row.file_key = faults, clock.now(), ""
        row.state = ArrivalState.REFUSED if faults else ArrivalState.TAKEN
        row.save()
        if row.stored:
            transaction.on_commit(lambda: store.remove(row.stored))
        event().also("model.arrived", row, state=row.state)


def _fetch(order: Order, scratch: Path) -> Fetched:
    if order.address:
        folder = fetching.download(_of_the_study(order), scratch)
    else:
        folder = fetching.unpack(store.sent(order.stored), order.key, scratch)
    taken = artifacts.take(folder, expected=order.expected)
    return Fetched(taken, mlflow.run_of_folder(folder, settings.TRACKING_URI, study=order.study))


def _of_the_study(order: Order) -> str:
    """The address of the very files that the order's address leads to; raises BadInput.

    The portal's account reads the whole server, so what is not shared with the study is refused in the same words as
    what does not exist.
    """
    source = (
        mlflow.source_of(order.address, settings.TRACKING_URI, stores=settings.TRACKING_STORES)
        if settings.TRACKING_URI
        else None
    )
    if settings.TRACKING_URI and (source is None or source.study != order.study):
        raise BadInput(
            {
                "address": f"{order.address} is not there, or its experiment is not shared with this study. Whoever owns the "
                f"experiment gives it the tag {mlflow.STUDY_TAG} with the value “{order.study}”."
            }
        )
    return source.address if source else order.address


def _register(row: Arrival, fetched: Fetched) -> list[str]:
    """Register what was fetched and have it tried; the sentences that say why not, when it is not taken."""
    try:
        row.version = registry.register(
            by=row.sent_by, on=row.study, slug=row.slug, taken=fetched.taken, run=fetched.run
        )  # fmt: skip
    except BadInput as problem:
        return list(problem.errors.values())
    except Problem as problem:
        return [problem.sentence]
    if row.version.environment.state == EnvironmentState.READY:
        trying.queue(row.version, row.sent_by)
    else:
        building.queue(row.version.environment, row.sent_by)
    return []


def _faults(job: Job, ended: Ended) -> list[str]:
    if isinstance(ended.result, Problem):
        return [ended.result.sentence]
    return ended.result or [job.sentence]


def _row(job: Job) -> Arrival:
    return Arrival.objects.select_related("study", "sent_by").get(public_id=job.subject)
