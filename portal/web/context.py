"""What the frame of every page shows: the doors of this person's roles and the demonstration's banner."""

from django.conf import settings
from django.urls import reverse

from portal.access import cases, sessions
from portal.access.actors import rights_of
from portal.access.permissions import Permission as P
from portal.records import emergency
from portal.web.account import single_sign_on

DOORS = (
    ("clinic:patients", "My patients", "user-group", P.PATIENT_LIST),
    ("lab:models", "Models", "beaker", P.MODEL_SEE),
    ("lab:datasets", "Datasets", "table-cells", P.DATASET_SEE),
    ("oversight:approvals", "Approvals", "clipboard-document-check", P.MODEL_REVIEW),
    ("oversight:cases", "Cases", "briefcase", P.CASE_REVIEW),
    ("oversight:access", "Why access", "question-mark-circle", P.ACCESS_EXPLAIN),
    ("oversight:events", "Audit log", "shield-check", P.AUDIT_READ),
    ("oversight:routes", "Routes", "map", P.AUDIT_READ),
    ("hospital:people", "Hospital", "building-office-2", P.PERSON_MANAGE),
    ("admin:index", "Administration", "cog-6-tooth", P.QUOTA_SET),
    ("system", "System", "server", P.SYSTEM_SEE),
)


def frame(request) -> dict:
    """Doors in a fixed order, each with whether one is behind it now."""
    person = getattr(request, "user", None)
    signed_in = person is not None and person.is_authenticated
    return {
        "doors": _doors(request, person) if signed_in else [],
        "emergencies": emergency.live_grants(person) if signed_in and P.BREAK_GLASS in rights_of(person) else [],
        "session_left": sessions.left(request)[0] if signed_in and hasattr(request, "session") else 0,
        "single_sign_on": {} if signed_in else single_sign_on.link(),
        "local_login": settings.LOCAL_LOGIN,
        "demo_banner": "Demonstration. Invented people only; the sign-in asks for the password alone."
        if settings.DEMO
        else "",
    }


def _doors(request, person) -> list[dict]:
    rights = rights_of(person)
    within = [url for name, *_ in DOORS if request.path.startswith(url := reverse(name))]
    return [
        {
            "url": reverse(name),
            "label": label,
            "icon": icon,
            "current": reverse(name) == max(within, key=len, default=""),
            "waiting": cases.open_count(person) if right == P.CASE_REVIEW else 0,
        }
        for name, label, icon, right in DOORS
        if right in rights
    ]
