"""Reserving, settling and refunding what a job uses: a double-entry ledger that cannot be overdrawn."""

from datetime import date

from django.conf import settings
from django.db.models import F

from portal.compute.models import Job, LedgerEntry, Quota, QuotaUse
from portal.core import clock
from portal.core.problems import Exhausted

RESOURCE = "predictions"


def limit_of(person) -> int:
    """How many predictions this person may run a day."""
    own = Quota.objects.filter(person=person, resource=RESOURCE).values_list("daily_limit", flat=True).first()
    return settings.PREDICTIONS_A_DAY if own is None else own


def taken_today(person) -> int:
    """How many of them are reserved or used today."""
    row = QuotaUse.objects.filter(person=person, resource=RESOURCE, day=clock.now().date())
    return row.values_list("taken", flat=True).first() or 0


def reserve(job: Job) -> None:
    """Take one from the person's day in one conditional update; raises Exhausted at the limit."""
    day, limit = clock.now().date(), limit_of(job.created_by)
    if not _take(job.created_by, day, limit):
        raise Exhausted(f"Your {limit} predictions for today are used. The count starts again at midnight UTC.")
    LedgerEntry.objects.create(
        job=job, kind="reserve", debit="available", credit="reserved", resource=RESOURCE, day=day
    )


def close(job: Job, *, used: bool) -> None:
    """Settle or refund a job's reservation; the unique entry makes a second call fail rather than pay twice."""
    reserved = job.ledger.get(kind="reserve")
    target = "used" if used else "available"
    LedgerEntry.objects.create(
        job=job, kind="close", debit="reserved", credit=target, resource=RESOURCE, day=reserved.day
    )
    if not used:
        _uses(job.created_by, reserved.day).update(taken=F("taken") - 1)


def _take(person, day: date, limit: int) -> bool:
    if limit == 0:
        return False
    rows = _uses(person, day)
    if rows.filter(taken__lt=limit).update(taken=F("taken") + 1):
        return True
    QuotaUse.objects.bulk_create([QuotaUse(person=person, resource=RESOURCE, day=day, taken=0)], ignore_conflicts=True)
    return bool(rows.filter(taken__lt=limit).update(taken=F("taken") + 1))


def _uses(person, day: date):
    return QuotaUse.objects.filter(person=person, resource=RESOURCE, day=day)
