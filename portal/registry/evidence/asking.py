"""Running a version's cases: at its submission, after a change, when somebody asks, and every night."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from portal.compute import actions as compute
from portal.compute.states import FINAL
from portal.core import clock
from portal.core.ids import new_id
from portal.registry.models import AcceptanceCase, AcceptanceRun, ModelVersion
from portal.registry.states import VersionState

KIND = "acceptance"


def begin(version: ModelVersion, why: str, *, by=None) -> AcceptanceRun | None:
    """Put a run of a version's cases in the queue, inside the caller's action; None where it has no cases.

    Somebody who asks while a run waits or goes on gets that one.
    """
    if not version.cases.exists():
        return None
    going = AcceptanceRun.objects.filter(version=version).exclude(job__state__in=FINAL).first()
    if going and why != "change":
        return going
    public_id = new_id()
    job = compute.enqueue(by=by or version.created_by, kind=KIND, subject=public_id, purpose="evidence")
    return AcceptanceRun.objects.create(public_id=public_id, version=version, job=job, why=why, asked_by=by)


def due(now: datetime | None = None) -> list[ModelVersion]:
    """The approved versions with cases that have not been asked for since the last hour of the nightly run, and go on in none."""
    rows = ModelVersion.objects.filter(state=VersionState.APPROVED).select_related("model__study", "created_by")
    going = AcceptanceRun.objects.filter(version=OuterRef("pk")).exclude(job__state__in=FINAL)
    rows = rows.filter(Exists(AcceptanceCase.objects.filter(version=OuterRef("pk")))).exclude(Exists(going))
    asked = rows.annotate(last=Max("acceptance_runs__asked_at")).order_by("pk")
    hour = _latest_hour(now or clock.now())
    return [version for version in asked if not version.expired and (version.last is None or version.last < hour)]


def _latest_hour(moment: datetime) -> datetime:
    hour, _, minute = settings.CASES_AT.partition(":")
    now = timezone.localtime(moment)
    today = timezone.make_aware(datetime.combine(now.date(), time(int(hour), int(minute or 0))))
    return today if today <= now else today - timedelta(days=1)
