"""Giving and ending rights to one object; the only place that writes permission tables."""

from guardian.shortcuts import assign_perm, get_user_obj_perms_model

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
