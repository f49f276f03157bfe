"""Reads of the record: plain values that leave an action, never rows. Call these inside actions only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from portal.access.joined import Joined
from portal.access.policy import Decision
from portal.core import clock
from portal.core.crypto import blind_index
from portal.core.problems import Conflict
from portal.records.models import Condition, Encounter, MedicationRequest, Observation, Patient, Standing
from portal.records.units import display_unit

# Patients of flesh and blood, as lists, searches and statistics mean them.
REAL = Q(practice=False)
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
    practice: bool = False


@dataclass(frozen=True)
class Source:
    """Which resource a value came from, as a keyed hash of its id, and the digest that it had then."""

    index: str
    digest: str


@dataclass(frozen=True)
class Measurement:
    """One observed value with its unit, moment and kind of source."""

    code: str
    label: str
    value: float | str | None
    unit: str
    at: datetime | None
    source: Source | None = None

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
    source: Source | None = None


@dataclass(frozen=True)
class Record:
    """One patient's record as plain values, newest first."""

    patient: PatientSummary
    measurements: list[Measurement]
    conditions: list[Entry]
    medications: list[Entry]
    encounters: list[Entry]
    sharing: Decision | None = None
    given_by: str = ""
    given_until: datetime | None = None
    source: Source | None = None
    # What was deleted or merged away at its source is said here instead of shown.
    standing: str = Standing.CURRENT
    survivor: str = ""
    earlier_numbers: tuple[str, ...] = ()

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
        return len(self.stays_within(days))

    def stays_within(self, days: int) -> list[Entry]:
        """The stays and visits that began in the last `days` days."""
        today = clock.record_day()
        first = (today - timedelta(days=days)).isoformat()
        return [entry for entry in self.encounters if first <= entry.since[:10] <= today.isoformat()]


def with_ward():
    """Patients with what a summary of them needs."""
    return Patient.objects.select_related("care_unit")


def by_two_identifiers(mrn: str, birth_date: str) -> Patient | None:
    """The patient whom exactly this record number and this birth date both fit; of a merged record the one that goes on."""
    rows = with_ward().filter(REAL, mrn_index=blind_index("patient.mrn", mrn)) if mrn.strip() else []
    found = next((row for row in rows if row.person.get("birth_date") == birth_date.strip()), None)
    root = root_of(found) if found else None
    return root if root and root.standing != Standing.REMOVED else None


def current():
    """The patients whose records are in use."""
    return with_ward().filter(standing=Standing.CURRENT)


def root_of(patient: Patient) -> Patient:
    """The record that goes on for this patient: itself, unless it was merged."""
    return with_ward().get(pk=patient.merged_into_id) if patient.merged_into_id else patient


def group_of(patient: Patient) -> list[int]:
    """The keys of a patient's record and of those merged into it."""
    merged = Patient.objects.filter(merged_into=patient).values_list("pk", flat=True) if patient.absorbs else ()
    return [patient.pk, *merged]


def about(ids) -> Q:
    """Rows about the patients of these ids, also those of records that were merged into theirs."""
    return Q(patient__public_id__in=ids) | Q(patient__merged_into__public_id__in=ids)


def merged_into(patient: Patient) -> list[Patient]:
    """The records that were merged into a patient's."""
    return list(Patient.objects.filter(merged_into=patient)) if patient.absorbs else []


def joined(public_id: str) -> Joined:
    """How a patient's record is joined with others, for the ledger."""
    found = Patient.objects.filter(public_id=public_id).select_related("merged_into").first()
    if found is None:
        return Joined()
    survivor = found.merged_into.public_id if found.merged_into else ""
    return Joined(tuple(row.public_id for row in merged_into(found)), survivor)


def summary(patient: Patient) -> PatientSummary:
    """Who this patient is."""
    person = patient.person
    name = " ".join(part for part in (person.get("prefix"), person.get("given"), person.get("family")) if part)
    return PatientSummary(
        public_id=patient.public_id,
        name=name or "Name not recorded",
        birth_date=person.get("birth_date") or "",
        age=age_on(clock.record_day(), person.get("birth_date"), person.get("deceased")),
        sex=person.get("sex") or "unknown",
        mrn=person.get("mrn") or "",
        ward=patient.care_unit.name if patient.care_unit else "no ward",
        deceased=person.get("deceased") or "",
        practice=patient.practice,
    )


@dataclass(frozen=True)
class Needs:
    """Which parts of a record a purpose asks for; `codes` limits the measurements. Minimum necessary."""

    kinds: frozenset[str] = frozenset({"observation", "condition", "medication", "encounters"})
    codes: frozenset[str] | None = None


EVERYTHING = Needs()


def record_of(patient: Patient, needs: Needs = EVERYTHING) -> Record:
    """The record of one patient, or the parts of it that are needed; the rest is not even decrypted.

    What was merged into it is part of it; what was deleted or entered in error at its source is not.
    """
    group = group_of(patient)
    return Record(
        patient=summary(patient),
        measurements=_measurements(group, needs) if "observation" in needs.kinds else [],
        conditions=_entries(Condition, group) if "condition" in needs.kinds else [],
        medications=_entries(MedicationRequest, group) if "medication" in needs.kinds else [],
        encounters=_entries(Encounter, group) if "encounters" in needs.kinds else [],
        source=Source(patient.source_index, patient.digest),
        standing=patient.standing,
    )


def merged_away(patient: Patient, reaches: Callable[[Patient], bool]) -> Record:
    """What is left to say under a record that was merged: where it goes on, for whom that one is open by itself."""
    root = root_of(patient)
    survivor = root.public_id if reaches(root) else ""
    return Record(summary(patient), [], [], [], [], standing=patient.standing, survivor=survivor)


_NOT_IN_USE = {
    Standing.MERGED: "This record was merged into another one. Open that one and run the model there.",
    Standing.INACTIVE: "This record is no longer in use at its source, so no model is run for it.",
    Standing.REMOVED: "This record was deleted at its source, so no model is run for it.",
}


def require_in_use(patient: Patient) -> None:
    """Raise Conflict unless the record is one that models are run for."""
    if patient.standing != Standing.CURRENT:
        raise Conflict(_NOT_IN_USE[patient.standing], code="not-in-use")


def numbers_merged_into(patient: Patient) -> tuple[str, ...]:
    """The record numbers that lead to this record since it absorbed theirs."""
    rows = Patient.objects.filter(merged_into=patient).order_by("merged_at") if patient.absorbs else ()
    return tuple(row.person.get("mrn") or "" for row in rows)


def _rows(model, group: list[int]):
    rows = model.objects.filter(patient=group[0]) if len(group) == 1 else model.objects.filter(patient__in=group)
    return rows.filter(removed_at__isnull=True).only("code", "content", "source_index", "digest", "removed_at")


def _measurements(group: list[int], needs: Needs) -> list[Measurement]:
    rows = _rows(Observation, group)
    rows = rows if needs.codes is None else rows.filter(code__in=needs.codes)
    usable = [measurement_of(row) for row in rows if counts(row)]
    return sorted(usable, key=lambda found: found.at.timestamp() if found.at else float("-inf"), reverse=True)


def counts(row) -> bool:
    """Whether a resource says something that holds: neither deleted nor entered in error, refuted or called off."""
    status = row.content.get("status")
    if row.removed_at is not None or row.content.get("verified"):
        return False
    if isinstance(row, Observation):
        return status in USABLE
    return status not in (("entered-in-error", "cancelled") if isinstance(row, Encounter) else ("entered-in-error",))


def measurement_of(row: Observation) -> Measurement:
    """One observation as plain values."""
    content, source = row.content, Source(row.source_index, row.digest)
    at = datetime.fromisoformat(content["at"]) if content.get("at") else None
    label, unit = content.get("label", row.code), content.get("unit") or ""
    return Measurement(row.code, label, content.get("value"), unit, at, source)


def entry_of(row) -> Entry:
    """One problem, prescription or stay as plain values."""
    content, source = row.content, Source(row.source_index, row.digest)
    since, status = content.get("since") or "", content.get("status") or ""
    return Entry(row.code, content.get("label", ""), since, status, source)


def _entries(model, group: list[int]) -> list[Entry]:
    return sorted(
        (entry_of(row) for row in _rows(model, group) if counts(row)), key=lambda entry: entry.since, reverse=True
    )


def _fresh(found: Measurement, within_days: int | None) -> bool:
    return within_days is None or (found.days_old is not None and found.days_old <= within_days)


def age_on(day: date, birth_date: str | None, deceased: str | None) -> int | None:
    """Whole years from the birth date to a day, or to death; None when the birth date is not known."""
    if not birth_date:
        return None
    parts = [int(part) for part in birth_date.split("-")]
    born = date(*(parts + [7, 1][len(parts) - 1 :])[:3]) if len(parts) < 3 else date(*parts)
    end = date.fromisoformat(deceased[:10]) if deceased and len(deceased) >= 10 else day
    return max(0, end.year - born.year - ((end.month, end.day) < (born.month, born.day)))
