"""How long a ward keeps reaching a patient after, and before, a stay there."""

from datetime import date, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from portal.core import clock
from portal.records.models import TREAT, CareUnitUserPermission, Patient, WardStay


def around_now(by, patient: str) -> Q:
    """Rows whose patient, at `patient`, stayed on a ward of this person's within RELATIONSHIP_DAYS of today."""
    days = timedelta(days=settings.RELATIONSHIP_DAYS)
    if not days:
        return Q(pk__in=())
    today = clock.today()
    stays = WardStay.objects.filter(
        CareUnitUserPermission.reach(by, TREAT, "care_unit_id"), patient_id=OuterRef(patient),
        first_on__lte=today + days, last_on__gte=today - days,
    )  # fmt: skip
    return Q(Exists(stays))


def note(patient: Patient, encounters: list) -> None:
    """Keep the days of a patient's stays in step with the encounters that name a ward."""
    wanted = {(row.care_unit_id, *_days(row.content)) for row in encounters if row.content["since"]}
    known = {(row.care_unit_id, row.first_on, row.last_on): row for row in WardStay.objects.filter(patient=patient)}
    WardStay.objects.filter(pk__in=[known[key].pk for key in known.keys() - wanted]).delete()
    WardStay.objects.bulk_create(
        WardStay(patient=patient, care_unit_id=unit, first_on=first, last_on=last)
        for unit, first, last in sorted(wanted - known.keys())
    )


def _days(content: dict) -> tuple[date, date]:
    first = date.fromisoformat(content["since"][:10])
    until = content.get("until")
    return first, max(first, date.fromisoformat(until[:10])) if until else first
