"""What a person wants to be told of, and when: kept for each person, read wherever somebody is told something."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time

from django.utils import timezone

from portal.access import schedule
from portal.access.action import action, event
from portal.access.kinds import KINDS, Kind, reaching
from portal.access.models import Notice, NoticeSettings
from portal.access.permissions import Permission
from portal.access.schedule import Rhythm, Way
from portal.core import turns
from portal.core.problems import BadInput

DIGEST_AT = time(7)


@dataclass(frozen=True)
class Preferences:
    """One person's choices; what they did not choose is as each kind says."""

    mail: dict[str, str] = field(default_factory=dict)
    uncounted: frozenset[str] = frozenset()
    quiet: tuple[time, time] | None = None
    digest_at: time = DIGEST_AT

    @property
    def rhythm(self) -> Rhythm:
        """Their hours by the hospital's clock."""
        return Rhythm(self.digest_at, self.quiet, timezone.get_default_timezone())

    def way(self, kind: str) -> Way:
        """How they are mailed a kind; for a safety kind never not at all."""
        chosen = self.mail.get(kind)
        return Way(chosen) if chosen in KINDS[kind].ways else KINDS[kind].mail

    def counts(self, kind: str) -> bool:
        """Whether the bell counts a kind; safety kinds always."""
        return KINDS[kind].safety or kind not in self.uncounted

    def due(self, kind: str, told_at: datetime) -> datetime | None:
        """When a notice may be mailed."""
        told_at += KINDS[kind].patience
        return schedule.due(self.way(kind), urgent=KINDS[kind].urgent, told_at=told_at, rhythm=self.rhythm)


@action(Permission.NOTICE_READ, verb="notice.settings-opened")
def open_settings(*, by, on=None) -> tuple[Preferences, dict[str, Kind]]:
    """One's own choices and the kinds that can reach one; they are about nobody else: no event."""
    event().skip()
    return of([by])[by.pk], reaching(by.role_names)


@action(Permission.NOTICE_READ, verb="notice.settings-changed")
def change(*, by, on=None, mail, counted, quiet, digest_at) -> None:
    """Keep one's choices.

    `mail` maps kinds to ways, `counted` holds the kinds that the bell counts, `quiet` is the beginning and end of the
    quiet hours or two Nones; a text stands for a time that was none. Raises BadInput naming each field. What waits for its mail keeps to the new choices.
    """
    kinds = reaching(by.role_names)
    _check(kinds, mail, quiet, digest_at)
    kept, _ = NoticeSettings.objects.get_or_create(person_id=by.pk)
    turns.take(kept)
    kept.mail |= {kind: str(mail[kind]) for kind in kinds if kind in mail}
    off = {name for name, kind in kinds.items() if not kind.safety and name not in counted}
    kept.uncounted = sorted(off | (set(kept.uncounted) - set(kinds)))
    kept.quiet_from, kept.quiet_until = quiet
    kept.digest_at = digest_at
    kept.save()
    _reschedule(by.pk, _of(kept))
    event().note(mailed={kind: kept.mail[kind] for kind in sorted(kept.mail)}, uncounted=kept.uncounted)


def of(people) -> dict[int, Preferences]:
    """The choices of some people by their keys. Call it inside actions."""
    found = {row.person_id: _of(row) for row in NoticeSettings.objects.filter(person__in=[one.pk for one in people])}
    return defaultdict(Preferences, found)


def _of(row: NoticeSettings) -> Preferences:
    quiet = (row.quiet_from, row.quiet_until) if row.quiet_from and row.quiet_until else None
    return Preferences(row.mail, frozenset(row.uncounted), quiet, row.digest_at)


def _reschedule(person: int, chosen: Preferences) -> None:
    waiting = list(Notice.objects.select_for_update().filter(person=person, mailed_at=None, read_at=None))
    for notice in waiting:
        notice.due_at = chosen.due(notice.kind, notice.created_at)
        notice.counted = chosen.counts(notice.kind)
    Notice.objects.bulk_update(waiting, ("due_at", "counted"))


def _check(kinds: dict[str, Kind], mail: dict, quiet, digest_at) -> None:
    errors = {
        f"mail-{name}": f"{kind.title}: choose one of the ways that are offered."
        for name, kind in kinds.items()
        if name in mail and mail[name] not in kind.ways
    }
    hours = {"quiet-from": quiet[0], "quiet-until": quiet[1], "digest-at": digest_at}
    wrong = [name for name, hour in hours.items() if isinstance(hour, str)]
    errors |= dict.fromkeys(wrong, "Write the time of day as hours and minutes, such as 20:00.")
    if not wrong and (quiet[0] is None) != (quiet[1] is None):
        errors["quiet-until"] = "Quiet hours need both a beginning and an end. Leave both empty for none."
    elif not wrong and quiet[0] is not None and quiet[0] == quiet[1]:
        errors["quiet-until"] = "The quiet hours begin and end at the same time. Leave both empty for none."
    if digest_at is None:
        errors["digest-at"] = "Give the time of day of the digest, such as 07:00."
    if errors:
        raise BadInput(errors)
