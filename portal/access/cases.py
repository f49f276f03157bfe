"""Cases: what the portal opens for the audit officers, and how a review closes it."""

from datetime import date, timedelta

from django.db.models import Q

from portal.access import notices, policy
from portal.access.action import action, event
from portal.access.models import BreachAssessment, Case, CaseOutcome, CaseState, Grant, GrantKind
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict

WORKING_DAYS, OFTEN, LEAST_NOTE = 3, 3, 15


def open_case(grant: Grant) -> Case:
    """Open the case of an emergency access and tell the officers, within the action that gave it."""
    since = clock.now() - timedelta(hours=24)
    count = Grant.objects.filter(person=grant.person, kind=GrantKind.BREAK_GLASS, since__gt=since).count()
    case = Case.objects.create(grant=grant, due_on=due_after(clock.now().date()), often=count > OFTEN)
    notices.tell(notices.officers(), "emergency-opened", case.public_id)
    if case.often:
        notices.tell(notices.officers(), "emergency-often", case.public_id)
    return case


def due_after(day: date) -> date:
    """The last working day on which a review is in time."""
    left = WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def waiting(by) -> int:
    """How many cases wait for a review, for the officers' doors."""
    return policy.visible_to(Case.objects.filter(state=CaseState.OPEN), by, Permission.CASE_REVIEW).count()


@action(Permission.CASE_REVIEW, verb="cases.listed")
def list_cases(*, by, on=None, state=CaseState.OPEN) -> list[Case]:
    """The cases, oldest due first."""
    rows = policy.visible_to(Case.objects.select_related("grant__person", "reviewer"), by, Permission.CASE_REVIEW)
    found = list(rows.filter(state=state).order_by("due_on" if state == CaseState.OPEN else "-closed_at", "id")[:200])
    event().note(shown=len(found), state=str(state))
    return found


@action(Permission.CASE_REVIEW, verb="case.opened", on=Case)
def open_one(*, by, on) -> Case:
    """One case with its grant and assessment."""
    return Case.objects.select_related("grant__person", "reviewer").get(pk=on.pk)


@action(Permission.CASE_REVIEW, verb="case.closed", on=Case)
def close(*, by, on, outcome, note) -> Case:
    """Write down what a review found; “inappropriate” opens the breach risk assessment."""
    if on.state == CaseState.CLOSED:
        raise Conflict("This case is closed already.")
    if _same_ward(by, on.grant):
        raise Conflict("You work on a ward with the person whose access this is; another officer reviews it.")
    errors = {}
    if outcome not in CaseOutcome.values:
        errors["outcome"] = "Choose what the review found."
    if len(note.strip()) < LEAST_NOTE:
        errors["note"] = f"Say in at least {LEAST_NOTE} characters what the finding rests on."
    if errors:
        raise BadInput(errors)
    on.state, on.outcome, on.note = CaseState.CLOSED, outcome, note.strip()[:4000]
    on.reviewer, on.closed_at = by, clock.now()
    on.save()
    if outcome == CaseOutcome.INAPPROPRIATE:
        BreachAssessment.objects.create(case=on)
    event().note(outcome=outcome, person=on.grant.person.public_id)
    return on


@action(Permission.CASE_REVIEW, verb="case.assessed", on=Case)
def assess(*, by, on, factors, conclusion) -> BreachAssessment:
    """Fill in the four factors of the breach risk assessment and conclude it."""
    assessment = BreachAssessment.objects.filter(case=on).first()
    if assessment is None:
        raise Conflict("Only a case that ended as inappropriate has a breach risk assessment.")
    if assessment.conclusion:
        raise Conflict("This assessment is concluded already.")
    errors = {
        name: "Say what is known about this factor." for name in assessment.FACTORS if not factors.get(name, "").strip()
    }
    if conclusion not in ("low", "breach"):
        errors["conclusion"] = "Choose what the four factors come to."
    if errors:
        raise BadInput(errors)
    for name in assessment.FACTORS:
        setattr(assessment, name, factors[name].strip()[:4000])
    assessment.conclusion, assessment.concluded_at, assessment.concluded_by = conclusion, clock.now(), by
    assessment.save()
    event().note(conclusion=conclusion)
    return assessment


def _same_ward(by, grant: Grant) -> bool:
    now = clock.now()
    live = Q(ended_at__isnull=True) & (Q(until__isnull=True) | Q(until__gt=now))
    theirs = Grant.objects.filter(live, person=grant.person, kind=GrantKind.RELATIONSHIP).values("object_id")
    return Grant.objects.filter(live, person=by, kind=GrantKind.RELATIONSHIP, object_id__in=theirs).exists()
