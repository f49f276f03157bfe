"""How many of the versions that wait are for this reviewer to sign: not their own, not signed, with a seat open for them."""

from django.db.models import Q

from portal.registry import queries
from portal.registry.models import ModelVersion, Signature
from portal.registry.review import seats


def count(by) -> int:
    """A number in the frame of every page; whether a signature holds is asked where one signs."""
    held = {chair.seat.value for chair in seats.chairs(by)}
    if not held:
        return 0
    own = Q(created_by=by) | Q(model__owner=by) | Q(model__conflicts__person=by)
    brought = ModelVersion.objects.filter(created_by=by).values("digest")
    found = list(queries.waiting(by).exclude(own).exclude(digest__in=brought).values_list("pk", flat=True))
    taken = _approvals(found)
    return sum(by.pk not in signed and bool(held - set(signed.values())) for signed in taken.values())


def _approvals(versions: list[int]) -> dict[int, dict[int, str]]:
    """For each version the people whose last word is an approval, with the seat in which they gave it."""
    found: dict[int, dict[int, str]] = {key: {} for key in versions}
    rows = Signature.objects.filter(
        version__in=versions, meaning__in=("approval", "withdrawal"), previous__isnull=False
    )
    for row in rows.order_by("id"):
        if row.meaning == "approval":
            found[row.version_id][row.signer_id] = row.seat
        else:
            found[row.version_id].pop(row.signer_id, None)
    return found
