"""What people hold and gave: listing grants, and ending those that were given by hand."""

from dataclasses import dataclass

from portal.access import grantable, grants, notices, policy
from portal.access.action import action, event
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.audit import purposes
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import Conflict

# What counts as having opened something, rather than having seen it in a list.
OPENED = (
    "patient.opened", "prediction.form-opened", "prediction.opened", "prediction.page-opened", "prediction.followed",
    "prediction.requested",
)  # fmt: skip
BY_HAND = (GrantKind.SHARE, GrantKind.REQUEST)
_ROWS = Grant.objects.select_related("person", "given_by", "group").order_by("-id")


@dataclass(frozen=True)
class Holding:
    """One grant as its person, its giver and the API see it; a patient has no name here."""

    grant: Grant
    name: str
    object_id: str
    may: str
    purpose: str
    given_by: str
    words: str

    @property
    def by_hand(self) -> bool:
        """Whether it was given by a colleague and can be given back or taken back."""
        return self.grant.kind in BY_HAND


@action(Permission.GRANT_SEE, verb="grant.listed")
def list_grants(*, by, on=None, limit=100, before=None, held_by=None, given_by=None) -> list[Holding]:
    """Grants, newest first: those a person holds, those one gave to others, or all that one may see."""
    rows = policy.visible_to(_ROWS.all(), by, Permission.GRANT_SEE)
    rows = rows.filter(person=held_by) if held_by else rows
    rows = rows.filter(given_by=given_by).exclude(person=given_by) if given_by else rows
    found = list((rows.filter(id__lt=before) if before else rows)[:limit])
    event().note(shown=len(found))
    event().each_patient_id(grant.audit_patient for grant in found)
    return _holdings(found, by)


@action(Permission.GRANT_SEE, verb="grant.opened", on=Grant, rows=_ROWS.all)
def open_grant(*, by, on) -> Holding:
    """One grant."""
    return _holdings([on], by)[0]


@action(Permission.GRANT_END, verb="grant.ended", on=Grant, rows=_ROWS.all)
def end_grant(*, by, on) -> int:
    """End a share or granted request now; returns how often its person has looked, which nothing takes back."""
    if not on.live and on.state == "over":
        raise Conflict("This access has ended already.")
    seen = views_under(on)
    grants.end_one(on, by=by)
    if on.kind == GrantKind.SHARE and on.person_id != by.pk:
        notices.tell([on.person], "share-ended", on.public_id)
    event().note(person=on.person.public_id, kind=on.kind, seen=seen)
    return seen


def views_under(grant: Grant) -> int:
    """How many times a person has opened something of the patient's since a grant began; the ledger knows."""
    if not grant.audit_patient:
        return 0
    rows = AuditEvent.objects.filter(
        verb__in=OPENED, patient=grant.object_id, actor_id=grant.person.public_id, outcome="ok", recorded_at__gte=grant.since,
        recorded_at__lte=grant.until or clock.now(),
    )  # fmt: skip
    return rows.count()


def _holdings(found: list[Grant], by) -> list[Holding]:
    names, may = grantable.names_of(found), grantable.words_of(found)
    return [
        Holding(
            grant, names.get(grant.object_id, ""), _object_id(grant, by), may.get(grant.codename, grant.codename),
            purposes.WORDS.get(grant.purpose, grant.purpose), grant.given_by.label if grant.given_by else "the portal",
            _words(grant, by),
        )
        for grant in found
    ]  # fmt: skip


def _object_id(grant: Grant, by) -> str:
    # What it was is for those alone who look after access, once the access is over.
    return "" if grant.state == "over" and not by.role_names & {"auditor", "admin"} else grant.object_id


def _words(grant: Grant, by) -> str:
    # A reason may name a patient: those who gave or hold the grant read it, and officers.
    known = by.pk in (grant.person_id, grant.given_by_id) or "auditor" in by.role_names
    return grant.words if known else ""
