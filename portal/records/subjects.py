"""Notices about patients: who was shared, for those to whom the patient is open at this moment."""

from portal.access import policy, subjects
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.subjects import Subject
from portal.records import queries


def _shared(by, ids: list[str]) -> dict[str, Subject]:
    held = Grant.objects.filter(person_id=by.pk, public_id__in=ids).select_related("given_by")
    wanted = [grant.object_id for grant in held]
    rows = policy.visible_to(queries.with_ward(), by, Permission.PATIENT_READ).filter(public_id__in=wanted)
    names = {row.public_id: queries.summary(row).name for row in rows}
    return {grant.public_id: _subject(grant, names) for grant in held if grant.object_id in names}


def _subject(grant: Grant, names: dict[str, str]) -> Subject:
    on, who = grant.object_id, grant.given_by
    told = f"{who.label} shared {names[on]} with you." if who else ""
    return Subject("patient", on, names[on], on, told)


def register() -> None:
    """Called once the apps are loaded."""
    subjects.register(("share-made",), _shared)
