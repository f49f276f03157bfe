"""Emergency accesses in force: whose they are, and what is done meanwhile is filed under emergency treatment."""

from portal.access import actors
from portal.access.models import Grant
from portal.access.states import GrantKind
from portal.core import clock, prepared

EMERGENCY_TREATMENT = "ETREAT"


def live_grants(by) -> list[Grant]:
    """This person's emergency accesses in force, the next to end first."""
    return prepared.rows("emergencies", _live, by.pk)


def purpose_of(by, patient: str) -> str:
    """Emergency treatment while this person, at the screen, holds an emergency access to the patient; else empty."""
    if not patient or by is None or not by.is_authenticated or not actors.at_the_bedside(by):
        return ""
    return EMERGENCY_TREATMENT if any(grant.object_id == patient for grant in live_grants(by)) else ""


def _live(person: int):
    now = clock.now()
    rows = Grant.objects.filter(person_id=person, kind=GrantKind.BREAK_GLASS, since__lte=now, until__gt=now)
    return rows.order_by("until")
