"""The keeper's duties on access: ends written down, late requests remembered; nothing here decides who may."""

from portal.access import grantable, notices
from portal.access.action import action, event
from portal.access.models import AccessRequest, Grant
from portal.access.permissions import Permission
from portal.access.requests import REMIND_AFTER
from portal.access.states import GrantKind, RequestState
from portal.core import clock

ROUND = 200
# DICOM audit code of the end of emergency access.
STOPPED = "110138"


@action(Permission.GRANT_SETTLE, verb="grant.expired", on=Grant)
def _expire(*, by, on) -> None:
    """Write down that an access ran out; that it did so is asked in every query, not here."""
    on.ended_at = on.until
    on.save(update_fields=("ended_at",))
    event().note(kind=on.kind, person=on.person.public_id if on.person else on.group.name)
    if on.kind == GrantKind.BREAK_GLASS:
        event().note(dicom=STOPPED)


@action(Permission.GRANT_SETTLE, verb="access-request.reminded")
def _remind(*, by, on=None) -> int:
    late = AccessRequest.objects.filter(
        state=RequestState.PENDING, asked_at__lt=clock.now() - REMIND_AFTER, reminded_at__isnull=True
    )
    found = list(late.exclude(owner_id="")[:ROUND])
    for request in found:
        notices.tell(grantable.deciders(request), "request-waits", request.public_id)
    AccessRequest.objects.filter(pk__in=[request.pk for request in found]).update(reminded_at=clock.now())
    if not found:
        event().skip()
    event().note(requests=len(found))
    return len(found)


def settle(*, by) -> int:
    """Write down the ends that have come and remind those who let a request wait."""
    over = Grant.objects.filter(ended_at__isnull=True, until__lte=clock.now()).select_related("person", "group")
    found = list(over.order_by("until")[:ROUND])
    for grant in found:
        _expire(by=by, on=grant)
    return len(found) + _remind(by=by)
