"""Verbs on one's own account: sessions, devices, how pages show themselves, forms that a time limit interrupted."""

from datetime import timedelta

from allauth.usersessions.models import UserSession

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import Depth, KeptForm, KnownDevice, User
from portal.core import clock
from portal.core.problems import BadInput

KEPT_FOR = timedelta(hours=12)
_SECRET = frozenset({"csrfmiddlewaretoken", "code", "one_time_code", "credential"})


@action(Permission.PERSON_MANAGE, verb="form.kept", on=User)
def keep_form(*, by, on, path, typed) -> None:
    """Keep what a person typed, without passwords and codes, until they sign in again."""
    KeptForm.objects.filter(kept_at__lt=clock.now() - KEPT_FOR).delete()
    kept = {name: list(values) for name, values in typed.items() if name not in _SECRET and "password" not in name}
    KeptForm.objects.update_or_create(user=on, path=path, defaults={"typed": kept, "kept_at": clock.now()})


@action(Permission.ACCOUNT_OWN, verb="form.restored", on=User)
def take_form(*, by, on, path) -> dict[str, list[str]] | None:
    """Give back, once, what the person typed on a page; None when nothing is kept."""
    kept = KeptForm.objects.filter(user=on, path=path, kept_at__gt=clock.now() - KEPT_FOR).first()
    if kept is None:
        event().skip()
        return None
    kept.delete()
    return kept.typed


@action(Permission.PERSON_MANAGE, verb="form.sought", on=User)
def kept_paths(*, by, on) -> list[str]:
    """The pages for which something is kept; writes no event."""
    event().skip()
    rows = KeptForm.objects.filter(user=on, kept_at__gt=clock.now() - KEPT_FOR)
    return list(rows.values_list("path", flat=True))


@action(Permission.PERSON_MANAGE, verb="person.device-added", on=User)
def note_device(*, by, on, digest, label) -> bool:
    """Remember a browser that signed a person in; True when it is new and not the person's first."""
    first = not KnownDevice.objects.filter(user=on).exists()
    _, new = KnownDevice.objects.get_or_create(
        user=on, digest=digest,
        defaults={"label": label, "since": clock.now(), "told_at": clock.now() if first else None},
    )  # fmt: skip
    if not new:
        event().skip()
    event().note(device=label, first=first)
    return new and not first


@action(Permission.PERSON_MANAGE, verb="person.devices-seen", on=User)
def tell_of_devices(*, by, on, but) -> list[KnownDevice]:
    """New devices that the person was not told of yet, other than the one in use; each is told once."""
    waiting = KnownDevice.objects.filter(user=on, told_at__isnull=True).exclude(digest=but)
    found = list(waiting)
    if not found:
        event().skip()
    waiting.update(told_at=clock.now())
    return found


@action(Permission.ACCOUNT_OWN, verb="person.session-closed", on=UserSession)
def close_session(*, by, on) -> None:
    """End one of one's own sessions."""
    on.end()


@action(Permission.ACCOUNT_OWN, verb="person.sessions-closed", on=User)
def close_other_sessions(*, by, on, current) -> int:
    """End every session of a person but the current one."""
    others = list(UserSession.objects.filter(user=on).exclude(session_key=current))
    for session in others:
        session.end()
    event().note(sessions=len(others))
    return len(others)


@action(Permission.ACCOUNT_OWN, verb="person.depth-set")
def set_depth(*, by, on=None, depth) -> None:
    """Choose how much pages show at first; it is remembered for the person, on every machine."""
    if depth not in Depth:
        raise BadInput({"depth": "Choose Plain or Detailed."})
    User.objects.filter(pk=by.pk).update(depth=depth)
    event().note(depth=depth)


@action(Permission.ACCOUNT_OWN, verb="person.guide-set")
def set_guide(*, by, on=None, away) -> None:
    """Put the first steps away, or take them out again."""
    User.objects.filter(pk=by.pk).update(guide_away_at=clock.now() if away else None)
    event().note(away=away)
