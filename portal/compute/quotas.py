"""Reserving, settling and refunding what a job uses: a double-entry ledger that cannot be overdrawn."""

from datetime import date

from django.conf import settings
from django.db.models import F

from portal.compute.executors import is_charged
from portal.compute.models import Job, LedgerEntry, Quota, QuotaUse
from portal.core import clock, prepared
from portal.core.problems import Exhausted

RESOURCE = "predictions"
# The purpose of a job for an invented patient: it takes nothing of anybody's day and is counted nowhere. It does take
# the same machines, so there is an end to it as well.
PRACTICE = "practice"


def limit_of(person: int) -> int:
    """How many predictions the person with this key may run a day."""
    own = prepared.rows("quota", _own_limit, person)
    return own[0] if own else settings.PREDICTIONS_A_DAY


def _own_limit(person: int):
    return Quota.objects.filter(person_id=person, resource=RESOURCE).values_list("daily_limit", flat=True)


def taken_today(person: int) -> int:
    """How many of them are reserved or used today."""
    row = QuotaUse.objects.filter(person_id=person, resource=RESOURCE, day=clock.now().date())
    return row.values_list("taken", flat=True).first() or 0


def reserve(job: Job) -> None:
    """Take one from the person's day, that of the job's making, in one conditional update; raises Exhausted."""
    if not _charged(job):
        _count_practice(job)
        return
    day, limit = job.created_at.date(), limit_of(job.created_by_id)
    if not _take(job.created_by_id, day, limit):
        raise _exhausted(limit)
    LedgerEntry.objects.create(
        job=job, kind="reserve", debit="available", credit="reserved", resource=RESOURCE, day=day
    )


def reserve_and_close(job: Job, *, used: bool) -> None:
    """Both movements of a job that is over when it is written down; raises Exhausted at the limit."""
    if not _charged(job):
        _count_practice(job)
        return
    day, limit, target = job.created_at.date(), limit_of(job.created_by_id), "used" if used else "available"
    if used and not _take(job.created_by_id, day, limit):
        raise _exhausted(limit)
    ways = (("reserve", "available", "reserved"), ("close", "reserved", target))
    LedgerEntry.objects.bulk_create(
        LedgerEntry(job=job, kind=kind, debit=debit, credit=credit, resource=RESOURCE, day=day)
        for kind, debit, credit in ways
    )


def close(job: Job, *, used: bool) -> None:
    """Settle or refund a job's reservation; the unique entry makes a second call fail rather than pay twice."""
    if not _charged(job):
        return
    day, target = job.created_at.date(), "used" if used else "available"
    LedgerEntry.objects.create(job=job, kind="close", debit="reserved", credit=target, resource=RESOURCE, day=day)
    if not used:
        _uses(job.created_by_id, day).update(taken=F("taken") - 1)


def _charged(job: Job) -> bool:
    return is_charged(job.kind) and job.purpose != PRACTICE


def _count_practice(job: Job) -> None:
    if not is_charged(job.kind):
        return
    most = settings.PREDICTIONS_A_DAY
    if not _take(job.created_by_id, job.created_at.date(), most, PRACTICE):
        raise Exhausted(f"Your {most} practice runs for today are used. The count starts again at midnight UTC.")


def _exhausted(limit: int) -> Exhausted:
    return Exhausted(f"Your {limit} predictions for today are used. The count starts again at midnight UTC.")


def _take(person: int, day: date, limit: int, resource: str = RESOURCE) -> bool:
    if limit == 0:
        return False
    rows = _uses(person, day, resource)
    if rows.filter(taken__lt=limit).update(taken=F("taken") + 1):
        return True
    QuotaUse.objects.bulk_create(
        [QuotaUse(person_id=person, resource=resource, day=day, taken=0)], ignore_conflicts=True
    )
    return bool(rows.filter(taken__lt=limit).update(taken=F("taken") + 1))


def _uses(person: int, day: date, resource: str = RESOURCE):
    return QuotaUse.objects.filter(person_id=person, resource=resource, day=day)
