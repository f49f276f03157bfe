"""Telling people: a notice in the portal, in fixed words that hold no health data; portal.access.post mails it."""

from dataclasses import dataclass

from portal.access import policy, preferences, subjects
from portal.access.action import action, event
from portal.access.kinds import DUTIES, KINDS
from portal.access.models import Notice
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.accounts.models import User
from portal.core import clock

TEXTS = {name: kind.text for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Told:
    """A notice with what it is about, where this person may still see that."""

    notice: Notice
    text: str
    subject: Subject | None


def tell(people, kind: str, about: str = "") -> None:
    """Leave a notice for each person, within the action that is its cause."""
    people, now = list(people), clock.now()
    chosen = preferences.of(people)
    Notice.objects.bulk_create(
        Notice(
            person=person, kind=kind, about=about, created_at=now, counted=chosen[person.pk].counts(kind),
            due_at=chosen[person.pk].due(kind, now),
        )
        for person in people
    )  # fmt: skip


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
    return rows.filter(read_at__isnull=True, counted=True)[:100].count()


@action(Permission.NOTICE_READ, verb="notice.listed")
def list_notices(*, by, on=None, limit=50, before=None, unread=None) -> list[Notice]:
    """What a person was told, newest first; `unread` takes only what they have not read, or only what they have."""
    found = _rows(by, limit, before, unread)
    event().note(shown=len(found))
    return found


@action(Permission.NOTICE_READ, verb="notice.page-opened")
def open_notices(*, by, on=None, limit=50, before=None, unread=None) -> list[Told]:
    """The same with what each notice is about, as far as this person may see it at this moment."""
    found = _rows(by, limit, before, unread)
    about = subjects.of(by, found)
    event().note(shown=len(found))
    event().each_patient_id(subject.patient for subject in about.values())
    return [_told(notice, about.get(notice.pk)) for notice in found]


@action(Permission.NOTICE_READ, verb="notice.read")
def read_all(*, by, on=None) -> None:
    """Mark a person's notices as read, but for the duties that are still open."""
    rows = Notice.objects.filter(person_id=by.pk, read_at__isnull=True).exclude(kind__in=DUTIES)
    count = rows.update(read_at=clock.now())
    event().note(notices=count)


@action(Permission.NOTICE_READ, verb="notice.one-read", on=Notice)
def read_one(*, by, on) -> None:
    """Mark one notice as read; what was read already stays as it is, and a duty is read by doing it."""
    if on.read_at or on.kind in DUTIES:
        event().skip()
        return
    on.read_at = clock.now()
    on.save(update_fields=("read_at",))


def seen(by, about: str) -> None:
    """Whoever opens an object has read what they were told about it. Call it inside the action that opens it."""
    Notice.objects.filter(person_id=by.pk, about=about, read_at__isnull=True).update(read_at=clock.now())


def _told(notice: Notice, subject: Subject | None) -> Told:
    return Told(notice, (subject and subject.told) or TEXTS[notice.kind], subject)


def _rows(by, limit: int, before, unread: bool | None) -> list[Notice]:
    rows = policy.visible_to(Notice.objects.all(), by, Permission.NOTICE_READ)
    rows = rows if unread is None else rows.filter(read_at__isnull=unread)
    return list((rows.filter(id__lt=before) if before else rows)[:limit])
