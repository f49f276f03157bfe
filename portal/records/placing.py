"""On which ward a patient is: with records that were merged, the stays of all of them count, for all of them."""

from portal.records import queries, stays
from portal.records.models import Encounter, Patient

_UNREAL = frozenset({"entered-in-error", "cancelled"})
_GONE = _UNREAL | {"planned"}


def place(patient: Patient) -> None:
    """The ward of a patient is that of the current stay, else of the latest one that names a place."""
    root = Patient.objects.get(pk=patient.merged_into_id or patient.pk)
    group = queries.group_of(root)
    rows = Encounter.objects.filter(patient__in=group, care_unit__isnull=False, removed_at__isnull=True)
    rows = list(rows.select_related("care_unit"))
    real = [row for row in rows if row.content["status"] not in _GONE]
    latest = max(real, key=lambda stay: (stay.content["status"] == "in-progress", stay.content["since"]), default=None)
    unit = latest.care_unit if latest else None
    for member in Patient.objects.filter(pk__in=group):
        stays.note(member, [row for row in rows if row.content["status"] not in _UNREAL])
        if unit != member.care_unit:
            member.care_unit = unit
            member.save(update_fields=("care_unit",))
    patient.care_unit = unit
