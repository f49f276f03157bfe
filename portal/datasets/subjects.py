"""Notices about datasets: the right that was given, while the dataset may be known."""

from portal.access import policy, subjects
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.datasets.models import Dataset


def _given(by, ids: list[str]) -> dict[str, Subject]:
    held = dict(Grant.objects.filter(person_id=by.pk, public_id__in=ids).values_list("public_id", "object_id"))
    rows = policy.visible_to(Dataset.objects.order_by(), by, Permission.DATASET_SEE)
    known = {row.public_id: row.title for row in rows.filter(public_id__in=held.values())}
    return {grant: Subject("dataset", on, known[on]) for grant, on in held.items() if on in known}


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(("dataset-right",), _given)
