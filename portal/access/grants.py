"""Giving and ending rights to one object; the only place that writes permission tables."""

from django.apps import apps
from django.db.models import Q
from guardian.shortcuts import assign_perm, get_user_obj_perms_model

from portal.access.models import PermissionTable
from portal.core import clock


def give(codename: str, *, to, on, until=None) -> None:
    """Let a person hold `codename` on an object until a moment, or for good."""
    row = assign_perm(codename, to, on)
    row.since, row.until = clock.now(), until
    row.save(update_fields=("since", "until"))


def end(codename: str, *, of, on) -> None:
    """End a person's right now; the row stays, so that what was possible when can be told."""
    table = get_user_obj_perms_model(on)
    rows = table.objects.filter(user=of, content_object=on, permission__codename=codename)
    rows.update(until=clock.now())


def end_all(*, of) -> int:
    """End every right that a person holds now, in every permission table; returns how many. The rows stay."""
    now = clock.now()
    tables = [model for model in apps.get_models() if issubclass(model, PermissionTable)]
    live = Q(until__isnull=True) | Q(until__gt=now)
    return sum(table.objects.filter(live, user=of).update(until=now) for table in tables)
