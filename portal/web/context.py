"""What the frame of every page shows: the doors of this person's roles and the demonstration's banner."""

from django.conf import settings
from django.urls import reverse

from portal.access import cases, glass, notices, sessions
from portal.access.actors import at_the_bedside, rights_of
from portal.access.permissions import Permission as P
from portal.registry.review import queue
from portal.web import guide
from portal.web.account import single_sign_on

DOORS = (
    ("clinic:patients", "My patients", "user-group", P.PATIENT_LIST),
    ("oversight:approvals", "Approvals", "clipboard-document-check", P.MODEL_REVIEW),
    ("lab:models", "Models", "beaker", P.MODEL_SEE),
    ("lab:datasets", "Datasets", "table-cells", P.DATASET_SEE),
    ("oversight:incidents", "Problems", "exclamation-triangle", P.INCIDENT_REVIEW),
    ("oversight:cases", "Cases", "briefcase", P.CASE_REVIEW),
    ("oversight:requests", "Requests", "inbox", P.CASE_REVIEW),
    ("oversight:access", "Why access", "question-mark-circle", P.ACCESS_EXPLAIN),
    ("oversight:events", "Audit log", "shield-check", P.AUDIT_READ),
    ("oversight:routes", "Routes", "map", P.AUDIT_READ),
    ("hospital:people", "Hospital", "building-office-2", P.PERSON_MANAGE),
    ("admin:index", "Administration", "cog-6-tooth", P.QUOTA_SET),
    ("system", "System", "server", P.SYSTEM_SEE),
)
# The doors behind which something waits for this person, with how much.
WAITING = {
    "oversight:approvals": queue.count,
    "oversight:cases": lambda person: cases.open_count(by=person),
}
# Pages that belong to a door without standing under its address.
BEHIND = {
    "oversight:events": tuple(
        f"/oversight/{part}/" for part in ("reviews", "integrity", "retention", "patients", "people")
    ),
}


def frame(request) -> dict:
    """Doors in a fixed order, each with whether one is behind it now."""
    person = getattr(request, "user", None)
    signed_in = person is not None and person.is_authenticated
    doors = _doors(request, person) if signed_in else []
    return {
        "doors": doors,
        "first_steps": guide.unfinished(person) if doors and doors[0]["url"] == request.path else None,
        "practises": signed_in and P.PREDICTION_RUN in rights_of(person),
        "depth": person.depth if signed_in else "plain",
        "offers_emergency": signed_in and at_the_bedside(person),
        "emergencies": glass.live_grants(person) if signed_in and at_the_bedside(person) else [],
        "told": notices.unread_count(by=person) if signed_in and P.NOTICE_READ in rights_of(person) else 0,
        "session_left": sessions.left(request)[0] if signed_in and hasattr(request, "session") else 0,
        "single_sign_on": {} if signed_in else single_sign_on.link(),
        "local_login": settings.LOCAL_LOGIN,
        "demo_banner": "Demonstration. Invented people only; a user name and a password are enough to sign in."
        if settings.DEMO
        else "",
    }


def _current(path: str, name: str) -> str:
    """What `aria-current` says: this page, something behind this door, or nothing."""
    door, doors = reverse(name), [reverse(other) for other, *_ in DOORS]
    if path == door:
        return "page"
    # A door may lie behind another: the nearest one counts.
    nearest = max((other for other in doors if path.startswith(other)), key=len, default="")
    return "true" if door == nearest or path.startswith(BEHIND.get(name, ())) else ""


def _doors(request, person) -> list[dict]:
    rights = rights_of(person)
    return [
        {
            "url": reverse(name),
            "label": label,
            "icon": icon,
            "current": _current(request.path, name),
            "waiting": WAITING[name](person) if name in WAITING else 0,
        }
        for name, label, icon, right in DOORS
        if right in rights
    ]
