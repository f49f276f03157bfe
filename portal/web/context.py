"""What the frame of every page shows: the doors of this person's roles and the demonstration's banner."""

from django.conf import settings
from django.urls import reverse

from portal.access import cases, grants
from portal.access.actors import at_the_glass, rights_of
from portal.access.models import Notice
from portal.access.permissions import Permission as P
from portal.core import clock

DOORS = (
    ("clinic:patients", "My patients", "user-group", P.PATIENT_LIST),
    ("lab:models", "Models", "beaker", P.MODEL_SEE),
    ("oversight:approvals", "Approvals", "clipboard-document-check", P.MODEL_REVIEW),
    ("oversight:events", "Audit log", "shield-check", P.AUDIT_READ),
    ("oversight:cases", "Cases", "folder-open", P.CASE_REVIEW),
    ("admin:index", "Administration", "cog-6-tooth", P.QUOTA_SET),
    ("oversight:access", "Why access", "key", P.ACCESS_EXPLAIN),
    ("system", "System", "server", P.SYSTEM_SEE),
)


def frame(request) -> dict:
    """Doors in a fixed order, each with whether one is behind it now."""
    person = getattr(request, "user", None)
    signed_in = person is not None and person.is_authenticated
    return {
        "doors": _doors(request, person) if signed_in else [],
        "told": Notice.objects.filter(person_id=person.pk, read_at__isnull=True).count() if signed_in else 0,
        "emergencies": _emergencies(person) if signed_in else [],
        "offers_emergency": signed_in and P.BREAK_GLASS in rights_of(person) and at_the_glass(person),
        "demo_banner": "Demonstration. Invented people only; the sign-in asks for the password alone."
        if settings.DEMO
        else "",
    }


def _emergencies(person) -> list[dict]:
    """What is open in an emergency now, with the time left, in whole minutes."""
    if not at_the_glass(person):
        return []
    open_now = [
        (grant, int((grant.until - clock.now()).total_seconds() // 60)) for grant in grants.emergencies_of(person)
    ]
    return [{"grant": grant, "hours": left // 60, "minutes": left % 60} for grant, left in open_now]


def _doors(request, person) -> list[dict]:
    rights = rights_of(person)
    waiting = {"oversight:cases": cases.waiting(person)} if P.CASE_REVIEW in rights else {}
    return [
        {
            "url": reverse(name),
            "label": label,
            "count": waiting.get(name, 0),
            "icon": icon,
            "current": request.path.startswith(reverse(name)),
        }
        for name, label, icon, right in DOORS
        if right in rights
    ]
