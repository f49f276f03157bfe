"""Filling a form from the record: each value with unit, moment, source and a mark when it is old or unusable."""

from dataclasses import dataclass
from datetime import datetime

from portal.core import clock, days
from portal.records import units
from portal.records.queries import Measurement, Needs, Record, Source
from portal.registry import answers
from portal.registry.spec import Field, FormSpec, number_text

STALE_DAYS, STAY_MARK = 365, 20
# A problem that is not on the list counts as “No”, which is less than having asked.
NOT_LISTED = "not on the problem list"
PROPOSED = "proposed by the form, not from the record"


@dataclass(frozen=True)
class Prefilled:
    """What the record says about one field; `value` is None when it cannot be used, and `note` says why.

    `used` names the resources that it rests on, so that a later correction of them is noticed (provenance.py).
    """

    value: object
    source: str
    code: str = ""
    at: datetime | None = None
    stale: bool = False
    note: str = ""
    used: dict | None = None
    # It does not come from the record; the form proposes it.
    proposed: bool = False


def fill(form: FormSpec, record: Record) -> dict[str, Prefilled]:
    """The fields of a form that the record has something to say about."""
    found = {field.name: _fill(field, record) for field in form.fields if field.record and field.asked}
    known = {name: prefilled for name, prefilled in found.items() if prefilled is not None}
    return proposals(form) | known


def proposals(form: FormSpec) -> dict[str, Prefilled]:
    """What a form proposes where the record has nothing to say."""
    return {
        field.name: Prefilled(field.default, PROPOSED, proposed=True)
        for field in form.fields
        if field.asked and field.default is not None
    }


def needs_of(form: FormSpec, overlay: dict) -> Needs:
    """The parts of a record that a form is filled from, and that say whether the model is meant for the patient."""
    maps = [field.record for field in form.fields if field.record and field.asked]
    codes = {code for record in maps if record.get("kind") == "observation" for code in record.get("codes", ())}
    kinds = {str(record.get("kind")) for record in maps}
    kinds |= {"condition"} if any("condition" in rule for rule in overlay.get("eligibility", ())) else set()
    return Needs(frozenset(kinds), frozenset(codes))


def _fill(field: Field, record: Record) -> Prefilled | None:
    filler = _FILLERS.get(field.record.get("kind"))
    found = filler(field, record) if filler else None
    if found is None or found.value is None:
        return found
    checked = answers.check(FormSpec((field,)), {field.name: found.value})
    if checked.errors:
        return Prefilled(None, found.source, found.code, found.at, found.stale, note=checked.errors[field.name])
    return found


def _age(field: Field, record: Record) -> Prefilled | None:
    age = record.patient.age
    return None if age is None else Prefilled(age, "from the birth date in the record", used=_person(record))


def _sex(field: Field, record: Record) -> Prefilled | None:
    sex = record.patient.sex
    value = sex_value(field, sex)
    return None if value is None else Prefilled(value, "from the record", used=_person(record))


def sex_value(field: Field, sex: str):
    """What a form takes for the sex in the record; None when it takes nothing."""
    return field.record.get("map", {"male": "male", "female": "female"}).get(sex)


def _person(record: Record) -> dict | None:
    day = clock.record_day().isoformat()
    return _resource(record.source) | {"day": day} if record.source else None


def _resource(source: Source) -> dict:
    return {"index": source.index, "digest": source.digest}


def _observation(field: Field, record: Record) -> Prefilled | None:
    found = record.latest(field.record.get("codes", ()), field.record.get("within_days"))
    return None if found is None else from_measurement(field, found)


def from_measurement(field: Field, found: Measurement) -> Prefilled:
    """A field filled from one measurement."""
    source, stale = _source(found), (found.days_old or 0) > (field.record or {}).get("stale_days", STALE_DAYS)
    used = _resource(found.source) if found.source else None
    if not isinstance(found.value, int | float) or field.kind not in ("number", "integer"):
        return Prefilled(found.value, source, found.code, found.at, stale, used=used)
    try:
        value, conversion = _in_unit(field, found)
    except (units.UnitUnknown, units.UnitMismatch) as problem:
        return Prefilled(None, source, found.code, found.at, stale, note=str(problem))
    return Prefilled(value, source + conversion, found.code, found.at, stale, used=used)


def _in_unit(field: Field, found: Measurement) -> tuple[float, str]:
    if not field.unit or not found.unit:
        return found.value, ""
    converted = units.convert(found.value, found.unit, field.unit, analyte=found.code)
    value = float(f"{converted.value:.4g}")
    if value == found.value:
        return found.value, ""
    return value, f", converted from {number_text(found.value)} {units.display_unit(found.unit)}"


def _condition(field: Field, record: Record) -> Prefilled:
    mapped = field.record.get("map", {"yes": True, "no": False})
    entry = record.has_condition(field.record.get("codes", ()))
    if entry:
        words = f"on the problem list since {days.said(entry.since) or 'an unknown day'}"
        return Prefilled(mapped["yes"], words, entry.code, used=_resource(entry.source) if entry.source else None)
    return Prefilled(mapped["no"], NOT_LISTED)


def _encounters(field: Field, record: Record) -> Prefilled:
    days = field.record.get("within_days", 365)
    stays = record.stays_within(days)
    used = _person(record)
    if used:
        # Found again by the patient; which stays were counted is kept beside it.
        used["stays"] = [stay.source.index[:STAY_MARK] for stay in stays if stay.source]
    return Prefilled(len(stays), f"counted in the record over {days} days", used=used)


def _source(found: Measurement) -> str:
    if found.at is None:
        return f"{found.label}, moment not recorded"
    age = {0: "today", 1: "1 day old"}.get(found.days_old, f"{found.days_old} days old")
    return f"{found.label}, {days.moment(found.at)}, {age}"


_FILLERS = {
    "age": _age,
    "sex": _sex,
    "observation": _observation,
    "condition": _condition,
    "encounters": _encounters,
}
