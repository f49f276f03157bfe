"""Where and until when an approval holds: narrowing it to wards, and the reminders before its last day."""

from datetime import timedelta

from portal.access import notices
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.records.models import CareUnit
from portal.registry import moving
from portal.registry.models import ExpiryReminder, ModelVersion
from portal.registry.review import seats
from portal.registry.states import RENEW_DAYS, VersionState

# So many days before the last one, once each, owner and committee are reminded; and how often that is looked at.
REMIND_BEFORE = (RENEW_DAYS, 30, 7)
PAUSE = 600.0


@action(Permission.MODEL_REVIEW, verb="model.wards-narrowed", on=ModelVersion)
def narrow(*, by, on, care_units) -> None:
    """Limit a version to fewer wards before anyone has signed; raises BadInput when that would widen it."""
    version, wanted = moving.locked(on), set(care_units)
    if version.state != VersionState.SUBMITTED:
        raise Conflict(
            f"The wards are fixed once a reviewer has signed; this version is {version.get_state_display()}."
        )
    asked = set(version.care_units.all())
    if not wanted:
        raise BadInput({"wards": "Choose at least one ward."})
    if asked and not wanted <= asked:
        raise BadInput({"wards": "A version is not given to wards for which it was not proposed."})
    version.care_units.set(wanted)
    event().note(wards=len(wanted), before=len(asked))


def wards() -> list[CareUnit]:
    """The wards that a version can be limited to."""
    return list(CareUnit.objects.filter(practice=False).order_by("name"))


def proposed(version: ModelVersion) -> list[CareUnit]:
    """The wards for which a version was proposed; all of them where none is named."""
    return list(version.care_units.order_by("name")) or wards()


@action(Permission.GRANT_SETTLE, verb="model.expiry-reminded")
def remind(*, by, on=None) -> int:
    """Remind owner and committee of approvals that end soon; returns how many versions."""
    found = [(version, days) for version in _ending() if (days := _due(version)) is not None]
    for version, days in found:
        ExpiryReminder.objects.create(version=version, last_day=version.expires_on, days=days)
        notices.tell(owner_and_committee(version), "model-expiring", version.public_id)
    if not found:
        event().skip()
    event().note(versions=len(found))
    return len(found)


def _ending():
    today = clock.today()
    rows = ModelVersion.objects.filter(
        state__in=(VersionState.APPROVED, VersionState.SUSPENDED), expires_on__gte=today,
        expires_on__lte=today + timedelta(days=max(REMIND_BEFORE)),
    )  # fmt: skip
    return rows.select_related("model__owner")


def _due(version: ModelVersion) -> int | None:
    left = (version.expires_on - clock.today()).days
    days = min(before for before in REMIND_BEFORE if left <= before)
    sent = version.reminders.filter(last_day=version.expires_on, days__lte=days)
    return None if sent.exists() else days


def owner_and_committee(version: ModelVersion) -> list[User]:
    """Whoever answers for a version or decides about it, as far as they are still here."""
    people = {person.pk: person for person in (version.model.owner, *seats.committee()) if person}
    return [person for person in people.values() if person.is_active]
