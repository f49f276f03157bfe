"""Giving and ending rights to one object; the only place that writes permission tables."""

from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm, get_group_obj_perms_model, get_user_obj_perms_model

from portal.access import audience
from portal.core import clock


def give(codename: str, *, to, on, until=None) -> None:
    """Let a person or a group hold `codename` on an object until a moment, or for good."""
    row = assign_perm(codename, to, on)
    row.since, row.until = clock.now(), until
    row.save(update_fields=("since", "until"))
    _retell(codename, on)


def end(codename: str, *, of, on) -> None:
    """End a person's or a group's right now; the row stays, so that what was possible when can be told."""
    kind, table = ("group", get_group_obj_perms_model) if isinstance(of, Group) else ("user", get_user_obj_perms_model)
    rows = table(on).objects.filter(**{kind: of}, content_object=on, permission__codename=codename)
    rows.update(until=clock.now())
    _retell(codename, on)


def _retell(codename: str, on) -> None:
    if getattr(on, "AUDIENCE", None) == codename:
        audience.refresh(type(on)._default_manager.filter(pk=on.pk), codename)
