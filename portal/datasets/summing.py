"""The job of kind “dataset-summary”: ask the policy again, compute in a child process, keep only what may be told."""

from dataclasses import dataclass

from portal.access import policy
from portal.access.action import event
from portal.access.permissions import Permission
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.core import clock
from portal.datasets import children, specs, store
from portal.datasets.models import DatasetVersion, Summary

_BROKEN = {"time": "too-large", "memory": "too-large", "error": "broken"}


@dataclass(frozen=True)
class SummaryOrder:
    """What leaves the database for the child process; nothing when another summary has its turn."""

    stored: str
    key: bytes
    asked: dict
    turn: bool = True


class SummaryExecutor:
    """Carries out one summary; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> SummaryOrder:
        summary = _summary(job)
        version = DatasetVersion.objects.select_for_update(of=("self",)).get(pk=summary.version_id)
        policy.require(summary.asked_by, Permission.DATASET_COMPUTE, version.dataset)
        if version.busy_with not in ("", job.public_id):
            return SummaryOrder("", b"", {}, turn=False)
        version.busy_with = job.public_id
        version.save(update_fields=("busy_with",))
        asked = {"columns": specs.open_columns(version), "spec": summary.spec, "history": _history(version)}
        return SummaryOrder(version.stored, store.key_of(version), asked)

    def perform(self, order: SummaryOrder, within: float | None = None) -> Ended:
        if not order.turn:
            return Ended(ok=False, reason="another-summary", retry=True)
        answer = children.ask({"do": "summarise", "rows": str(store.rows(order.stored)), **order.asked}, order.key)
        if "answer" in answer:
            return Ended(ok=True, result=answer["answer"])
        code = answer.get("withheld") or _BROKEN[answer["broken"]]
        return Ended(
            ok=False, reason="withheld" if "withheld" in answer else "not-computed", result=code, facts={"code": code}
        )

    def conclude(self, job: Job, ended: Ended) -> None:
        summary = _summary(job)
        DatasetVersion.objects.filter(pk=summary.version_id, busy_with=job.public_id).update(busy_with="")
        summary.ended_at = clock.now()
        summary.answer = ended.result if ended.ok else None
        summary.outcome = "told" if ended.ok else _code(ended)
        summary.save(update_fields=("ended_at", "answer", "outcome"))
        event().also("summary.ended", summary, outcome=summary.outcome)


def _code(ended: Ended) -> str:
    if isinstance(ended.result, str):
        return ended.result
    return {"cancelled": "cancelled", "refused": "no-right"}.get(ended.reason, "broken")


def _history(version: DatasetVersion) -> list[dict]:
    """Everything told about a version so far, to whomever; the same specification once."""
    told: dict[str, dict] = {}
    for summary in Summary.objects.filter(version=version, outcome="told").order_by("id"):
        told.setdefault(specs.text_of(summary.spec), {"spec": summary.spec, "told": summary.answer["told"]})
    return list(told.values())


def _summary(job: Job) -> Summary:
    rows = Summary.objects.select_related("version__dataset__study", "asked_by")
    return rows.get(public_id=job.subject)
