"""Reads of the record: plain values that leave an action, never rows. Call these inside actions only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.access.policy import Decision
from portal.core import clock
from portal.core.crypto import blind_index
from portal.records.models import Condition, Encounter, MedicationRequest, Observation, Patient
from portal.records.units import display_unit

USABLE = frozenset({"final", "amended", "corrected", "preliminary"})


@dataclass(frozen=True)
class PatientSummary:
    """Who a patient is, as banner and lists show it."""

    public_id: str
    name: str
    birth_date: str
    age: int | None
    sex: str
    mrn: str
    ward: str
    deceased: str


@dataclass(frozen=True)
class Measurement:
    """One observed value with its unit, moment and kind of source."""

    code: str
    label: str
    value: float | str | None
    unit: str
    at: datetime | None

    @property
    def unit_shown(self) -> str:
        """The unit as people write it."""
        return display_unit(self.unit)

    @property
    def days_old(self) -> int | None:
        """Whole days between the measurement and the day on which the record is read."""
        return (clock.record_day() - self.at.date()).days if self.at else None


@dataclass(frozen=True)
class Entry:
    """A problem, prescription or stay, in words."""

    code: str
    label: str
    since: str
    status: str


@dataclass(frozen=True)
class Record:
    """One patient's record as plain values, newest first."""

    patient: PatientSummary
    measurements: list[Measurement]
    conditions: list[Entry]
    medications: list[Entry]
    encounters: list[Entry]
    sharing: Decision | None = None

    @property
    def measured(self) -> list[Measurement]:
        """What has a value; panels themselves have none."""
        return [found for found in self.measurements if found.value is not None]

    def latest(self, codes, within_days: int | None = None) -> Measurement | None:
        """The newest usable value under any of the codes, not older than `within_days`."""
        for found in self.measurements:
            if found.code in codes and found.value is not None and _fresh(found, within_days):
                return found
        return None

    def has_condition(self, codes) -> Entry | None:
        """The active problem under any of the codes."""
        active = (entry for entry in self.conditions if entry.code in codes and entry.status != "resolved")
        return next(active, None)

    def encounters_within(self, days: int) -> int:
        """How many stays and visits began in the last `days` days."""
        today = clock.record_day()
        first = (today - timedelta(days=days)).isoformat()
        return sum(1 for entry in self.encounters if first <= entry.since[:10] <= today.isoformat())


def with_ward():
    """Patients with what a summary of them needs."""
    return Patient.objects.select_related("care_unit")


def by_two_identifiers(mrn: str, birth_date: str) -> Patient | None:
    """The patient whom exactly this record number and this birth date both fit."""
    rows = with_ward().filter(mrn_index=blind_index("patient.mrn", mrn)) if mrn.strip() else []
    return next((row for row in rows if row.person.get("birth_date") == birth_date.strip()), None)


def summary(patient: Patient) -> PatientSummary:
    """Who this patient is."""
    person = patient.person
    name = " ".join(part for part in (person.get("prefix"), person.get("given"), person.get("family")) if part)
    return PatientSummary(
        public_id=patient.public_id,
        name=name or "Name not recorded",
        birth_date=person.get("birth_date") or "",
        age=_age(person.get("birth_date"), person.get("deceased")),
        sex=person.get("sex") or "unknown",
        mrn=person.get("mrn") or "",
        ward=patient.care_unit.name if patient.care_unit else "no ward",
        deceased=person.get("deceased") or "",
    )


@dataclass(frozen=True)
class Needs:
    """Which parts of a record a purpose asks for; `codes` limits the measurements. Minimum necessary."""

    kinds: frozenset[str] = frozenset({"observation", "condition", "medication", "encounters"})
    codes: frozenset[str] | None = None


EVERYTHING = Needs()


def record_of(patient: Patient, needs: Needs = EVERYTHING) -> Record:
    """The record of one patient, or the parts of it that are needed; the rest is not even decrypted."""
    return Record(
        patient=summary(patient),
        measurements=_measurements(patient, needs) if "observation" in needs.kinds else [],
        conditions=_entries(Condition, patient) if "condition" in needs.kinds else [],
        medications=_entries(MedicationRequest, patient) if "medication" in needs.kinds else [],
        encounters=_entries(Encounter, patient) if "encounters" in needs.kinds else [],
    )


def _measurements(patient: Patient, needs: Needs) -> list[Measurement]:
    rows = Observation.objects.filter(patient=patient).only("code", "content")
    rows = rows if needs.codes is None else rows.filter(code__in=needs.codes)
    usable = [_measurement(row) for row in rows if row.content.get("status") in USABLE]
    return sorted(usable, key=lambda found: found.at.timestamp() if found.at else float("-inf"), reverse=True)


def _measurement(row: Observation) -> Measurement:
    content = row.content
    at = datetime.fromisoformat(content["at"]) if content.get("at") else None
    return Measurement(row.code, content.get("label", row.code), content.get("value"), content.get("unit") or "", at)


def _entries(model, patient: Patient) -> list[Entry]:
    rows = model.objects.filter(patient=patient).only("code", "content")
    found = [
        Entry(r.code, r.content.get("label", ""), r.content.get("since") or "", r.content.get("status") or "")
        for r in rows
    ]
    return sorted(found, key=lambda entry: entry.since, reverse=True)


def _fresh(found: Measurement, within_days: int | None) -> bool:
    return within_days is None or (found.days_old is not None and found.days_old <= within_days)


def _age(birth_date: str | None, deceased: str | None) -> int | None:
    if not birth_date:
        return None
    parts = [int(part) for part in birth_date.split("-")]
    born = date(*(parts + [7, 1][len(parts) - 1 :])[:3]) if len(parts) < 3 else date(*parts)
    end = date.fromisoformat(deceased[:10]) if deceased and len(deceased) >= 10 else clock.record_day()
    return max(0, end.year - born.year - ((end.month, end.day) < (born.month, born.day)))
