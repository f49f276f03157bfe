"""An invented hospital as FHIR R4 bundles: two wards, a few dozen patients, two years of visits, vitals and labs.

The same latent severity drives records and the training cohort, so a model trained on the cohort means something
for the records. Everything is synthetic and marked HTEST.
"""

import json
import math
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SEED = 20260108
WARDS = (("ward-cardiology", "Cardiology ward"), ("ward-medicine", "General medicine ward"))
_TAG = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]}
_GIVEN = {
    "female": ("Alba", "Brisa", "Celia", "Dunja", "Elin", "Farah", "Greta", "Hanako", "Ilse", "Jorun", "Kaya", "Liv"),
    "male": ("Anton", "Bao", "Cyrus", "Dario", "Emil", "Felix", "Goran", "Hugo", "Idris", "Jasper", "Kofi", "Leon"),
}
_FAMILY = (
    "Testerly", "Quillmark", "Fabelius", "Novashire", "Imagine", "Sampleton", "Mocksen", "Inventova", "Trialberg",
    "Placeholt", "Demowitz", "Fictora", "Examplar", "Dummarsson", "Pretendi", "Syntheta",
)  # fmt: skip
_PROBLEMS = {
    "diabetes": ("44054006", "Type 2 diabetes mellitus"),
    "heart_failure": ("84114007", "Heart failure"),
    "copd": ("13645005", "Chronic obstructive lung disease"),
    "hypertension": ("38341003", "Hypertensive disorder"),
}
_LABS = (
    ("creatinine", "2160-0", "Creatinine", "mg/dL", 2, 0.8),
    ("hba1c", "4548-4", "Haemoglobin A1c", "%", 1, 0.6),
    ("haemoglobin", "718-7", "Haemoglobin", "g/dL", 1, 0.8),
    ("cholesterol", "2093-3", "Cholesterol", "mg/dL", 0, 0.6),
    ("bmi", "39156-5", "Body mass index", "kg/m2", 1, 0.9),
    ("weight", "29463-7", "Body weight", "kg", 1, 0.9),
    ("heart_rate", "8867-4", "Heart rate", "/min", 0, 1.0),
    ("temperature", "8310-5", "Body temperature", "Cel", 1, 1.0),
    ("glucose", "2339-0", "Glucose", "mg/dL", 0, 0.7),
    ("sodium", "2951-2", "Sodium", "mmol/L", 0, 0.7),
    ("potassium", "2823-3", "Potassium", "mmol/L", 1, 0.7),
)


def simulate_cohort(count: int, seed: int = SEED) -> list[dict]:
    """Training rows from the same latent model as the records: features and whether an unplanned stay followed."""
    dice = random.Random(seed)
    return [_labelled(_person(dice), dice) for _ in range(count)]


def write_hospital(folder: Path, *, as_of: date, seed: int = SEED, patients: int = 40) -> None:
    """Write `hospital.json` and one bundle per patient; the same seed and day give the same bytes."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    _write(folder / "hospital.json", _hospital(dice))
    for number in range(1, patients + 1):
        person = _person(dice)
        _write(folder / f"patient-{number:04}.json", _bundle(number, person, as_of, dice))


def _person(dice: random.Random) -> dict:
    age = int(min(96, max(19, dice.gauss(64, 16))))
    severity = dice.gauss(0, 1) + (age - 64) / 40
    sick = {name: dice.random() < _chance(base + 0.9 * severity) for name, base in
            (("diabetes", -1.3), ("heart_failure", -2.0), ("copd", -2.1), ("hypertension", -0.2))}  # fmt: skip
    return {
        "age": age,
        "sex": dice.choice(("female", "male")),
        "severity": severity,
        "bmi": _within(dice.gauss(27 + 2 * sick["diabetes"], 4), 16, 48),
        "sbp": _within(dice.gauss(128 + 12 * sick["hypertension"] + 4 * severity, 14), 85, 210),
        "creatinine": _within(math.exp(dice.gauss(-0.1 + 0.18 * severity, 0.25)), 0.4, 7),
        "hba1c": _within(dice.gauss(5.5 + 1.6 * sick["diabetes"], 0.5), 4.2, 13),
        "cholesterol": _within(dice.gauss(195, 35), 95, 380),
        "haemoglobin": _within(dice.gauss(13.6 - 0.7 * severity, 1.3), 6.5, 18.5),
        "visits_12m": _poisson(dice, math.exp(0.9 + 0.35 * severity)),
        **sick,
    }


def _labelled(person: dict, dice: random.Random) -> dict:
    log_odds = (
        -2.1 + 0.65 * person["severity"] + 0.018 * (person["age"] - 64) + 0.7 * person["heart_failure"]
        + 0.45 * person["copd"] + 0.10 * min(person["visits_12m"], 15) + 0.25 * (person["creatinine"] - 1)
        - 0.12 * (person["haemoglobin"] - 13)
    )  # fmt: skip
    row = {name: value for name, value in person.items() if name not in ("severity", "hypertension")}
    for name, kept in (("creatinine", 0.8), ("hba1c", 0.6), ("cholesterol", 0.6), ("haemoglobin", 0.8), ("bmi", 0.9)):
        row[name] = row[name] if dice.random() < kept else None
    return row | {"label": dice.random() < _chance(log_odds)}


def _hospital(dice: random.Random) -> dict:
    places = [
        {"resourceType": "Location", "id": key, "meta": _TAG, "status": "active", "name": name,
         "physicalType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "wa"}]}}
        for key, name in WARDS
    ]  # fmt: skip
    house = {"resourceType": "Organization", "id": "invented-hospital", "meta": _TAG, "name": "Invented Hospital"}
    staff = [
        {"resourceType": "Practitioner", "id": f"practitioner-{number}", "meta": _TAG,
         "name": [{"family": dice.choice(_FAMILY), "given": [dice.choice(_GIVEN["female"])]}]}
        for number in range(1, 5)
    ]  # fmt: skip
    return _as_bundle([(resource["id"], resource) for resource in (house, *places, *staff)])


def _bundle(number: int, person: dict, as_of: date, dice: random.Random) -> dict:
    key = _key(number, "patient")
    patient = _patient(number, key, person, as_of, dice)
    stays = _stays(number, person, as_of, dice)
    resources = [patient, *(_encounter(number, place, stay, key) for place, stay in enumerate(stays))]
    resources += _problems(number, person, key, as_of)
    for place, stay in enumerate(stays):
        resources += _measurements(number, place, stay, person, key, dice)
    if person["hypertension"] or person["heart_failure"]:
        resources.append(_prescription(number, key, stays[0]["start"]))
    return _as_bundle([(resource["id"], resource) for resource in resources])


def _patient(number: int, key: str, person: dict, as_of: date, dice: random.Random) -> dict:
    born = as_of - timedelta(days=int(person["age"] * 365.25) + dice.randrange(1, 300))
    return {
        "resourceType": "Patient", "id": key, "meta": _TAG, "active": True,
        "identifier": [{
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            "system": "urn:invented-hospital:mrn", "value": f"INV-{100000 + number * 37}",
        }],
        "name": [{"use": "official", "family": _FAMILY[(number * 7) % len(_FAMILY)],
                  "given": [_GIVEN[person["sex"]][(number * 5) % 12]]}],
        "gender": person["sex"], "birthDate": born.isoformat(),
    }  # fmt: skip


def _stays(number: int, person: dict, as_of: date, dice: random.Random) -> list[dict]:
    ward = WARDS[number % 2][0]
    count = person["visits_12m"] + _poisson(dice, max(0.5, person["visits_12m"] * 0.7))
    recent = sorted(dice.randrange(6, 360) for _ in range(person["visits_12m"]))
    before = sorted(dice.randrange(365, 720) for _ in range(count - person["visits_12m"]))
    starts = sorted({*recent, *before, 1 + number % 3}, reverse=True)
    stays = [_stay(as_of, days, dice) | {"ward": ward} for days in starts]
    stays[-1] |= {"end": None, "kind": "IMP"}
    return stays


def _stay(as_of: date, days: int, dice: random.Random) -> dict:
    start = datetime(as_of.year, as_of.month, as_of.day, dice.randrange(7, 19), dice.randrange(60), tzinfo=UTC)
    start -= timedelta(days=days)
    kind = dice.choice(("AMB", "AMB", "EMER", "IMP"))
    hours = {"AMB": 1, "EMER": 6, "IMP": 72}[kind]
    return {"start": start, "end": start + timedelta(hours=hours), "kind": kind}


def _encounter(number: int, place: int, stay: dict, patient: str) -> dict:
    period = {"start": stay["start"].isoformat()}
    if stay["end"]:
        period["end"] = stay["end"].isoformat()
    return {
        "resourceType": "Encounter", "id": _key(number, f"encounter-{place}"), "meta": _TAG,
        "status": "finished" if stay["end"] else "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": stay["kind"]},
        "subject": {"reference": f"urn:uuid:{patient}"}, "period": period,
        "location": [{"location": {"reference": f"Location/{stay['ward']}"}}],
        "serviceProvider": {"reference": "Organization/invented-hospital"},
    }  # fmt: skip


def _problems(number: int, person: dict, patient: str, as_of: date) -> list[dict]:
    since = (as_of - timedelta(days=900)).isoformat()
    return [
        {
            "resourceType": "Condition", "id": _key(number, name), "meta": _TAG,
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": words}], "text": words},
            "subject": {"reference": f"urn:uuid:{patient}"}, "onsetDateTime": since,
        }
        for name, (code, words) in _PROBLEMS.items() if person[name]
    ]  # fmt: skip


def _measurements(number: int, place: int, stay: dict, person: dict, patient: str, dice: random.Random) -> list[dict]:
    at = (stay["start"] + timedelta(minutes=20)).isoformat()
    base = {"status": "final", "subject": {"reference": f"urn:uuid:{patient}"}, "effectiveDateTime": at}
    systolic = _within(dice.gauss(person["sbp"], 6), 80, 220)
    found = [_pressure(_key(number, f"bp-{place}"), base, systolic, dice)]
    for name, code, words, unit, digits, share in _LABS:
        if dice.random() < share:
            value = round(_level(name, person, dice), digits)
            found.append(_observation(_key(number, f"{name}-{place}"), base, code, words, value, unit))
    return found


def _level(name: str, person: dict, dice: random.Random) -> float:
    levels = {
        "weight": person["bmi"] * 2.9, "heart_rate": 74 + 5 * person["severity"], "temperature": 36.8,
        "glucose": 96 + 30 * (person["hba1c"] - 5.5), "sodium": 139, "potassium": 4.2,
    }  # fmt: skip
    level = levels.get(name, person.get(name, 0))
    return level * (1 + dice.gauss(0, 0.004 if name in ("temperature", "sodium") else 0.03))


def _observation(key: str, base: dict, code: str, words: str, value: float, unit: str) -> dict:
    return {
        "resourceType": "Observation", "id": key, "meta": _TAG, **base,
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": words}], "text": words},
        "valueQuantity": _quantity(value, unit),
    }  # fmt: skip


def _pressure(key: str, base: dict, systolic: float, dice: random.Random) -> dict:
    parts = (("8480-6", "Systolic blood pressure", systolic), ("8462-4", "Diastolic blood pressure", systolic * 0.6))
    return {
        "resourceType": "Observation", "id": key, "meta": _TAG, **base,
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"}]},
        "component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": code, "display": words}], "text": words},
             "valueQuantity": _quantity(round(value + dice.gauss(0, 2)), "mm[Hg]")}
            for code, words, value in parts
        ],
    }  # fmt: skip


def _prescription(number: int, patient: str, start: datetime) -> dict:
    words = "ramipril 5 MG Oral Capsule"
    return {
        "resourceType": "MedicationRequest", "id": _key(number, "ramipril"), "meta": _TAG, "status": "active",
        "intent": "order", "authoredOn": start.isoformat(), "subject": {"reference": f"urn:uuid:{patient}"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "261962", "display": words}],
            "text": words,
        },
    }  # fmt: skip


def _quantity(value: float, unit: str) -> dict:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _as_bundle(entries: list[tuple[str, dict]]) -> dict:
    listed = [
        {"fullUrl": f"urn:uuid:{key}" if len(key) == 36 else f"urn:invented:{key}", "resource": resource,
         "request": {"method": "PUT", "url": f"{resource['resourceType']}/{key}"}}
        for key, resource in entries
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "transaction", "meta": _TAG, "entry": listed}


def _key(number: int, word: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"invented-hospital/{number}/{word}"))


def _write(path: Path, bundle: dict) -> None:
    path.write_text(json.dumps(bundle, indent=1))


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _poisson(dice: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count
