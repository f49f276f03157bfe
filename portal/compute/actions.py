"""Verbs on jobs and quotas."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.compute import quotas
from portal.compute.executors import EXECUTORS, Ended, allow
from portal.compute.models import Job, Quota
from portal.compute.states import FINAL, TRANSITIONS, JobState
from portal.core import clock
from portal.core.ids import new_id
from portal.core.problems import BadInput, Conflict, Problem

FIRST_NUDGE, LAST_NUDGE = 3, 15


@dataclass(frozen=True)
class OwnQuota:
    """How much of something a person may use a day, and how much is taken."""

    id: str
    resource: str
    daily_limit: int
    taken_today: int


@dataclass(frozen=True)
class Lease:
    """A worker's hold on a job: nobody else settles it while the lease lives."""

    job: str
    kind: str
    holder: str
    order: object


def enqueue(*, by, kind: str, subject: str, patient: str = "", purpose: str = "clinical") -> Job:
    """Put a job in the queue inside the caller's action: row, reservation, and a nudge after commit."""
    job = Job.objects.create(kind=kind, subject=subject, patient=patient, created_by=by, purpose=purpose)
    quotas.reserve(job)
    transaction.on_commit(lambda: nudge(job.public_id))
    return job


def carried_out(
    *, by, kind: str, subject: str, patient: str, began: datetime, ended: Ended, purpose: str = "clinical"
) -> Job:
    """Write down a job that the caller's action has done by itself: row, reservation and settlement in one go."""
    state = JobState.SUCCEEDED if ended.ok else JobState.FAILED
    job = Job.objects.create(
        kind=kind, subject=subject, patient=patient, created_by=by, purpose=purpose, state=state, reason=ended.reason, attempt=1,
        created_at=began, started_at=began, ended_at=clock.now(),
    )  # fmt: skip
    quotas.reserve_and_close(job, used=ended.ok)
    event().also("job.ended", job, state=state, reason=ended.reason, attempt=1, **ended.facts)
    return job


def nudge(job_id: str) -> None:
    """Tell the workers; a broker that is down loses nothing, the reconciler nudges again."""
    from portal.compute.tasks import publish

    publish(job_id)


@action(Permission.JOB_WORK, verb="job.started", on=Job)
def claim(*, by, on) -> Lease | None:
    """Take a waiting job for this worker and prepare it; None when another has it or it was refused."""
    holder, now = new_id(), clock.now()
    taken = Job.objects.filter(pk=on.pk, state=JobState.PENDING, attempt=on.attempt).update(
        state=JobState.RUNNING, reason="working", holder=holder, attempt=F("attempt") + 1,
        started_at=now, lease_until=now + _lease(),
    )  # fmt: skip
    if not taken:
        event().skip()
        return None
    on.state, on.reason, on.holder, on.attempt = JobState.RUNNING, "working", holder, on.attempt + 1
    on.started_at, on.lease_until = now, now + _lease()
    event().note(attempt=on.attempt)
    try:
        order = EXECUTORS[on.kind].prepare(on)
    except Problem as problem:
        _end(on, Ended(ok=False, reason="refused", result=problem))
        event().note(refused=problem.code)
        return None
    return Lease(on.public_id, on.kind, holder, order)


@action(Permission.JOB_WORK, verb="job.renewed", on=Job)
def renew(*, by, on, holder) -> bool:
    """Say that the worker lives; False when the job is no longer its own."""
    event().skip()
    mine = Job.objects.filter(pk=on.pk, state=JobState.RUNNING, holder=holder)
    return bool(mine.update(lease_until=clock.now() + _lease()))


@action(Permission.JOB_WORK, verb="job.ended", on=Job)
def settle(*, by, on, holder, ended) -> bool:
    """Store how a job ended; False, and nothing stored, when the lease was lost to another worker."""
    if on.state != JobState.RUNNING:
        event().skip()
        return False
    if ended.retry:
        # Waiting for a part of ours that is down is no fault of the job: it costs no attempt.
        on.attempt -= 1
        held = _requeue(on, ended.reason, now=False, holder=holder)
    else:
        ended = allow(on, ended)
        held = _end(on, ended, holder=holder)
    if not held:
        event().skip()
        return False
    event().note(state=on.state, reason=on.reason, attempt=on.attempt, **ended.facts)
    return True


@action(Permission.JOB_CANCEL, verb="job.cancelled", on=Job)
def cancel(*, by, on) -> Job:
    """Stop a job that is not done; its reservation is given back."""
    job = Job.objects.select_for_update().get(pk=on.pk)
    if job.state in FINAL:
        raise Conflict(f"The job is already {job.get_state_display()}; there is nothing left to cancel.")
    _end(job, Ended(ok=False, reason="cancelled"), state=JobState.CANCELLED)
    return job


@action(Permission.JOB_CANCEL, verb="job.rerun", on=Job)
def rerun(*, by, on) -> Job:
    """Ask for the same work once more, as a new job; raises Conflict for one that has not ended, or is begun elsewhere."""
    again = getattr(EXECUTORS[on.kind], "again", None)
    if on.state not in FINAL:
        raise Conflict(f"The job is {on.get_state_display()}; only one that has ended is run again.")
    if again is None:
        raise Conflict("Work of this kind is begun again on the page on which it was asked for.")
    made = again(on, by)
    event().note(again=made.public_id)
    return made


@action(Permission.JOB_SEE, verb="job.opened", on=Job)
def open_job(*, by, on) -> Job:
    """One job."""
    return on


@action(Permission.JOB_WORK, verb="jobs.reconciled")
def reconcile(*, by, on=None) -> dict[str, int]:
    """Find what the broker or a worker lost: nudge waiting jobs again, take back jobs whose lease ran out."""
    lost, late = _take_back(), _give_up()
    waiting = _nudge_again()
    if not lost and not late:
        event().skip()
    event().note(lost=lost, late=late)
    return {"lost": lost, "late": late, "nudged": waiting}


@action(Permission.SYSTEM_SEE, verb="system.viewed")
def view_system(*, by, on=None) -> dict[str, int]:
    """How many jobs are in each state that is not an end, and how many ended today."""
    today = clock.today()
    open_jobs = Job.objects.exclude(state__in=FINAL).values_list("state").annotate(count=Count("pk"))
    ended = Job.objects.filter(ended_at__date=today).exclude(purpose=quotas.PRACTICE)
    return dict(open_jobs) | {"ended today": ended.count()}


@action(Permission.QUOTA_SET, verb="quota.set", on=User)
def set_quota(*, by, on, daily_limit) -> Quota:
    """Say how many predictions a person may run a day."""
    if not 0 <= daily_limit <= 1_000_000:
        raise BadInput({"daily_limit": f"A daily limit is from 0 to 1,000,000; {daily_limit} was given."})
    quota, _ = Quota.objects.update_or_create(
        person=on, resource=quotas.RESOURCE, defaults={"daily_limit": daily_limit}
    )
    event().note(resource=quotas.RESOURCE, daily_limit=daily_limit)
    return quota


def _lease() -> timedelta:
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _move(job: Job, state: str) -> None:
    if state not in TRANSITIONS[JobState(job.state)]:
        raise Conflict(f"A job that is {job.get_state_display()} cannot become {JobState(state).label}.")
    job.state = state


def _end(job: Job, ended: Ended, state: str = "", *, holder: str | None = None) -> bool:
    _move(job, state or (JobState.SUCCEEDED if ended.ok else JobState.FAILED))
    job.reason, job.ended_at = ended.reason, clock.now()
    if not _let_go(job, holder):
        return False
    quotas.close(job, used=ended.ok)
    EXECUTORS[job.kind].conclude(job, ended)
    return True


def _requeue(job: Job, reason: str, *, now: bool = True, holder: str | None = None) -> bool:
    _move(job, JobState.PENDING)
    job.reason, job.nudges, job.nudged_at = reason, 1, clock.now()
    if not _let_go(job, holder):
        return False
    if now:
        transaction.on_commit(lambda: nudge(job.public_id))
    return True


def _let_go(job: Job, holder: str | None) -> bool:
    """Store a job that nobody works on any more; False when `holder` is named and does not hold it now."""
    rows = Job.objects.filter(pk=job.pk)
    if holder is not None:
        rows = rows.filter(state=JobState.RUNNING, holder=holder)
    job.holder, job.lease_until = "", None
    changed = ("state", "reason", "holder", "lease_until", "attempt", "nudges", "nudged_at", "ended_at")
    return bool(rows.update(**{name: getattr(job, name) for name in changed}))


@action(Permission.QUOTA_SEE, verb="quota.seen")
def see_quota(*, by, on=None) -> OwnQuota:
    """What the person who asks may use a day and has taken today; nobody else's."""
    return OwnQuota(
        f"{by.public_id}-{quotas.RESOURCE}", quotas.RESOURCE, quotas.limit_of(by.pk), quotas.taken_today(by.pk)
    )


def _take_back() -> int:
    expired = Job.objects.select_for_update(skip_locked=_skip_locked()).filter(
        state=JobState.RUNNING, lease_until__lt=clock.now()
    )
    jobs = list(expired)
    for job in jobs:
        if job.attempt >= settings.JOB_MAX_ATTEMPTS:
            _end(job, Ended(ok=False, reason="worker-lost-often"))
        else:
            _requeue(job, "worker-lost")
    return len(jobs)


def _give_up() -> int:
    """End what has waited longer than anybody waits for it."""
    since = clock.now() - timedelta(hours=settings.JOB_DEADLINE_HOURS)
    waiting = Job.objects.select_for_update(skip_locked=_skip_locked())
    jobs = list(waiting.filter(state=JobState.PENDING, created_at__lt=since)[:500])
    for job in jobs:
        _end(job, Ended(ok=False, reason="too-late"))
    return len(jobs)


def _nudge_again() -> int:
    now = clock.now()
    due = Q()
    for nudges in range(1, 4):
        pause = min(FIRST_NUDGE * 2 ** (nudges - 1), LAST_NUDGE)
        due |= Q(nudges=nudges, nudged_at__lt=now - timedelta(seconds=pause))
    due |= Q(nudges__gte=4, nudged_at__lt=now - timedelta(seconds=LAST_NUDGE))
    ids = list(Job.objects.filter(due, state=JobState.PENDING).values_list("public_id", flat=True)[:500])
    Job.objects.filter(public_id__in=ids, nudges__lt=30_000).update(nudges=F("nudges") + 1, nudged_at=now)
    for job_id in ids:
        transaction.on_commit(lambda job_id=job_id: nudge(job_id))
    return len(ids)


def _skip_locked() -> bool:
    from django.db import connection

    return connection.features.has_select_for_update_skip_locked
