"""The keeper's post: what nobody has read yet goes out by e-mail when it is due, once, in fixed words.

One mail for each person and moment, whatever has come together. A notice is marked after its mail was handed in, in
the transaction that holds its row: a keeper that dies in between sends it again, two keepers never send it twice.
"""

import logging
from collections import Counter
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Min
from django.urls import reverse

from portal.access import preferences, schedule
from portal.access.action import action, event
from portal.access.kinds import KINDS
from portal.access.models import Notice
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock

logger = logging.getLogger(__name__)
ROUND = 50
AGAIN, GIVE_UP = timedelta(hours=1), timedelta(days=3)
SUBJECT = "Formulary: something waits for you"


def mail(*, by) -> int:
    """Send what is due; returns to how many people. A mail server that is away is tried again in the next round."""
    due = Notice.objects.filter(mailed_at=None, read_at=None, due_at__lte=clock.now()).order_by()
    oldest = due.values("person").annotate(first=Min("due_at")).order_by("first")[:ROUND]
    sent = 0
    for person in User.objects.filter(pk__in=[row["person"] for row in oldest]):
        done = _mail_one(by=by, on=person)
        if done is None:
            logger.warning("The mail server does not answer; notices are sent later.")
            break
        sent += done
    return sent


@action(Permission.GRANT_SETTLE, verb="notice.mailed", on=User)
def _mail_one(*, by, on) -> bool | None:
    """Send one person what is due, as one mail; None when the mail server is away."""
    now = clock.now()
    waiting = Notice.objects.filter(person=on, mailed_at=None, read_at=None, due_at__lte=now)
    found = _hold_back(list(waiting.order_by("id").select_for_update(skip_locked=True)), on, now)
    sent = _hand_in(on, found, now) if found else False
    if not sent:
        # Nothing happened to anybody: an hour without a mail server must not fill the log.
        event().skip()
        return sent
    Notice.objects.filter(pk__in=[notice.pk for notice in found]).update(mailed_at=clock.now())
    event().note(notices=len(found))
    return True


def _hold_back(found: list[Notice], person: User, now) -> list[Notice]:
    """Put off what must not be sent at this hour, and forget what can never be sent."""
    if not (person.email and person.is_active):
        Notice.objects.filter(pk__in=[notice.pk for notice in found]).update(due_at=None)
        return []
    rhythm, held = preferences.of([person])[person.pk].rhythm, []
    for notice in found:
        notice.due_at = schedule.held_until(now, urgent=KINDS[notice.kind].urgent, rhythm=rhythm)
        if notice.due_at > now:
            held.append(notice)
    Notice.objects.bulk_update(held, ("due_at",))
    return [notice for notice in found if notice.due_at <= now]


def _hand_in(person: User, found: list[Notice], now) -> bool | None:
    try:
        send_mail(SUBJECT, text_of(found), settings.DEFAULT_FROM_EMAIL, [person.email])
    except SMTPRecipientsRefused:
        # One address that the server does not take must not keep everybody else's post.
        logger.warning("The mail server does not take the address of a person; tried again in an hour.")
        for notice in found:
            notice.due_at = now + AGAIN if now - notice.created_at < GIVE_UP else None
        Notice.objects.bulk_update(found, ("due_at",))
        return False
    except (OSError, SMTPException):
        return None
    return True


def text_of(found: list[Notice]) -> str:
    """The words of a mail: each kind once, with how many, and the way to the page that says more."""
    counts = Counter(notice.kind for notice in found)
    lines = [KINDS[kind].words(counts[kind]) for kind in KINDS if kind in counts]
    if len(lines) > 1:
        lines = [f"- {line}" for line in lines]
    where = f": {settings.PORTAL_URL}{reverse('account:notices')}" if settings.PORTAL_URL else "."
    return (
        "\n".join(lines) + f"\n\nSign in to Formulary to see more{where}\n"
        "There you also choose what reaches you by e-mail. This message holds no patient data.\n"
    )
