"""The watch over the ledger: the nightly check, the daily head, and the alarms that people hear of."""

import logging
import smtplib
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from portal.access.actions import record_check
from portal.access.ledger import officers, sign_head
from portal.audit import alarms, heads
from portal.audit.anchors import VERB
from portal.audit.models import AuditEvent
from portal.audit.verify import Verdict, verify
from portal.core import clock

logger = logging.getLogger(__name__)


class Watch:
    """What the keeper remembers between two looks: since when it stands, and whether a lag was told."""

    def __init__(self):
        self.since = clock.now()
        self.lagging = False

    def check_is_due(self) -> bool:
        """Whether the hour of the nightly check has passed since the last one, or since the keeper stands here."""
        last = AuditEvent.objects.filter(verb=VERB, actor="system").exclude(outcome="denied").order_by("-id")
        before = last.values_list("recorded_at", flat=True).first() or self.since
        return before < _latest_hour() <= clock.now()

    def sign_daily(self, *, by) -> None:
        """The first seal of a day gets a head."""
        newest = heads.newest()
        today = clock.today()
        if newest and timezone.localdate(datetime.fromisoformat(newest.at)) >= today:
            return
        head = sign_head(by=by)
        if head and settings.HEADS_MAIL:
            text = f"{head.path.read_text()}\n\n{head.path.with_suffix('.sig').read_bytes().hex()}\n"
            _mail("Formulary: today's head of the audit log", text, "auditor")

    def look_at_lag(self, *, by) -> None:
        """Tell once when events wait for their seal for more than a minute, and log when it is over."""
        late = alarms.lag() > alarms.LAG_LIMIT
        if late and not self.lagging:
            sentence = "Events of the audit log have waited for their seal for more than a minute."
            logger.error(sentence)
            _mail("Formulary: the audit log is not being sealed", sentence + _WHERE, "auditor", "admin")
        if self.lagging and not late:
            logger.warning("The audit log is sealed again.")
        self.lagging = late


def check_ledger(*, by) -> Verdict:
    """Check the whole ledger, write down what was found, and raise the alarm at a fault."""
    verdict = verify()
    record_check(by=by, verdict=verdict)
    if not verdict.ok:
        logger.error("The check of the audit log found a fault: %s", verdict.fault)
        _mail("Formulary: the audit log does not fit together", verdict.fault + _WHERE, "auditor", "admin")
    return verdict


_WHERE = "\n\nOpen Oversight, Integrity check, for what was found and what to do next."


def _latest_hour() -> datetime:
    hour, _, minute = settings.AUDIT_CHECK_AT.partition(":")
    now = timezone.localtime(clock.now())
    today = timezone.make_aware(datetime.combine(now.date(), time(int(hour), int(minute or 0))))
    return today if today <= now else today - timedelta(days=1)


def _mail(subject: str, text: str, *names: str) -> None:
    to = officers(*names)
    try:
        for address in to:
            send_mail(subject, text, None, [address])
    except (OSError, smtplib.SMTPException):
        logger.warning("The mail server does not answer; the alarm about the audit log was not mailed.")
