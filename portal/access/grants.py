"""Giving and ending rights to one object; the only place that writes grants and permission tables."""

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as Right
from django.db.models import Q
from guardian.shortcuts import get_group_obj_perms_model, get_user_obj_perms_model

from portal.access import audience
from portal.access.models import Grant, PermissionTable
from portal.access.states import PURPOSES, GrantKind
from portal.core import clock


def give(
    codename: str,
    *,
    to,
    on,
    since=None,
    until=None,
    kind=GrantKind.RELATIONSHIP,
    by=None,
    code="",
    words="",
    purpose="",
) -> Grant:
    """Let a person or a group hold `codename` on an object from now or `since`, until a moment or for good."""
    holder = "group" if isinstance(to, Group) else "person"
    grant = Grant.objects.create(
        kind=kind, purpose=purpose or PURPOSES[kind], codename=codename, object_type=on._meta.model_name,
        object_id=getattr(on, "public_id", ""), since=since or clock.now(), until=until, given_by=by if by and by.pk else None, code=code,
        words=words, **{holder: to},
    )  # fmt: skip
    right = Right.objects.get(codename=codename, content_type__app_label=on._meta.app_label)
    row = {"permission": right, "content_object": on, "since": grant.since, "until": until}
    if isinstance(to, Group):
        get_group_obj_perms_model(on).objects.create(group=to, grant=grant, **row)
    else:
        get_user_obj_perms_model(on).objects.create(user=to, grant=grant, **row)
    _retell(codename, on)
    return grant


def end(codename: str, *, of, on, by=None) -> None:
    """End a person's or a group's right now; the rows stay, so that what was possible when can be told."""
    now = clock.now()
    kind, table = ("group", get_group_obj_perms_model) if isinstance(of, Group) else ("user", get_user_obj_perms_model)
    rows = table(on).objects.filter(**{kind: of}, content_object=on, permission__codename=codename)
    rows.exclude(until__lt=now).update(until=now)
    held = Grant.objects.filter(
        **{"group" if kind == "group" else "person": of}, codename=codename, object_id=getattr(on, "public_id", "")
    )
    held.exclude(until__lt=now).update(until=now, ended_at=now, ended_by=by if by and by.pk else None)
    _retell(codename, on)


def end_all(*, of, by=None) -> int:
    """End every right that a person holds now, in every permission table; returns how many. The rows stay."""
    now = clock.now()
    live = Q(until__isnull=True) | Q(until__gt=now)
    ended_by = by if by and by.pk else None
    Grant.objects.filter(live, person=of).update(until=now, ended_at=now, ended_by=ended_by)
    tables = [model for model in apps.get_models() if issubclass(model, PermissionTable)]
    return sum(table._default_manager.filter(live, user=of).update(until=now) for table in tables)


def end_one(grant: Grant, *, by) -> None:
    """End one grant now, and its rows; others to the same object go on."""
    grant.until = grant.ended_at = clock.now()
    grant.ended_by = by if by.pk else None
    grant.save(update_fields=("until", "ended_at", "ended_by"))
    _move_rows(grant)


def extend(grant: Grant, until) -> None:
    """Let one grant last until a later moment."""
    grant.until = until
    grant.save(update_fields=("until",))
    _move_rows(grant)


def _move_rows(grant: Grant) -> None:
    tables = [model for model in apps.get_models() if issubclass(model, PermissionTable)]
    for table in tables:
        table._default_manager.filter(grant=grant).update(until=grant.until)


def _retell(codename: str, on) -> None:
    if getattr(on, "AUDIENCE", None) == codename:
        audience.refresh(type(on)._default_manager.filter(pk=on.pk), codename)
