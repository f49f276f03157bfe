"""Reads of the formulary."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from portal.access import policy
from portal.access.permissions import Permission
from portal.core import clock
from portal.registry.models import ModelVersion, RegisteredModel
from portal.registry.states import RENEW_DAYS, WAITING, VersionState


def models_seen(by) -> QuerySet[RegisteredModel]:
    """The models this person may know of, each with the versions they may see, newest first."""
    rows = policy.visible_to(RegisteredModel.objects.select_related("study"), by, Permission.MODEL_SEE)
    return rows.prefetch_related(Prefetch("versions", queryset=versions_seen(by).order_by("-number")))


def versions_seen(by) -> QuerySet[ModelVersion]:
    """The versions this person may see."""
    rows = ModelVersion.objects.select_related("model__study", "created_by", "stopped_by")
    return policy.visible_to(rows, by, Permission.MODEL_SEE)


def runnable(by) -> list[ModelVersion]:
    """The newest version of each model that is approved, also for today, and that this clinician may run."""
    rows = policy.visible_to(ModelVersion.objects.select_related("model"), by, Permission.PREDICTION_RUN)
    newest: dict[int, ModelVersion] = {}
    valid = rows.filter(state=VersionState.APPROVED).exclude(expires_on__lt=clock.today())
    for version in valid.order_by("model__title", "-number"):
        newest.setdefault(version.model_id, version)
    return list(newest.values())


@dataclass(frozen=True)
class Waiting:
    """A version that waits, for how many days, and until when it should be decided."""

    version: ModelVersion
    days: int
    due: date

    @property
    def overdue(self) -> bool:
        """Whether that day is over."""
        return self.due < clock.today()


def queue(by) -> list[Waiting]:
    """The versions that wait for this reviewer with their age and due day, oldest first."""
    today, most = clock.today(), timedelta(days=settings.REVIEW_DAYS)
    found = ((version, clock.day_of(version.submitted_at)) for version in waiting(by))
    return [Waiting(version, (today - since).days, since + most) for version, since in found]


def waiting(by) -> QuerySet[ModelVersion]:
    """The versions that wait for this reviewer, oldest first."""
    rows = ModelVersion.objects.filter(state__in=WAITING).select_related("model__study", "created_by")
    return policy.visible_to(rows, by, Permission.MODEL_REVIEW).order_by("submitted_at")


def twins(by, version: ModelVersion) -> list[ModelVersion]:
    """Other versions with the very same files that this person may see: nobody decides twice on one thing unnoticed.

    Those that this one renews are not among them: older ones of the same model that have ended, or end soon.
    """
    rows = versions_seen(by).filter(digest=version.digest).exclude(pk=version.pk)
    soon = clock.today() + timedelta(days=RENEW_DAYS)
    renewed = rows.filter(model=version.model_id, number__lt=version.number, expires_on__lte=soon)
    return list(rows.exclude(pk__in=renewed.values("pk")).order_by("pk"))
