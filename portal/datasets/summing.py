"""The job of kind “dataset-summary”: ask the policy again, compute in a child process, keep only what may be told."""

from dataclasses import dataclass

from portal.access import policy
from portal.access.action import event
from portal.access.permissions import Permission
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.core import clock
from portal.core.problems import Conflict
from portal.datasets import children, specs, store
from portal.datasets.models import Dataset, DatasetVersion, Summary
from portal.datasets.states import WITHHELD, VersionState

_BROKEN = {"time": "too-large", "memory": "too-large", "error": "broken"}


@dataclass(frozen=True)
class SummaryOrder:
    """What leaves the database for the child process; nothing when another summary has its turn."""

    asked: dict
    turn: bool = True


class SummaryExecutor:
    """Carries out one summary; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> SummaryOrder:
        summary = _summary(job)
        dataset = Dataset.objects.select_for_update(of=("self",)).get(pk=summary.version.dataset_id)
        policy.require(summary.asked_by, Permission.DATASET_COMPUTE, dataset)
        if summary.version.state != VersionState.CONFIRMED:
            raise Conflict(WITHHELD["gone"], code="gone")
        if dataset.busy_with not in ("", job.public_id):
            return SummaryOrder({}, turn=False)
        dataset.busy_with = job.public_id
        dataset.save(update_fields=("busy_with",))
        return SummaryOrder({"spec": summary.spec, "versions": _sources(summary.version)})

    def perform(self, order: SummaryOrder, within: float | None = None) -> Ended:
        if not order.turn:
            return Ended(ok=False, reason="another-summary", retry=True)
        answer = children.ask({"do": "summarise", **order.asked})
        if "answer" in answer:
            return Ended(ok=True, result=answer["answer"])
        code = answer.get("withheld") or _BROKEN[answer["broken"]]
        return Ended(
            ok=False, reason="withheld" if "withheld" in answer else "not-computed", result=code, facts={"code": code}
        )

    def conclude(self, job: Job, ended: Ended) -> None:
        summary = _summary(job)
        Dataset.objects.filter(pk=summary.version.dataset_id, busy_with=job.public_id).update(busy_with="")
        summary.ended_at = clock.now()
        summary.answer = ended.result if ended.ok else None
        summary.outcome = "told" if ended.ok else _code(ended)
        summary.save(update_fields=("ended_at", "answer", "outcome"))
        event().also("summary.ended", summary, outcome=summary.outcome)


def _code(ended: Ended) -> str:
    if isinstance(ended.result, str):
        return ended.result
    if isinstance(ended.result, Conflict):
        return ended.result.code
    return {"cancelled": "cancelled", "refused": "no-right"}.get(ended.reason, "broken")


def _sources(version: DatasetVersion) -> list[dict]:
    """The version, and after it every other one of its dataset of which something was told."""
    others = DatasetVersion.objects.filter(dataset=version.dataset, state=VersionState.CONFIRMED).exclude(pk=version.pk)
    told = {other: _history(other) for other in others.order_by("number")}
    found = {version: _history(version)} | {other: history for other, history in told.items() if history}
    names = [{column["name"] for column in one.columns} for one in found]
    shared = set.intersection(*names) if len(names) > 1 else set()
    return [_source(one, history, sorted(shared)) for one, history in found.items()]


def _source(version: DatasetVersion, history: list[dict], shared: list[str]) -> dict:
    places = {column["name"]: column["place"] for column in version.columns}
    return {
        "rows": str(store.rows(version.stored)), "key": version.file_key, "columns": specs.open_columns(version),
        "history": history, "links": [places[name] for name in shared],
    }  # fmt: skip


def _history(version: DatasetVersion) -> list[dict]:
    """Everything told about a version so far, to whomever; the same specification once."""
    told: dict[str, dict] = {}
    for summary in Summary.objects.filter(version=version, outcome="told").order_by("id"):
        told.setdefault(specs.text_of(summary.spec), {"spec": summary.spec, "told": summary.answer["told"]})
    return list(told.values())


def _summary(job: Job) -> Summary:
    rows = Summary.objects.select_related("version__dataset__study", "asked_by")
    return rows.get(public_id=job.subject)
