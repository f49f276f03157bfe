"""What was typed on the hospital's pages, read into values or refused in words."""

from datetime import datetime

from django.http import Http404
from django.utils import timezone

from portal.access import policy
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock
from portal.core.problems import BadInput


def found(by, permission: Permission, model, public_id: str):
    """One object that this right reaches; an unseen one answers as if it did not exist."""
    row = model.objects.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    policy.require(by, permission, row)
    return row


def moment(given, name: str, label: str) -> datetime | None:
    """A moment as the browser's field writes it; None when it was left empty."""
    text = given.get(name, "").strip()
    if not text:
        return None
    for shape in ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return timezone.make_aware(datetime.strptime(text, shape))
        except (ValueError, OverflowError):
            continue
    raise BadInput({name: f"{label}: “{text[:20]}” is not a moment. Write it as 2026-11-08 07:00."})


def ahead(given, name: str, label: str) -> datetime | None:
    """A moment that still lies ahead."""
    when = moment(given, name, label)
    if when and when <= clock.now():
        raise BadInput({name: f"{label}: {when:%-d %b %Y, %H:%M} lies in the past."})
    return when


def person(given, name: str, label: str, *, needed: bool = True, roles: tuple[str, ...] = ()) -> User | None:
    """A person with an open account, by the id in a list."""
    text = given.get(name, "").strip()
    if not text and not needed:
        return None
    rows = User.objects.filter(is_active=True, public_id=text)
    chosen = (rows.filter(groups__name__in=roles) if roles else rows).first()
    if chosen is None:
        raise BadInput({name: f"{label}: choose one of the people in the list."})
    return chosen


def people_with(*roles: str):
    """The people with one of some roles and an open account, by name."""
    rows = User.objects.filter(is_active=True, groups__name__in=roles).distinct()
    return rows.order_by("first_name", "last_name", "username")
