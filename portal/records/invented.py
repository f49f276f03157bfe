"""Who lies on the practice ward, as FHIR R4: five invented people, each of whom shows one thing worth knowing."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from portal.records.fhir.sources import Entry, Source

WARD = "formulary-practice-ward"
# What a record of a ward usually holds: LOINC code, words, unit, and the level of somebody who is well.
_MEASURED = {
    "systolic": ("8480-6", "Systolic blood pressure", "mm[Hg]", 128),
    "diastolic": ("8462-4", "Diastolic blood pressure", "mm[Hg]", 76),
    "heart_rate": ("8867-4", "Heart rate", "/min", 74),
    "breaths": ("9279-1", "Respiratory rate", "/min", 16),
    "saturation": ("59408-5", "Oxygen saturation", "%", 97),
    "temperature": ("8310-5", "Body temperature", "Cel", 36.8),
    "weight": ("29463-7", "Body weight", "kg", 78),
    "height": ("8302-2", "Body height", "cm", 171),
    "bmi": ("39156-5", "Body mass index", "kg/m2", 26.7),
    "creatinine": ("2160-0", "Creatinine", "mg/dL", 0.9),
    "urea": ("3094-0", "Urea nitrogen", "mg/dL", 15),
    "sodium": ("2951-2", "Sodium", "mmol/L", 139),
    "potassium": ("2823-3", "Potassium", "mmol/L", 4.2),
    "glucose": ("2339-0", "Glucose", "mg/dL", 98),
    "hba1c": ("4548-4", "Haemoglobin A1c", "%", 5.5),
    "haemoglobin": ("718-7", "Haemoglobin", "g/dL", 13.6),
    "white_cells": ("6690-2", "White blood cells", "10*3/uL", 7.1),
    "platelets": ("777-3", "Platelets", "10*3/uL", 236),
    "crp": ("1988-5", "C-reactive protein", "mg/L", 3),
    "cholesterol": ("2093-3", "Cholesterol", "mg/dL", 196),
    "hdl": ("2085-9", "HDL cholesterol", "mg/dL", 52),
}
_PROBLEMS = {
    "heart_failure": ("84114007", "Heart failure"),
    "diabetes": ("44054006", "Type 2 diabetes mellitus"),
    "copd": ("13645005", "Chronic obstructive lung disease"),
    "hypertension": ("38341003", "Hypertensive disorder"),
}
_TAG = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]}


@dataclass(frozen=True)
class Invented:
    """One invented person: what differs from somebody who is well, and what the person is there to show."""

    key: str
    given: str
    sex: str
    age: int
    shows: str
    problems: tuple[str, ...] = ()
    visits: int = 2
    levels: dict[str, float] = field(default_factory=dict)
    units: dict[str, tuple[str, float]] = field(default_factory=dict)
    unmeasured: tuple[str, ...] = ()
    days_old: int = 1

    @property
    def mrn(self) -> str:
        """The record number, which says what it is."""
        return f"PRACTICE-{self.key.upper()}"


PEOPLE = (
    Invented(
        "full", "Ada", "female", 71, "Everything is in the record: nothing to type, just run.",
        ("heart_failure", "diabetes", "hypertension"), 5,
        {"systolic": 142, "creatinine": 1.3, "hba1c": 7.2, "haemoglobin": 12.1, "bmi": 29.4, "glucose": 141},
    ),
    Invented(
        "gaps", "Ben", "male", 45, "Several values were never measured: see what a result says about that.",
        unmeasured=("creatinine", "hba1c", "haemoglobin", "cholesterol", "bmi", "weight", "height"),
    ),
    Invented(
        "beyond", "Cleo", "female", 58, "Some values lie far outside the usual: see the warnings.",
        ("copd", "hypertension"), 4,
        {"systolic": 218, "diastolic": 121, "creatinine": 8.4, "haemoglobin": 6.1, "bmi": 52.0, "potassium": 5.9},
    ),
    Invented(
        "stale", "Dov", "male", 83, "The values are two years old: see how old values are marked.",
        ("heart_failure", "copd"), 1, {"creatinine": 1.5, "haemoglobin": 11.8}, days_old=730,
    ),
    Invented(
        "units", "Eve", "female", 34, "The laboratory uses other units: see how they are converted.",
        units={"creatinine": ("umol/L", 70.7), "glucose": ("mmol/L", 5.4), "cholesterol": ("mmol/L", 5.1)},
    ),
)  # fmt: skip


def source(today: date) -> Source:
    """The whole ward as one source for the importer, measured up to the day before `today`."""
    ward = {"resourceType": "Location", "id": WARD, "meta": _TAG, "status": "active", "name": "Practice ward"}
    resources = [ward, *(resource for person in PEOPLE for resource in _resources(person, today))]
    return Source("the practice ward", [Entry(f"practice[{n}]", found) for n, found in enumerate(resources)])


def _resources(person: Invented, today: date) -> list[dict]:
    measured = [name for name in _MEASURED if name not in person.unmeasured]
    stays = [today - timedelta(days=30 * number + 1) for number in range(person.visits, -1, -1)]
    return [
        _patient(person, today),
        *(_stay(person, number, day, last=day == stays[-1]) for number, day in enumerate(stays)),
        *(_problem(person, name, today) for name in person.problems),
        *(_measurement(person, name, today) for name in measured),
        _prescription(person, today),
    ]


def _base(person: Invented, kind: str, name: str) -> dict:
    identity = f"formulary-practice-{person.key}-{name}".replace("_", "-")
    return {"resourceType": kind, "id": identity, "meta": _TAG, "subject": {"reference": f"Patient/{_key(person)}"}}


def _key(person: Invented) -> str:
    return f"formulary-practice-{person.key}"


def _patient(person: Invented, today: date) -> dict:
    return {
        "resourceType": "Patient", "id": _key(person), "meta": _TAG, "active": True,
        "identifier": [{"system": "urn:formulary:practice", "value": person.mrn}],
        "name": [{"use": "official", "family": "Practice", "given": [person.given]}],
        "gender": person.sex, "birthDate": date(today.year - person.age, 1, 1).isoformat(),
    }  # fmt: skip


def _stay(person: Invented, number: int, day: date, *, last: bool) -> dict:
    period = {"start": _moment(day, 9)} | ({} if last else {"end": _moment(day, 11)})
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" if last else "AMB"}
    return _base(person, "Encounter", f"stay-{number}") | {
        "status": "in-progress" if last else "finished", "class": kind, "period": period,
        "location": [{"location": {"reference": f"Location/{WARD}"}}],
    }  # fmt: skip


def _problem(person: Invented, name: str, today: date) -> dict:
    code, words = _PROBLEMS[name]
    return _base(person, "Condition", name) | {
        "clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": (today - timedelta(days=900)).isoformat(),
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": words}], "text": words},
    }  # fmt: skip


def _measurement(person: Invented, name: str, today: date) -> dict:
    code, words, unit, level = _MEASURED[name]
    unit, level = person.units.get(name, (unit, person.levels.get(name, level)))
    quantity = {"value": level, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    return _base(person, "Observation", name) | {
        "status": "final", "effectiveDateTime": _moment(today - timedelta(days=person.days_old), 7),
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": words}], "text": words},
        "valueQuantity": quantity,
    }  # fmt: skip


def _prescription(person: Invented, today: date) -> dict:
    words = "ramipril 5 MG Oral Capsule"
    drug = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "261962"}], "text": words}
    return _base(person, "MedicationRequest", "ramipril") | {
        "status": "active", "intent": "order", "medicationCodeableConcept": drug,
        "authoredOn": (today - timedelta(days=120)).isoformat(),
    }  # fmt: skip


def _moment(day: date, hour: int) -> str:
    return datetime.combine(day, time(hour), UTC).isoformat()
