"""One reader per kept resource type: what we use of it is checked and comes out as plain values."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from portal.records.fhir import checks
from portal.records.fhir.problems import ResourceRefused

MOST_PARTS = 100
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
_SEX = frozenset({"male", "female", "other", "unknown"})
_ENCOUNTER = frozenset(
    {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown"}
)
_OBSERVATION = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
_REQUEST = frozenset({"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"})
_INTENT = frozenset(
    {"proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"}
)

_NOT_SO = ("entered-in-error", "refuted")
_LINK = frozenset({"replaced-by", "replaces", "refer", "seealso"})
_MERGE = ("replaced-by", "replaces")


@dataclass(frozen=True)
class Part:
    """One row to keep: `suffix` tells the parts of one resource apart (the components of an observation)."""

    code: str
    content: dict
    suffix: str = ""


@dataclass(frozen=True)
class Read:
    """What one resource says, with the references that must be found for it to be kept."""

    type: str
    id: str
    parts: list[Part]
    subject: str = ""
    places: list[str] = field(default_factory=list)
    provider: str = ""
    digest: str = ""
    links: tuple[tuple[str, str], ...] = ()
    active: bool | None = None


def read(resource: dict) -> Read:
    """Check one resource of a kept type; raises ResourceRefused."""
    kind = resource["resourceType"]
    found = _READERS[kind](resource)
    return Read(kind, resource["id"], digest=digest_of(resource), **found)


def digest_of(resource: dict) -> str:
    """The digest by which an unchanged resource is recognised; `meta` and narrative do not count."""
    kept = {name: value for name, value in resource.items() if name not in ("meta", "text")}
    if _read_anew(resource):
        kept["read"] = 2
    return sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read_anew(resource: dict) -> bool:
    """Whether it says something that was not read at first: what came in then is taken for changed."""
    if resource["resourceType"] == "Condition":
        pairs = checks.concept(resource.get("verificationStatus", {}), "Condition.verificationStatus")[0]
        return any(code in _NOT_SO for _, code in pairs)
    return resource["resourceType"] == "Patient" and ("link" in resource or resource.get("active") is False)


def _patient(resource: dict) -> dict:
    name = _name(resource)
    dead = resource.get("deceasedDateTime") or resource.get("deceasedBoolean") or ""
    content = {
        "family": name.get("family", ""),
        "given": " ".join(str(part) for part in name.get("given", [])),
        "prefix": " ".join(str(part) for part in name.get("prefix", [])),
        "birth_date": checks.date(resource, "birthDate", "Patient"),
        "sex": checks.code(resource, "gender", "Patient", _SEX, needed=False) or "unknown",
        "mrn": _record_number(resource),
        "deceased": "yes" if dead is True else str(dead),
    }
    return {"parts": [Part("", content)], "links": _links(resource), "active": _active(resource)}


def _active(resource: dict) -> bool | None:
    found = resource.get("active")
    if found is not None and not isinstance(found, bool):
        raise ResourceRefused("Patient.active must be true or false.")
    return found


def _links(resource: dict) -> tuple[tuple[str, str], ...]:
    found = []
    for link in checks.items(resource, "link", "Patient"):
        kind = checks.code(link, "type", "Patient.link", _LINK)
        reference = _reference(link.get("other"), "Patient.link.other")
        if kind in _MERGE and reference:
            found.append((kind, reference))
    return tuple(found)


def _name(resource: dict) -> dict:
    names = checks.items(resource, "name", "Patient")
    official = [name for name in names if name.get("use") == "official"]
    name = next(iter(official or names), {})
    for part in ("given", "prefix"):
        if not isinstance(name.get(part, []), list):
            raise ResourceRefused(f"Patient.name.{part} must be a list of texts.")
    return name if isinstance(name.get("family", ""), str) else {}


def _record_number(resource: dict) -> str:
    known = checks.items(resource, "identifier", "Patient")
    marked = [item for item in known if ("MR" in _codes(item.get("type")))]
    return next((str(item["value"]) for item in (*marked, *known) if item.get("value")), "")


def _codes(concept) -> set[str]:
    codings = concept.get("coding", []) if isinstance(concept, dict) else []
    return {item.get("code") for item in codings if isinstance(item, dict)}


def _encounter(resource: dict) -> dict:
    kind = checks.object_at(resource.get("class"), "Encounter.class")
    period = checks.object_at(resource.get("period", {}), "Encounter.period")
    labels = [checks.concept(item, "Encounter.type")[1] for item in checks.items(resource, "type", "Encounter")]
    content = {
        "status": checks.code(resource, "status", "Encounter", _ENCOUNTER),
        "class": str(kind.get("code", "")),
        "since": checks.moment(period, "start", "Encounter.period"),
        "until": checks.moment(period, "end", "Encounter.period"),
        "label": next((label for label in labels if label), "Encounter"),
    }
    stays = checks.items(resource, "location", "Encounter")
    places = [_reference(stay.get("location"), "Encounter.location.location") for stay in stays]
    return {
        "parts": [Part(content["class"], content)],
        "subject": _subject(resource, "Encounter"),
        "places": [place for place in places if place],
        "provider": _reference(resource.get("serviceProvider"), "Encounter.serviceProvider"),
    }


def _observation(resource: dict) -> dict:
    status = checks.code(resource, "status", "Observation", _OBSERVATION)
    if "code" not in resource:
        raise ResourceRefused("Observation.code is missing: it says what was measured.")
    at = _effective(resource)
    parts = [_measured(resource, status, at, "Observation", "")]
    components = checks.items(resource, "component", "Observation")
    if len(components) > MOST_PARTS:
        raise ResourceRefused(f"Observation.component holds more than {MOST_PARTS} parts.")
    for place, component in enumerate(components):
        parts.append(_measured(component, status, at, f"Observation.component[{place}]", f"#{place}"))
    return {"parts": parts, "subject": _subject(resource, "Observation")}


def _effective(resource: dict) -> str:
    if "effectivePeriod" in resource:
        period = checks.object_at(resource["effectivePeriod"], "Observation.effectivePeriod")
        return checks.moment(period, "end", "Observation.effectivePeriod") or checks.moment(
            period, "start", "Observation.effectivePeriod"
        )
    return checks.moment(resource, "effectiveDateTime", "Observation") or checks.moment(
        resource, "effectiveInstant", "Observation"
    )


def _measured(item: dict, status: str, at: str, element: str, suffix: str) -> Part:
    pairs, words = checks.concept(item.get("code"), f"{element}.code")
    if not pairs and not words:
        raise ResourceRefused(f"{element}.code is empty: it says what was measured.")
    value, unit = _value(item, element)
    code = next((code for system, code in pairs if system == LOINC), pairs[0][1] if pairs else "")
    content = {"status": status, "at": at, "label": words or code, "value": value, "unit": unit}
    return Part(code, content, suffix)


def _value(item: dict, element: str) -> tuple[float | str | None, str]:
    if "valueQuantity" in item:
        return checks.quantity(item["valueQuantity"], f"{element}.valueQuantity")
    if "valueCodeableConcept" in item:
        return checks.concept(item["valueCodeableConcept"], f"{element}.valueCodeableConcept")[1], ""
    for name in ("valueString", "valueInteger", "valueBoolean", "valueDateTime"):
        if name in item:
            return item[name] if isinstance(item[name], int | float) else str(item[name])[:200], ""
    return None, ""


def _condition(resource: dict) -> dict:
    pairs, words = checks.concept(resource.get("code", {}), "Condition.code")
    status = checks.concept(resource.get("clinicalStatus", {}), "Condition.clinicalStatus")[0]
    verified = checks.concept(resource.get("verificationStatus", {}), "Condition.verificationStatus")[0]
    code = next((code for system, code in pairs if system == SNOMED), pairs[0][1] if pairs else "")
    content = {
        "label": words or code or "Problem",
        "since": checks.moment(resource, "onsetDateTime", "Condition")
        or checks.moment(resource, "recordedDate", "Condition"),
        "status": status[0][1] if status else "",
        "verified": next((code for _, code in verified if code in _NOT_SO), ""),
    }
    return {"parts": [Part(code, content)], "subject": _subject(resource, "Condition")}


def _medication(resource: dict) -> dict:
    status = checks.code(resource, "status", "MedicationRequest", _REQUEST)
    checks.code(resource, "intent", "MedicationRequest", _INTENT)
    pairs, words = checks.concept(
        resource.get("medicationCodeableConcept", {}), "MedicationRequest.medicationCodeableConcept"
    )
    content = {
        "label": words or (pairs[0][1] if pairs else "Medication"),
        "since": checks.moment(resource, "authoredOn", "MedicationRequest"),
        "status": status,
    }
    return {"parts": [Part(pairs[0][1] if pairs else "", content)], "subject": _subject(resource, "MedicationRequest")}


def _named(kind: str) -> Callable[[dict], dict]:
    def reader(resource: dict) -> dict:
        name = checks.text(resource, "name", kind) or str(resource["id"])
        return {"parts": [Part("", {"name": name[:200]})]}

    return reader


def _practitioner(resource: dict) -> dict:
    names = checks.items(resource, "name", "Practitioner")
    name = next(iter(names), {})
    given = name.get("given", [])
    words = [*(given if isinstance(given, list) else []), name.get("family", "")]
    return {"parts": [Part("", {"name": " ".join(str(word) for word in words if word)[:200]})]}


def _subject(resource: dict, kind: str) -> str:
    found = _reference(resource.get("subject"), f"{kind}.subject")
    if not found:
        raise ResourceRefused(f"{kind}.subject is missing: it says whose record this is.")
    return found


def _reference(value, element: str) -> str:
    if value is None:
        return ""
    found = checks.object_at(value, element).get("reference", "")
    if not isinstance(found, str):
        raise ResourceRefused(f"{element}.reference must be a text.")
    return found


_READERS: dict[str, Callable[[dict], dict]] = {
    "Patient": _patient,
    "Encounter": _encounter,
    "Observation": _observation,
    "Condition": _condition,
    "MedicationRequest": _medication,
    "Practitioner": _practitioner,
    "Location": _named("Location"),
    "Organization": _named("Organization"),
}
