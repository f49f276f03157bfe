"""One at a time: what two people decide in the same moment is decided once."""

from django.db.models import Model


def take(on: Model, *, refresh: bool = True) -> None:
    """Wait until nobody else changes this row, hold it until the transaction ends, and see it as it is now."""
    on.__class__._base_manager.select_for_update().only("pk").get(pk=on.pk)
    if refresh:
        on.refresh_from_db()
