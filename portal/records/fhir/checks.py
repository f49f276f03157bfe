"""Small checks of FHIR elements; each raises ResourceRefused with a sentence that names the element."""

import re
from datetime import datetime

from portal.records.fhir.problems import ResourceRefused

_DATE = re.compile(r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")
_MOMENT = re.compile(r"^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$")


def object_at(value, element: str) -> dict:
    """An object, or refused."""
    if not isinstance(value, dict):
        raise ResourceRefused(f"{element} must be an object.")
    return value


def items(resource: dict, name: str, element: str) -> list[dict]:
    """The objects of a repeating element."""
    found = resource.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ResourceRefused(f"{element}.{name} must be a list of objects.")
    return found


def text(resource: dict, name: str, element: str) -> str:
    """A text, empty when it is not there."""
    found = resource.get(name, "")
    if not isinstance(found, str):
        raise ResourceRefused(f"{element}.{name} must be a text.")
    return found


def code(resource: dict, name: str, element: str, allowed: frozenset[str], *, needed: bool = True) -> str:
    """A code of a closed list."""
    found = resource.get(name)
    if found is None and not needed:
        return ""
    if found is None:
        raise ResourceRefused(f"{element}.{name} is missing. Allowed: {', '.join(sorted(allowed))}.")
    if found not in allowed:
        raise ResourceRefused(f"{element}.{name} is not a code of FHIR R4. Allowed: {', '.join(sorted(allowed))}.")
    return found


def date(resource: dict, name: str, element: str) -> str:
    """A FHIR date, whole or partial."""
    found = text(resource, name, element)
    if found and (not _DATE.match(found) or not _exists(found)):
        raise ResourceRefused(f"{element}.{name} is not a date. Allowed: YYYY, YYYY-MM or YYYY-MM-DD.")
    return found


def moment(resource: dict, name: str, element: str) -> str:
    """A FHIR dateTime as ISO text with a zone when a time is given."""
    found = text(resource, name, element)
    if not found:
        return ""
    if not _MOMENT.match(found) or not _exists(found):
        raise ResourceRefused(
            f"{element}.{name} is not a moment. Allowed: YYYY, YYYY-MM, YYYY-MM-DD or with a time and zone."
        )
    return full_moment(found)


def full_moment(found: str) -> str:
    """A partial moment made whole: first day, midnight, UTC."""
    day = (found.split("T")[0] + "-01-01")[:10]
    rest = found.split("T")[1] if "T" in found else "00:00:00+00:00"
    stamp = datetime.fromisoformat(f"{day}T{rest.replace('Z', '+00:00')}")
    return stamp.isoformat() if stamp.tzinfo else stamp.isoformat() + "+00:00"


def quantity(value, element: str) -> tuple[float | None, str]:
    """Value and unit of a Quantity; the UCUM code where there is one."""
    found = object_at(value, element)
    number = found.get("value")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
        raise ResourceRefused(f"{element}.value must be a number.")
    unit = found.get("code") or found.get("unit") or ""
    if not isinstance(unit, str):
        raise ResourceRefused(f"{element}.unit must be a text.")
    return number, unit


def concept(value, element: str) -> tuple[list[tuple[str, str]], str]:
    """(system, code) pairs and the words of a CodeableConcept."""
    found = object_at(value, element)
    codings = items(found, "coding", element)
    pairs = [(str(item.get("system", "")), str(item["code"])[:40]) for item in codings if item.get("code")]
    words = found.get("text") or next((item.get("display") for item in codings if item.get("display")), "")
    return pairs, str(words)[:200]


def _exists(found: str) -> bool:
    try:
        full_moment(found)
    except ValueError:
        return False
    return True
