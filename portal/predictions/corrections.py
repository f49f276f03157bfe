"""Every result that used an old value says so: what it used is compared with what the record says now.

A result is marked as long as a value that it used differs: corrected, withdrawn (entered in error, refuted, deleted), or
the value of somebody whose record was separated from the patient's. What came later is no correction: a newer
measurement, a new stay, a problem that was resolved since. It makes the result due, not wrong.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from portal.access import notices
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.predictions import envelopes, prefill
from portal.predictions.models import Correction, Prediction, Use
from portal.predictions.retraction import readers_of
from portal.predictions.states import CorrectionKind as Kind
from portal.records import queries as records
from portal.records.models import Condition, Encounter, Observation, Patient
from portal.registry import spec
from portal.registry.spec import Field

ON_LIST, NOT_ON_LIST = "on the problem list", "not on the problem list"


@dataclass(frozen=True)
class Difference:
    """One value that is another now: how it read and how it reads; `now` is empty when there is none any more."""

    name: str
    label: str
    before: str
    now: str
    kind: str


@action(Permission.RECORD_IMPORT, verb="prediction.rechecked")
def recheck(*, by, on=None, sources) -> int:
    """Compare the predictions that used any of these sources with the record; returns how many are newly marked."""
    found = _concerned(sources)
    marked = 0
    for prediction in found:
        if _mark(prediction, _differences(prediction)):
            told = () if prediction.retracted_at else readers_of(prediction)
            notices.tell(told, "result-corrected", prediction.public_id)
            event().also("prediction.corrected", prediction)
            marked += 1
    if not found:
        event().skip()
    event().note(checked=len(found), marked=marked)
    return marked


def _concerned(sources) -> list[Prediction]:
    users = Use.objects.filter(source_index__in=sources).values("prediction")
    rows = Prediction.objects.filter(pk__in=users).select_related("version__model", "patient", "requested_by")
    # Two imports at once mark the same difference once: the second waits, and sees what the first has marked.
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def _mark(prediction: Prediction, differences: list[Difference]) -> bool:
    """Bring the marks in line with the differences; whether one is new. The same difference is told once."""
    live = {row.name: row for row in Correction.objects.filter(prediction=prediction, lifted_at__isnull=True)}
    wanted = {found.name: (found.kind, _content(found)) for found in differences}
    same = {name for name, row in live.items() if wanted.get(name) == (row.kind, row.content)}
    over = [row.pk for name, row in live.items() if name not in same]
    Correction.objects.filter(pk__in=over).update(lifted_at=clock.now())
    new = [
        Correction(prediction=prediction, name=name, kind=kind, content=content)
        for name, (kind, content) in wanted.items()
        if name not in same
    ]
    Correction.objects.bulk_create(new)
    return bool(new)


def _content(found: Difference) -> dict:
    return {"label": found.label, "before": found.before, "now": found.now}


def _differences(prediction: Prediction) -> list[Difference]:
    form = spec.form_of(prediction.version)
    rows = {row["name"]: row for row in prediction.inputs["rows"]}
    fields = {field.name: field for field in form.fields}
    group = set(records.group_of(prediction.patient_now))
    known = _known({item["index"] for item in prediction.inputs["used"]})
    found = []
    for item in prediction.inputs["used"]:
        field = fields.get(item["name"])
        resource = known.get(item["index"])
        if field and field.record and resource is not None:
            now = _COMPARE[field.record["kind"]](field, item, resource, group)
            if now:
                found.append(Difference(field.name, field.label, rows[field.name]["shown"], *now))
    return found


def _known(indexes: set[str]) -> dict:
    models = (Observation, Condition, Patient)
    return {row.source_index: row for model in models for row in model.objects.filter(source_index__in=indexes)}


def _observation(field: Field, item: dict, row, group: set[int]) -> tuple[str, str] | None:
    if row.patient_id not in group:
        return "", Kind.OTHER_PERSON
    if not records.counts(row) or row.code not in field.record.get("codes", ()):
        return "", Kind.WITHDRAWN
    value = prefill.from_measurement(field, records.measurement_of(row)).value
    if value == item["value"]:
        return None
    return ("", Kind.WITHDRAWN) if value is None else (envelopes.shown(field, value), Kind.CHANGED)


def _condition(field: Field, item: dict, row, group: set[int]) -> tuple[str, str] | None:
    if row.patient_id not in group:
        return "", Kind.OTHER_PERSON
    if not records.counts(row) or row.code not in field.record.get("codes", ()):
        return NOT_ON_LIST, Kind.WITHDRAWN
    return None


def _age(field: Field, item: dict, row: Patient, group: set[int]) -> tuple[str, str] | None:
    day = date.fromisoformat(item["day"])
    age = records.age_on(day, row.person.get("birth_date"), row.person.get("deceased"))
    if age == item["value"]:
        return None
    return ("", Kind.WITHDRAWN) if age is None else (envelopes.shown(field, age), Kind.CHANGED)


def _sex(field: Field, item: dict, row: Patient, group: set[int]) -> tuple[str, str] | None:
    value = prefill.sex_value(field, row.person.get("sex") or "unknown")
    if value == item["value"]:
        return None
    return ("", Kind.WITHDRAWN) if value is None else (envelopes.shown(field, value), Kind.CHANGED)


def _encounters(field: Field, item: dict, row: Patient, group: set[int]) -> tuple[str, str] | None:
    """Of the stays that were counted, those that still count; one that was recorded later is no correction."""
    day, days = date.fromisoformat(item["day"]), field.record.get("within_days", 365)
    marks = Q()
    for mark in item["stays"]:
        marks |= Q(source_index__startswith=mark)
    counted = list(Encounter.objects.filter(marks)) if item["stays"] else []
    holding = [stay for stay in counted if records.counts(stay) and _within(stay, day, days)]
    own = [stay for stay in holding if stay.patient_id in group]
    if len(own) == len(item["stays"]):
        return None
    kind = Kind.OTHER_PERSON if len(own) < len(holding) else Kind.CHANGED
    return envelopes.shown(field, item["value"] - len(item["stays"]) + len(own)), kind


def _within(stay: Encounter, day: date, days: int) -> bool:
    since = (stay.content.get("since") or "")[:10]
    return bool(since) and 0 <= (day - date.fromisoformat(since)).days <= days


_COMPARE = {
    "observation": _observation,
    "condition": _condition,
    "age": _age,
    "sex": _sex,
    "encounters": _encounters,
}
