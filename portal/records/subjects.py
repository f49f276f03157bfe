"""Notices about patients: who was shared, for those to whom the patient is open at this moment."""

from portal.access import policy, subjects
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.records import queries


def _shared(by, ids: list[str]) -> dict[str, Subject]:
    held = dict(Grant.objects.filter(person_id=by.pk, public_id__in=ids).values_list("public_id", "object_id"))
    rows = policy.visible_to(queries.with_ward(), by, Permission.PATIENT_READ).filter(public_id__in=held.values())
    names = {row.public_id: queries.summary(row).name for row in rows}
    return {grant: Subject("patient", on, names[on], on) for grant, on in held.items() if on in names}


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(("share-made",), _shared)
