"""Bringing every encrypted value under the newest key, table by table."""

from django.apps import apps

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts import factors
from portal.core.crypto import EncryptedJSONField, is_current

CHUNK = 500


@action(Permission.KEYS_ROTATE, verb="keys.rotated")
def reencrypt(*, by, on=None) -> int:
    """Encrypt again whatever is not under the newest key; returns how many rows changed."""
    changed = sum(_table(model, field) for model in apps.get_models() for field in _encrypted(model))
    changed += factors.reencrypt()
    event().note(rows=changed)
    return changed


def _encrypted(model) -> list[EncryptedJSONField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedJSONField)]


def _table(model, field: EncryptedJSONField) -> int:
    stored = model.objects.extra(select={"stored": field.column}).values_list("pk", "stored")  # noqa: S610 (a constant)
    old = [key for key, text in stored.iterator(chunk_size=CHUNK) if text and not is_current(text)]
    for start in range(0, len(old), CHUNK):
        rows = list(model.objects.filter(pk__in=old[start : start + CHUNK]))
        model.objects.bulk_update(rows, [field.name])
    return len(old)
