"""Colleagues by name: who may see a patient, found by the names that people know each other by."""

from collections import Counter

from django.db.models import Q

from portal.accounts.models import User
from portal.records.models import READ_RECORD, TREAT, CareUnit, CareUnitUserPermission, Patient, PatientUserPermission

_LEAST_TYPED = 2


def seeing(patient: Patient, *, but) -> dict[str, User]:
    """The clinicians of a patient's ward and those to whom the patient was opened, by name, without one person."""
    reach = Q(pk__in=PatientUserPermission.holders(READ_RECORD, patient).values("user"))
    return by_name(_clinicians(but).filter(reach | _working_on(patient.care_unit)))


def of_ward(ward: CareUnit | None, *, but) -> dict[str, User]:
    """The clinicians who work on a ward, by name, without one person."""
    return by_name(_clinicians(but).filter(_working_on(ward)))


def others(*, but) -> dict[str, User]:
    """All clinicians by name, without one person."""
    return by_name(_clinicians(but))


def by_name(people) -> dict[str, User]:
    """People by the name on screens; where two have the same, the user name stands beside it."""
    found = sorted(people, key=lambda person: person.label.casefold())
    often = Counter(person.label for person in found)
    return {one.label if often[one.label] == 1 else f"{one.label} ({one.username})": one for one in found}


def find(text: str, known: dict[str, User]) -> User | None:
    """The one of those known whom a typed name or user name means."""
    wanted = " ".join(text.split()).casefold()
    return next((one for name, one in known.items() if wanted in (name.casefold(), one.username.casefold())), None)


def like(text: str, known: dict[str, User]) -> list[str]:
    """The names of which every typed word begins a word; none for a single letter."""
    wanted = text.casefold().split()
    if len("".join(wanted)) < _LEAST_TYPED:
        return []
    parts = {name: name.casefold().replace("(", "").replace(")", "").split() for name in known}
    return [name for name in known if all(any(part.startswith(word) for part in parts[name]) for word in wanted)]


def _working_on(ward: CareUnit | None) -> Q:
    return Q(pk__in=CareUnitUserPermission.holders(TREAT, ward).values("user")) if ward else Q(pk__in=())


def _clinicians(but):
    return User.objects.filter(is_active=True, groups__name="clinician").exclude(pk=but.pk).order_by("last_name", "pk")
