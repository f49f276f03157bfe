"""The software of a version: found where it is installed for all, else built once for its requirements by a job."""

import shutil
from functools import lru_cache

from django.conf import settings

from portal.access.action import event
from portal.compute import actions as compute
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.compute.runtime import building, environments
from portal.compute.runtime.facts import ModelFacts
from portal.core import clock
from portal.core.ids import new_id
from portal.core.problems import Conflict, Problem
from portal.registry.intake import trying
from portal.registry.models import ModelEnvironment
from portal.registry.states import ENVIRONMENT_TRANSITIONS, WAITING, EnvironmentState, VersionState

# A worker looks after a build for so long, then lets others have their turn; the build goes on by itself.
VISIT_SECONDS = 8.0


def wanted(found: ModelFacts) -> ModelEnvironment:
    """The environment for what a model's files ask for: there already, or still to be built."""
    requirements = environments.complete(tuple(found.requirements), found.engine)
    if environments.satisfied(requirements):
        return _shared(requirements)
    key = environments.key_of(requirements)
    return ModelEnvironment.objects.get_or_create(key=key, defaults={"requirements": list(requirements)})[0]


def order_of(environment: ModelEnvironment) -> dict:
    """What the builder must know; an environment that was built before is built from its lock."""
    return {
        "key": environment.key, "requirements": environment.requirements, "lock": environment.lock,
        "wheels": settings.WHEELS,
    }  # fmt: skip


def queue(environment: ModelEnvironment, by) -> None:
    """Have it built, unless it is or somebody has asked already; called inside an action."""
    row = ModelEnvironment.objects.select_for_update().get(pk=environment.pk)
    if row.state == EnvironmentState.FAILED:
        move(row, EnvironmentState.WAITING)
    elif row.state != EnvironmentState.WAITING or row.build:
        return
    row.build, row.fault, row.log = new_id(), "", ""
    row.save()
    compute.enqueue(by=by, kind="environment-build", subject=row.build, purpose="research")


def perform(order: dict, seconds: float) -> Ended:
    """Build, or join whoever builds; a job that waits longer than `seconds` is given back."""
    settings.ENVIRONMENTS.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = building.start(settings.ENVIRONMENTS, order)
    result = building.wait(folder, seconds)
    if result is None:
        return Ended(ok=False, reason="building", retry=True)
    shutil.rmtree(folder, ignore_errors=True)
    return Ended(ok=result["ok"], reason="done" if result["ok"] else "not-built", result=result)


def log_now(environment: ModelEnvironment) -> str:
    """What was done so far: while it is built, as the builder writes it."""
    if environment.state in (EnvironmentState.WAITING, EnvironmentState.BUILDING):
        return building.log_of(settings.ENVIRONMENTS / f".build-{environment.key}")
    return environment.log


def store(environment: ModelEnvironment, ended: Ended, otherwise: str) -> None:
    """Write down how a build ended; `otherwise` is the sentence when the builder said none."""
    result = ended.result if isinstance(ended.result, dict) else {}
    if environment.state == EnvironmentState.WAITING:
        move(environment, EnvironmentState.BUILDING)
    move(environment, EnvironmentState.READY if ended.ok else EnvironmentState.FAILED)
    environment.log, environment.ended_at = result.get("log", "")[-building.LOG_BYTES :], clock.now()
    if ended.ok:
        environment.lock, environment.digest, environment.tree = result["lock"], result["digest"], result["tree"]
    else:
        environment.fault, environment.build = (result.get("sentence") or otherwise)[:500], ""
    environment.save()
    event().also(
        "environment.built", environment, state=environment.state, digest=environment.digest, tree=environment.tree
    )


def move(environment: ModelEnvironment, state: EnvironmentState) -> None:
    """Take it to another state; raises Conflict where the table has no such way."""
    if state not in ENVIRONMENT_TRANSITIONS[EnvironmentState(environment.state)]:
        raise Conflict(f"The software is {environment.get_state_display()}; it cannot become {state.label}.")
    environment.state = state


class BuildExecutor:
    """Builds one environment; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> dict:
        row = _row(job)
        if row.state == EnvironmentState.WAITING:
            move(row, EnvironmentState.BUILDING)
            row.began_at = clock.now()
            row.save(update_fields=("state", "began_at"))
        return order_of(row)

    def perform(self, order: dict, within: float | None = None) -> Ended:
        return perform(order, VISIT_SECONDS)

    def conclude(self, job: Job, ended: Ended) -> None:
        row = _row(job)
        problem = ended.result.sentence if isinstance(ended.result, Problem) else job.sentence
        store(row, ended, problem)
        if ended.ok:
            for version in row.versions.filter(state__in=(VersionState.DRAFT, *WAITING), trials=None):
                trying.queue(version, version.created_by)


def _row(job: Job) -> ModelEnvironment:
    return ModelEnvironment.objects.select_for_update().get(build=job.subject)


def _shared(requirements: tuple[str, ...]) -> ModelEnvironment:
    lock = _shared_lock(requirements)
    key = f"shared-{environments.digest_of([*lock, *requirements])[:40]}"
    values = {
        "shared": True, "state": EnvironmentState.READY, "requirements": list(requirements), "lock": list(lock),
        "digest": environments.digest_of(list(lock)), "ended_at": clock.now(),
    }  # fmt: skip
    return ModelEnvironment.objects.get_or_create(key=key, defaults=values)[0]


@lru_cache(maxsize=64)
def _shared_lock(requirements: tuple[str, ...]) -> tuple[str, ...]:
    # What is installed for all changes only with the process that reads it.
    return tuple(environments.shared_lock(requirements))
