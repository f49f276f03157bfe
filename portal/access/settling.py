"""The keeper's duties on access: ends written down, late requests remembered; nothing here decides who may."""

from portal.access import grants, notices
from portal.access.action import action, event
from portal.access.models import AccessRequest, Grant, GrantKind, RequestState
from portal.access.permissions import Permission
from portal.access.requests import REMIND
from portal.core import clock

ROUND = 200
STARTED, STOPPED = "110127", "110138"  # DICOM: Emergency Override Started and Stopped


@action(Permission.GRANT_SETTLE, verb="grant.expired", on=Grant)
def _expire(*, by, on) -> None:
    grants.end(on, by=by, at=on.until)
    event().note(
        kind=on.kind, person=on.person.public_id, **({"dicom": STOPPED} if on.kind == GrantKind.BREAK_GLASS else {})
    )


@action(Permission.GRANT_SETTLE, verb="access.reminded")
def _remind(*, by, on=None) -> int:
    late = AccessRequest.objects.filter(
        state=RequestState.PENDING, asked_at__lt=clock.now() - REMIND, reminded_at__isnull=True
    )
    found = list(late.exclude(owner_id="")[:ROUND])
    for request in found:
        notices.tell(grants.deciders(request), "request-waits", request.public_id)
    AccessRequest.objects.filter(pk__in=[request.pk for request in found]).update(reminded_at=clock.now())
    if not found:
        event().skip()
    event().note(requests=len(found))
    return len(found)


def settle(*, by) -> int:
    """Write down the ends that have come and remind those who let a request wait."""
    over = list(Grant.objects.filter(grants.past()).select_related("person")[:ROUND])
    for grant in over:
        _expire(by=by, on=grant)
    return len(over) + _remind(by=by)
