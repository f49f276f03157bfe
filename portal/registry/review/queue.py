"""How many of the versions that wait are for this reviewer to sign: not their own, not signed, with a seat open for them."""

from portal.registry import queries
from portal.registry.models import InterestConflict, ModelVersion, Signature
from portal.registry.review import seats


def count(by) -> int:
    """A number in the frame of every page; whether a signature holds is asked where one signs."""
    held = {chair.seat.value for chair in seats.chairs(by)}
    found = queries.waiting(by) if held else []
    if not found:
        return 0
    taken = _approvals(found)
    barred = set(InterestConflict.objects.filter(person_id=by.pk).values_list("model_id", flat=True))
    return sum(
        one.model_id not in barred
        and by.pk not in {one.created_by_id, one.model.owner_id, *taken[one.pk]}
        and bool(held - set(taken[one.pk].values()))
        for one in found
    )


def _approvals(versions: list[ModelVersion]) -> dict[int, dict[int, str]]:
    """For each version the people whose last word is an approval, with the seat in which they gave it."""
    found: dict[int, dict[int, str]] = {one.pk: {} for one in versions}
    rows = Signature.objects.filter(
        version__in=versions, meaning__in=("approval", "withdrawal"), previous__isnull=False
    )
    for row in rows.order_by("id"):
        if row.meaning == "approval":
            found[row.version_id][row.signer_id] = row.seat
        else:
            found[row.version_id].pop(row.signer_id, None)
    return found
