"""Events as FHIR R4 AuditEvent resources after IHE's Basic Audit Log Patterns (BALP): one resource a line."""

import ipaddress

from portal.audit.queries import EventView

DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_REST = "http://hl7.org/fhir/restful-interaction"
_LIFE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY, _ROLE = (f"http://terminology.hl7.org/CodeSystem/{name}" for name in ("audit-entity-type", "object-role"))
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_USER = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
_REQUEST = ("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId")
_PORTAL = "urn:formulary"
_ALERT, _EXPORT, _SIGN_IN = (DCM, "110113"), (DCM, "110106"), (DCM, "110114")
_VIEWED, _REST_TYPE = (DCM, "110101"), (_TYPES, "rest")

# What an event is: type, subtype, action. The longest beginning of its verb counts.
KINDS = {
    "access.denied": (_ALERT, ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Role"), "E"),
    "audit.": (_VIEWED, None, "R"),
    "audit.exported": (_EXPORT, (_LIFE, "disclose"), "R"),
    "break-glass.": (_ALERT, (DCM, "110138"), "E"),
    "break-glass.started": (_ALERT, (DCM, "110127"), "E"),
    "case.": (_VIEWED, None, "R"),
    "model.": (_ALERT, (DCM, "110131"), "E"),
    "model.opened": (_REST_TYPE, (_REST, "read"), "R"),
    "patient.": (_REST_TYPE, (_REST, "read"), "R"),
    "patient.listed": (_REST_TYPE, (_REST, "search-type"), "E"),
    "patient.sought": (_REST_TYPE, (_REST, "search-type"), "E"),
    "person.": (_ALERT, (DCM, "110137"), "E"),
    "person.roles": (_ALERT, (DCM, "110136"), "E"),
    "person.session": (_SIGN_IN, (DCM, "110123"), "E"),
    "person.sign-in-failed": (_SIGN_IN, (DCM, "110122"), "E"),
    "person.signed-in": (_SIGN_IN, (DCM, "110122"), "E"),
    "person.signed-out": (_SIGN_IN, (DCM, "110123"), "E"),
    "prediction.": (_REST_TYPE, (_REST, "read"), "R"),
    "prediction.cancelled": (_REST_TYPE, (_REST, "update"), "U"),
    "prediction.ended": (_REST_TYPE, (_REST, "update"), "U"),
    "prediction.listed": (_REST_TYPE, (_REST, "search-type"), "E"),
    "prediction.requested": (_REST_TYPE, (_REST, "create"), "C"),
    "record.imported": ((DCM, "110107"), (_LIFE, "disclose"), "C"),
    "study.": (_ALERT, (DCM, "110135"), "E"),
    "token.": (_ALERT, (DCM, "110135"), "E"),
    "unit.": (_ALERT, (DCM, "110135"), "E"),
}
_OTHER = (_REST_TYPE, (_REST, "operation"), "E")
OUTCOMES = {"ok": "0", "denied": "8", "failed": "4"}


def audit_event(view: EventView) -> dict:
    """One event as an AuditEvent."""
    kind, subtype, action = kind_of(view.verb)
    made = {
        "resourceType": "AuditEvent",
        "id": view.public_id,
        "type": _coding(kind),
        **({"subtype": [_coding(subtype)]} if subtype else {}),
        "action": action,
        "recorded": view.at.isoformat(),
        "outcome": OUTCOMES[view.outcome],
        **({"outcomeDesc": view.why} if view.why else {}),
        "purposeOfEvent": [{"coding": [_coding((_REASON, view.purpose))]}] if view.purpose else [],
        "agent": [_client(view), _server(), _person(view)],
        "source": {"observer": {"display": "Formulary", "identifier": {"value": _PORTAL}},
                   "type": [_coding((_SOURCE, "4"))]},
        "entity": _entities(view),
    }  # fmt: skip
    return {name: value for name, value in made.items() if value != []}


def kind_of(verb: str) -> tuple:
    """Type, subtype and action of a verb."""
    found = [start for start in KINDS if verb.startswith(start)]
    return KINDS[max(found, key=len)] if found else _OTHER


def _client(view: EventView) -> dict:
    address = view.address or "127.0.0.1"
    return {
        "type": _concept(DCM, "110152" if kind_of(view.verb)[2] == "R" else "110153"),
        "who": {"display": "the person's device" if view.address else "the portal's own process"},
        "requestor": False,
        "network": {"address": address, "type": "2" if _is_ip(address) else "1"},
    }


def _server() -> dict:
    who = {"display": "Formulary", "identifier": {"value": _PORTAL}}
    return {"type": _concept(DCM, "110153"), "who": who, "requestor": False,
            "network": {"address": _PORTAL, "type": "5"}}  # fmt: skip


def _person(view: EventView) -> dict:
    return {
        "type": _concept(*_USER),
        "who": {
            "display": view.actor,
            "identifier": {"system": f"{_PORTAL}:user", "value": view.actor_id or view.actor},
        },
        "requestor": True,
        **({"role": [{"text": role} for role in view.roles.split(",")]} if view.roles else {}),
        **({"purposeOfUse": [_concept(_REASON, view.purpose)]} if view.purpose else {}),
    }


def _entities(view: EventView) -> list[dict]:
    found = []
    if view.object_id and view.object_id != view.patient:
        what = {"identifier": {"system": f"{_PORTAL}:{view.object_type}", "value": view.object_id}}
        found.append({"what": what, "type": _coding((_ENTITY, "2")), "role": _coding((_ROLE, "4"))})
    if view.patient:
        what = {"type": "Patient", "identifier": {"system": f"{_PORTAL}:patient", "value": view.patient}}
        found.append({"what": what, "type": _coding((_ENTITY, "1")), "role": _coding((_ROLE, "1"))})
    if view.request:
        found.append({"what": {"identifier": {"value": view.request}}, "type": _coding(_REQUEST)})
    detail = [{"type": name, "valueString": str(value)[:1000] or "-"} for name, value in sorted(view.detail.items())]
    verb = {"what": {"display": view.verb}, "description": view.sentence}
    return [*found, verb | ({"detail": detail} if detail else {})]


def _coding(pair: tuple[str, str]) -> dict:
    return {"system": pair[0], "code": pair[1]}


def _concept(system: str, code: str) -> dict:
    return {"coding": [_coding((system, code))]}


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
