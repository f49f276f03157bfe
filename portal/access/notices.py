"""Telling people: a notice in the portal and an e-mail, both in fixed words that hold no health data."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from portal.access import policy
from portal.access.action import action, event
from portal.access.models import Notice
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock

logger = logging.getLogger(__name__)
ROUND = 50
TEXTS = {
    "emergency-opened": "A clinician opened a record in an emergency. A case waits for review.",
    "emergency-often": "One clinician opened more than three records in emergencies within a day. Look at the cases now.",
    "emergency-here": "A colleague of another ward opened a record of your ward in an emergency. The privacy office reviews it.",
    "emergency-digest": "People of a ward that you lead used emergency access in the last day. The privacy office reviews it.",
    "sealed-account": "An account kept for days without the hospital's sign-in was used with its password. Find out why.",
    "request-made": "A colleague asks for access that you decide about.",
    "request-waits": "A request for access has waited for your decision for more than three days.",
    "request-granted": "Your request for access was granted.",
    "request-refused": "Your request for access was refused; the reason is beside it.",
    "result-retracted": "A result that you opened was retracted. It stays with the patient, with the reason.",
    "result-corrected": "A value that a result you opened had used was corrected. The result says which.",
    "incident-made": "A problem with a model was reported. The committee looks at it.",
    "incident-harm": "Harm, or possible harm, by a model was reported. Look at it now.",
    "incident-closed": "The committee has looked at the problem that you reported.",
    "dataset-right": "A colleague gave you a right to a dataset.",
    "share-made": "A colleague shared a patient with you.",
    "share-ended": "A colleague took back a share.",
}


def tell(people, kind: str, about: str = "") -> None:
    """Leave a notice for each person, within the action that is its cause."""
    Notice.objects.bulk_create([Notice(person=person, kind=kind, about=about) for person in people])


def officers() -> list[User]:
    """The audit officers."""
    return list(User.objects.filter(is_active=True, groups__name="auditor"))


@action(Permission.PERSON_MANAGE, verb="person.sealed-account-used", on=User)
def sound_alarm(*, by, on) -> None:
    """Tell the officers that an account kept for bad days was used (45 CFR 164.312(a)(2)(ii))."""
    tell(officers(), "sealed-account", on.public_id)


@action(Permission.NOTICE_READ, verb="notice.counted")
def unread_count(*, by, on=None) -> int:
    """How many notices a person has not read, up to a hundred; a number in the frame of every page: no event."""
    event().skip()
    rows = policy.visible_to(Notice.objects.order_by(), by, Permission.NOTICE_READ)
    return rows.filter(read_at__isnull=True)[:100].count()


@action(Permission.NOTICE_READ, verb="notice.listed")
def list_notices(*, by, on=None, limit=50, before=None, unread=False) -> list[Notice]:
    """What a person was told, newest first; `unread` leaves out what they have read."""
    rows = policy.visible_to(Notice.objects.all(), by, Permission.NOTICE_READ)
    rows = rows.filter(read_at__isnull=True) if unread else rows
    found = list((rows.filter(id__lt=before) if before else rows)[:limit])
    event().note(shown=len(found))
    return found


@action(Permission.NOTICE_READ, verb="notice.read")
def read_all(*, by, on=None) -> None:
    """Mark a person's notices as read."""
    count = Notice.objects.filter(person_id=by.pk, read_at__isnull=True).update(read_at=clock.now())
    event().note(notices=count)


@action(Permission.GRANT_SETTLE, verb="notice.mailed", on=Notice)
def _mark_mailed(*, by, on, sent) -> None:
    if not sent:
        event().skip()
    on.mailed_at = clock.now()
    on.save(update_fields=("mailed_at",))


def mail(*, by) -> int:
    """Send what was not sent yet; a mail server that is away is tried again in the next round."""
    waiting = Notice.objects.filter(mailed_at__isnull=True).select_related("person").order_by("id")[:ROUND]
    done = 0
    for notice in waiting:
        try:
            sent = _send(notice)
        except (OSError, SMTPException):
            logger.warning("The mail server does not answer; notices are sent later.")
            break
        _mark_mailed(by=by, on=notice, sent=sent)
        done += 1
    return done


def _send(notice: Notice) -> bool:
    if not (notice.person.email and notice.person.is_active):
        return False
    text = f"{TEXTS[notice.kind]}\n\nSign in to Formulary to see more. This message holds no patient data."
    send_mail("Formulary: something waits for you", text, settings.DEFAULT_FROM_EMAIL, [notice.person.email])
    return True
