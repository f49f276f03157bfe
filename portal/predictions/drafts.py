"""What somebody has typed into a form and not yet run: kept for a day, given back on the same form alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.ids import LENGTH
from portal.predictions.models import Draft
from portal.records.models import Patient
from portal.records.queries import require_in_use, with_ward

KEPT_FOR = timedelta(hours=24)
LARGEST, PAUSE, MOST_ENDED = 64 * 1024, 600.0, 200


@dataclass(frozen=True)
class Found:
    """A draft that came back, and of when it is."""

    typed: dict[str, str]
    kept_at: datetime


@action(Permission.PREDICTION_RUN, verb="prediction.draft-kept", on=Patient, rows=with_ward)
def keep(*, by, on, version, typed, page="") -> bool:
    """Keep what was typed so far; only the first of a form is an event, the rest are the same act going on.

    False, and nothing is kept, from a page whose form was run or discarded meanwhile.
    """
    policy.require(by, Permission.PREDICTION_RUN, version)
    require_in_use(on)
    if sum(len(text) for text in typed.values()) > LARGEST:
        event().skip()
        return False
    row = _hold(by, on, version)
    if row.typed or _is_over(row, page):
        event().skip()
    if _is_over(row, page):
        return False
    row.typed, row.kept_at = dict(typed), clock.now()
    row.save(update_fields=("typed", "kept_at"))
    event().note(model=version.model.slug)
    return True


@action(Permission.PREDICTION_RUN, verb="prediction.draft-dropped", on=Patient, rows=with_ward)
def drop(*, by, on, version, page="") -> None:
    """Throw one's draft away, because it was run or is not wanted, and take nothing more from its page."""
    policy.require(by, Permission.PREDICTION_RUN, version)
    row = _hold(by, on, version)
    if not row.typed:
        event().skip()
    row.typed, row.kept_at, row.ended = {}, clock.now(), [*row.ended, page[:LENGTH]][-MOST_ENDED:]
    row.save(update_fields=("typed", "kept_at", "ended"))


def _hold(by, on: Patient, version) -> Draft:
    """The one row of a form, held until the transaction ends: what is on its way is kept before its end or not at all."""
    whose = {"person_id": by.pk, "patient": on, "version": version}
    Draft.objects.get_or_create(**whose, defaults={"typed": {}, "kept_at": clock.now()})
    return Draft.objects.select_for_update().get(**whose)


def _is_over(row: Draft, page: str) -> bool:
    # A page that does not say which it is may be any of those that ended.
    return page in row.ended if page else bool(row.ended)


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
    return Found(row.typed, row.kept_at) if row and row.typed else None
