"""The first load of a version: in the sandbox alone, without a patient, by a job or by whoever waits for it."""

from dataclasses import dataclass

from portal.access.action import event
from portal.compute import actions as compute
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.compute.runtime.client import ModelRefused, ModelSpec, ScorerUnavailable
from portal.core import clock
from portal.registry import scoring
from portal.registry.models import ModelVersion, Trial
from portal.registry.states import TrialState

SECONDS = 90


@dataclass(frozen=True)
class Order:
    """What leaves the database for the scorer."""

    spec: ModelSpec
    walls: frozenset[str]


def order_of(version: ModelVersion) -> Order:
    """What a first load needs."""
    return Order(scoring.spec_of(version), scoring.walls_of(version))


def load(order: Order) -> Ended:
    """Have it loaded; how that went, with the seconds and the layers around it."""
    client = scoring.client()
    try:
        if scoring.too_weak(client, order.walls):
            return Ended(ok=False, reason="sandbox_too_weak")
        loaded = client.load(order.spec, timeout=SECONDS)
        return Ended(ok=True, result={"seconds": loaded.seconds, "layers": loaded.layers})
    except ScorerUnavailable:
        return Ended(ok=False, reason="scorer-down", retry=True)
    except ModelRefused as refusal:
        return Ended(ok=False, reason=refusal.code)


def queue(version: ModelVersion, by) -> Trial:
    """Have it tried, unless somebody has asked already; called inside an action."""
    waiting = version.trials.filter(state=TrialState.WAITING).first()
    if waiting:
        return waiting
    trial = Trial.objects.create(version=version)
    compute.enqueue(by=by, kind="model-trial", subject=trial.public_id, purpose="research")
    return trial


def store(trial: Trial, ended: Ended) -> None:
    """Write down how it went."""
    found = ended.result if ended.ok else {}
    trial.state = TrialState.LOADED if ended.ok else TrialState.FAILED
    trial.reason, trial.ended_at = ended.reason, clock.now()
    trial.seconds, trial.layers = found.get("seconds"), found.get("layers", [])
    trial.save()
    event().also("model.tried", trial.version, state=trial.state, reason=trial.reason)


class TrialExecutor:
    """Loads one version; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> Order:
        return order_of(_row(job).version)

    def perform(self, order: Order, within: float | None = None) -> Ended:
        return load(order)

    def conclude(self, job: Job, ended: Ended) -> None:
        store(_row(job), ended)


def _row(job: Job) -> Trial:
    rows = Trial.objects.select_related("version__model__study", "version__environment")
    return rows.get(public_id=job.subject)
