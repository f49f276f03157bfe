"""When a job that waits will probably start and end: from those before it and from how long its kind took lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from portal.compute.models import Job
from portal.compute.states import JobState
from portal.core import clock

# From fewer than so many runs nothing is foretold, and older ones than the newest so many do not count.
LEAST, NEWEST = 5, 50


@dataclass(frozen=True)
class Outlook:
    """How many jobs are before one, and when it will probably start and end; None where too little is known."""

    ahead: int = 0
    starts: datetime | None = None
    ends: datetime | None = None


def of(job: Job) -> Outlook:
    """The outlook of a job; empty for one that has ended."""
    if job.state == JobState.PENDING:
        ahead, began = Job.objects.filter(state=JobState.PENDING, pk__lt=job.pk).count(), None
    elif job.state == JobState.RUNNING:
        ahead, began = 0, job.started_at
    else:
        return Outlook()
    takes = usual(job.kind)
    if takes is None:
        return Outlook(ahead)
    at_once = max(1, Job.objects.filter(state=JobState.RUNNING).count())
    starts = began or clock.now() + takes * (ahead / at_once)
    return Outlook(ahead, starts, max(starts + takes, clock.now()))


def usual(kind: str) -> timedelta | None:
    """How long the newest jobs of a kind took, the middle one of them; None from too few."""
    rows = Job.objects.filter(kind=kind, state=JobState.SUCCEEDED, started_at__isnull=False).order_by("-id")
    spans = [ended - started for started, ended in rows.values_list("started_at", "ended_at")[:NEWEST]]
    return median(spans) if len(spans) >= LEAST else None
