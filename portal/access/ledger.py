"""Verbs on the ledger beyond reading and sealing: heads, retention, purge, alarms and the review of a period."""

from datetime import datetime, time

from django.db import DatabaseError
from django.utils import timezone

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.audit import alarms, heads, purges
from portal.audit.models import LEAST_YEARS, AuditEvent, PeriodReview, RetentionPolicy, Seal
from portal.core import clock
from portal.core.problems import BadInput, Conflict

NOTE_LIMIT, REASON_LIMIT, MOST_YEARS = 1000, 500, 100


@action(Permission.AUDIT_SEAL, verb="audit.head-signed")
def sign_head(*, by, on=None) -> heads.Head | None:
    """Sign the newest seal into the folder of heads; writes nothing when it has its head already."""
    head = heads.write()
    if head is None:
        event().skip()
    else:
        event().note(seal=head.seal, digest=head.digest)
    return head


@action(Permission.AUDIT_RETAIN, verb="audit.retention-set")
def set_retention(*, by, on=None, years, reason, since=None) -> RetentionPolicy:
    """Say for how many years events are kept; six is the least the law allows."""
    check_retention(years, reason)
    policy = RetentionPolicy.objects.create(
        years=years, reason=reason.strip(), set_by=by.username, since=since or clock.today()
    )
    event().about(policy)
    event().note(what=policy.what, years=years, since=policy.since.isoformat())
    return policy


def check_retention(years: int, reason: str) -> None:
    """Refuse a policy that could not be set, before anybody is asked to confirm it."""
    if not LEAST_YEARS <= years <= MOST_YEARS:
        raise BadInput({"years": f"Events are kept for {LEAST_YEARS} to {MOST_YEARS} years; {years} were asked for."})
    _check_text("reason", reason, REASON_LIMIT)


@action(Permission.AUDIT_PURGE, verb="audit.purged")
def purge(*, by, on=None, before) -> purges.Tombstone | None:
    """Remove whole sealed batches of events older than a day, as far as the retention policy allows."""
    policy = purges.policy()
    if policy is None:
        raise Conflict("No retention policy covers the events: an audit officer sets one first.", code="no-policy")
    latest = purges.latest_day(policy.years)
    if before > latest:
        raise BadInput(
            {"before": f"Nothing younger than {policy.years} years may go: the last day is {latest:%Y-%m-%d}."}
        )
    moment = timezone.make_aware(datetime.combine(before, time()))
    batches = purges.batches_before(moment)
    if not batches:
        event().note(before=before.isoformat(), events=0)
        return None
    stone = _purge(batches, before, policy, by)
    event().note(before=before.isoformat(), events=stone.events, seals=[stone.first_seal, stone.last_seal],
                 policy=policy.public_id, tombstone=stone.digest)  # fmt: skip
    return stone


@action(Permission.AUDIT_VERIFY, verb="audit.fault-acknowledged")
def acknowledge(*, by, on=None, note) -> None:
    """Take down the red banner of a failed check; what was found stays in the history."""
    fault = alarms.fault()
    if fault is None:
        raise Conflict("There is no fault to acknowledge.", code="no-fault")
    _check_text("note", note, REASON_LIMIT)
    event().note(check=fault.position, note_length=len(note.strip()))


@action(Permission.AUDIT_SIGN, verb="audit.period-reviewed")
def sign_period(*, by, on=None, since, until, note, proof) -> PeriodReview:
    """State that the log from one day to another was reviewed, signed with both factors."""
    if since > until:
        raise BadInput({"until": "The last day lies before the first."})
    if until >= clock.today():
        raise BadInput({"until": "The last day must be over: choose yesterday or earlier."})
    _check_text("note", note, NOTE_LIMIT)
    if proof is None or not proof.covers(by):
        raise BadInput({"code": "Signing needs your password and a current one-time code, or your passkey."})
    seal = Seal.objects.order_by("-id").first()
    review = PeriodReview.objects.create(
        since=since, until=until, events=_events_between(since, until), seal=seal.id if seal else 0,
        seal_digest=seal.digest if seal else "", note=note.strip(), signer=by.username, printed_name=by.label,
        factors=list(proof.factors),
    )  # fmt: skip
    event().about(review)
    event().note(since=since.isoformat(), until=until.isoformat(), events=review.events)
    return review


def officers(*names: str) -> list[str]:
    """The mail addresses of the people with some roles."""
    rows = User.objects.filter(groups__name__in=names, is_active=True).exclude(email="")
    return sorted(set(rows.values_list("email", flat=True)))


def _purge(batches, before, policy, by):
    try:
        return purges.purge(batches, before=before, under=policy, by=by.username)
    except DatabaseError:
        raise Conflict(
            "The database refused. Run the purge as the tables' owner, not in the portal's own role.", code="refused"
        ) from None


def _events_between(since, until) -> int:
    first = timezone.make_aware(datetime.combine(since, time()))
    last = timezone.make_aware(datetime.combine(until, time.max))
    return AuditEvent.objects.filter(recorded_at__range=(first, last)).count()


def _check_text(name: str, text: str, limit: int) -> None:
    if not 5 <= len(text.strip()) <= limit:
        raise BadInput({name: f"Write 5 to {limit} characters; others will read it."})
