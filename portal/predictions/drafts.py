"""What somebody has typed into a form and not yet run: kept for a day, given back on the same form alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.predictions.models import Draft
from portal.records.models import Patient
from portal.records.queries import require_in_use, with_ward

KEPT_FOR = timedelta(hours=24)
LARGEST, PAUSE = 64 * 1024, 600.0


@dataclass(frozen=True)
class Found:
    """A draft that came back, and of when it is."""

    typed: dict[str, str]
    kept_at: datetime


@action(Permission.PREDICTION_RUN, verb="prediction.draft-kept", on=Patient, rows=with_ward)
def keep(*, by, on, version, typed) -> None:
    """Keep what was typed so far; only the first of a form is an event, the rest are the same act going on."""
    policy.require(by, Permission.PREDICTION_RUN, version)
    require_in_use(on)
    if sum(len(text) for text in typed.values()) > LARGEST:
        event().skip()
        return
    whose = {"person": by, "patient": on, "version": version}
    _, new = Draft.objects.update_or_create(**whose, defaults={"typed": dict(typed), "kept_at": clock.now()})
    event().note(model=version.model.slug)
    if not new:
        event().skip()


@action(Permission.PREDICTION_RUN, verb="prediction.draft-dropped", on=Patient, rows=with_ward)
def drop(*, by, on, version) -> None:
    """Throw one's draft away, because it was run or is not wanted."""
    policy.require(by, Permission.PREDICTION_RUN, version)
    if not Draft.objects.filter(person=by, patient=on, version=version).delete()[0]:
        event().skip()


@action(Permission.GRANT_SETTLE, verb="prediction.drafts-expired")
def sweep(*, by, on=None) -> int:
    """A duty of the keeper: throw away what was kept for its day, whether or not anybody types anything since."""
    gone, _ = Draft.objects.filter(kept_at__lt=clock.now() - KEPT_FOR).delete()
    if not gone:
        event().skip()
    event().note(drafts=gone)
    return gone


def of(by, patient: Patient, version) -> Found | None:
    """One's draft of a form, for the action that opens it."""
    since = clock.now() - KEPT_FOR
    row = Draft.objects.filter(person_id=by.pk, patient=patient, version=version, kept_at__gt=since).first()
    return Found(row.typed, row.kept_at) if row else None
