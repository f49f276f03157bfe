"""What a job of each kind does; upper apps register theirs in AppConfig.ready."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Ended:
    """How a job ended: `reason` is a code of reasons.REASONS; `result` is the executor's own."""

    ok: bool
    reason: str = "done"
    result: Any = None
    retry: bool = False
    facts: dict = field(default_factory=dict)


class Executor(Protocol):
    """One kind of job in three steps; the first and last run inside a transaction, the middle one outside."""

    def prepare(self, job) -> Any:
        """Check that the job may still run and gather what it needs; raises Problem to refuse it."""

    def perform(self, order, within: float | None = None) -> Ended:
        """Do the work, or give the job back when it takes longer than `within` seconds; touches no database."""

    def conclude(self, job, ended: Ended) -> None:
        """Store the result, or why there is none."""

    # One whose work can be asked for again has `again(job, by) -> Job`, the new one; it asks the policy as the first did.
    # One that must not give out everything that came of its work also has `allow(job, ended) -> Ended`, asked when a
    # job is settled, in the same transaction.


EXECUTORS: dict[str, Executor] = {}
_UNCHARGED: set[str] = set()


def register(kind: str, executor: Executor, *, charged: bool = True) -> None:
    """Teach the workers a kind of job; one that is not `charged` takes nothing of a person's predictions."""
    EXECUTORS[kind] = executor
    if not charged:
        _UNCHARGED.add(kind)


def allow(job, ended: Ended) -> Ended:
    """What of a job's end may be given out now; work that took a while may not be wanted any more."""
    asked = getattr(EXECUTORS[job.kind], "allow", None)
    return asked(job, ended) if asked and ended.ok else ended


def is_charged(kind: str) -> bool:
    """Whether a job of this kind takes one of a person's predictions."""
    return kind not in _UNCHARGED
