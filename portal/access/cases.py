"""Cases: what emergency access opens, and the review that closes it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.access import notices, policy
from portal.access.action import action, event
from portal.access.models import Case, Grant
from portal.access.permissions import Permission
from portal.access.states import CaseOutcome, GrantKind
from portal.audit import queries as ledger
from portal.audit.models import AuditEvent
from portal.core import clock, turns
from portal.core.problems import BadInput, Conflict

WORKING_DAYS, OFTEN = 3, 3
NOTE_AT_LEAST, TEXT_AT_MOST = 10, 2000
# The four factors by which the risk of a breach is weighed (45 CFR 164.402(2)).
FACTORS = {
    "nature": "What was seen, and how easily it points at the person",
    "recipient": "Who saw it",
    "acquired": "Whether it was really viewed or taken",
    "mitigation": "What has been done to lessen the risk",
}


@dataclass(frozen=True)
class Evidence:
    """A case with what the person did with the record while the access was in force."""

    case: Case
    events: list[ledger.EventView]


def open_case(grant: Grant) -> Case:
    """Open the case of an emergency access, inside the action that gives it; often within a day is urgent."""
    day_ago = clock.now() - timedelta(days=1)
    lately = Grant.objects.filter(person=grant.person, kind=GrantKind.BREAK_GLASS, since__gt=day_ago).count()
    urgent = lately > OFTEN
    case = Case.objects.create(grant=grant, due_on=working_day(clock.today(), WORKING_DAYS), urgent=urgent)
    officers = [officer for officer in notices.officers() if officer.pk != grant.person_id]
    notices.tell(officers, "emergency-often" if urgent else "emergency-opened", case.public_id)
    return case


@action(Permission.CASE_REVIEW, verb="case.listed")
def list_cases(*, by, on=None, closed=False) -> list[Case]:
    """The open cases, urgent and oldest due first; or the newest closed ones."""
    rows = policy.visible_to(Case.objects.select_related("grant__person", "closed_by"), by, Permission.CASE_REVIEW)
    rows = rows.filter(closed_at__isnull=not closed).order_by(*(("-closed_at",) if closed else ("-urgent", "due_on")))
    found = list(rows[:200])
    event().note(shown=len(found), closed=closed)
    return found


@action(Permission.CASE_REVIEW, verb="case.opened", on=Case, rows=lambda: Case.objects.select_related("grant__person"))
def open_evidence(*, by, on) -> Evidence:
    """One case with its evidence."""
    since, until = on.grant.since, on.grant.until
    rows = AuditEvent.objects.filter(
        patient=on.grant.object_id, actor=on.grant.person.username, recorded_at__gte=_before(since),
        recorded_at__lte=until,
    )  # fmt: skip
    return Evidence(on, [ledger.view_of(row) for row in rows.order_by("id")[:500]])


@action(Permission.CASE_REVIEW, verb="case.closed", on=Case, rows=lambda: Case.objects.select_related("grant__person"))
def close(*, by, on, outcome, note, assessment=None) -> None:
    """Close a case with what the review found; what was not appropriate needs the four factors of 45 CFR 164.402."""
    turns.take(on)
    if on.closed_at:
        raise Conflict("This case is closed already.")
    if on.grant.person_id == by.pk:
        raise Conflict("Nobody reviews their own access; another officer closes this case.")
    _check(outcome, note.strip(), assessment or {})
    on.outcome, on.note, on.closed_at, on.closed_by = outcome, note.strip(), clock.now(), by
    on.assessment = assessment if outcome == CaseOutcome.INAPPROPRIATE else None
    on.save()
    event().note(outcome=outcome, breach_assessed=on.assessment is not None)


@action(Permission.CASE_REVIEW, verb="case.counted")
def open_count(*, by, on=None) -> int:
    """How many cases wait for this officer; a number in the frame of every page, which names nobody: no event."""
    event().skip()
    return policy.visible_to(Case.objects.filter(closed_at=None), by, Permission.CASE_REVIEW).count()


@action(Permission.CASE_REVIEW, verb="case.late-counted")
def overdue_count(*, by, on=None) -> int:
    """How many cases should have been closed by now; a number that names nobody: no event."""
    event().skip()
    late = Case.objects.filter(closed_at=None, due_on__lt=clock.today())
    return policy.visible_to(late, by, Permission.CASE_REVIEW).count()


def working_day(first: date, count: int) -> date:
    """The day that lies `count` working days (Monday to Friday) after `first`."""
    day = first
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _before(moment: datetime) -> datetime:
    # The search for the patient comes just before the access.
    return moment - timedelta(minutes=10)


def _check(outcome: str, note: str, assessment: dict) -> None:
    errors = {}
    if outcome not in CaseOutcome:
        errors["outcome"] = f"Choose what the review found: {', '.join(label for _, label in CaseOutcome.choices)}."
    if not NOTE_AT_LEAST <= len(note) <= TEXT_AT_MOST:
        errors["note"] = f"Write what you looked at, in {NOTE_AT_LEAST} to {TEXT_AT_MOST} characters."
    if outcome == CaseOutcome.INAPPROPRIATE:
        errors |= {name: f"{label}: needed." for name, label in FACTORS.items() if not assessment.get(name, "").strip()}
    if errors:
        raise BadInput(errors)
