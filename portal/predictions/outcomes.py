"""What came of predictions: learnt from the records that come in later, and from time that runs out.

The outcome happened when an entry that the version's rule names began after the run and within its days. It did not when
the days are over; until then it is not known. An entry that is taken back, or comes in late, changes the answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput
from portal.predictions import queries, signals
from portal.predictions.models import Outcome, Prediction
from portal.predictions.states import OutcomeState, PredictionState
from portal.records import queries as records
from portal.records import units
from portal.records.models import Condition, Encounter, Observation, Patient, Standing
from portal.registry.models import ModelVersion
from portal.registry.outcome import Rule, rule_of

PAUSE, ROUND, MOST_ROUNDS = 3600.0, 500, 20


@dataclass(frozen=True)
class Known:
    """What came of one result, in a sentence."""

    state: str
    sentence: str


@action(Permission.RECORD_IMPORT, verb="prediction.outcomes-settled")
def settle(*, by, on=None, patients=None) -> int:
    """Learn what came of the predictions for these patients, or of those whose time is over; returns how many were looked at."""
    rules = _rules()
    rows = _waiting(rules) if patients is None else _of(rules, patients)
    rows = list(rows) if rules else []
    changed = [row for row in rows if _settle(row, rules[row.version_id])]
    for row in changed:
        event().also("prediction.outcome-known", row)
    if not changed:
        event().skip()
    event().note(changed=len(changed))
    if changed:
        signals.outcomes_changed.send(sender=Outcome, versions={row.version_id for row in changed})
    return len(rows)


def sweep(*, by) -> None:
    """A duty of the keeper: settle what time has settled."""
    for _ in range(MOST_ROUNDS):
        if settle(by=by) < ROUND:
            break


def of_prediction(prediction: Prediction) -> Known | None:
    """What came of a result; None where its version names no outcome. Call it inside actions."""
    rule = _rule(prediction.version)
    if (
        rule is None
        or prediction.patient_id is None
        or prediction.patient.practice
        or prediction.state != PredictionState.SUCCEEDED
    ):
        return None
    row = Outcome.objects.filter(prediction=prediction).first()
    span = f"within {_span(rule.within_days)}"
    if row and row.state == OutcomeState.YES:
        return Known(row.state, f"{_first_upper(rule.label)} on {_day(row.content['day'])}.")
    if row and row.state == OutcomeState.NO:
        return Known(row.state, f"No {_bare(rule.label)} {span}.")
    due = row.due_on if row else _due(prediction, rule)
    return Known(
        OutcomeState.OPEN,
        f"Not yet known: so far no {_bare(rule.label)}; the {_span(rule.within_days)} end on {_day(due.isoformat())}.",
    )


def _rules() -> dict[int, Rule]:
    rows = ModelVersion.objects.filter(overlay__has_key="outcome")
    return {row.pk: rule for row in rows if (rule := _rule(row))}


def _rule(version: ModelVersion) -> Rule | None:
    try:
        return rule_of(version.overlay)
    except BadInput:
        return None


def _rows(rules: dict[int, Rule]) -> QuerySet[Prediction]:
    rows = Prediction.objects.filter(
        version__in=rules, outcome=PredictionState.SUCCEEDED, retracted_at__isnull=True, patient__isnull=False
    )
    return rows.filter(queries.COUNTS).select_related("version", "patient").order_by("pk")


def _of(rules: dict[int, Rule], patients: Iterable[Patient]) -> QuerySet[Prediction]:
    keys = {patient.pk for patient in patients}
    return _rows(rules).filter(Q(patient__in=keys) | Q(patient__merged_into__in=keys))


def _waiting(rules: dict[int, Rule]) -> QuerySet[Prediction]:
    over = Outcome.objects.filter(is_open=True, due_on__lt=clock.today()).values("prediction")
    known = Outcome.objects.values("prediction")
    rows = _rows(rules).exclude(patient__standing=Standing.REMOVED)
    return rows.filter(Q(pk__in=over) | ~Q(pk__in=known))[:ROUND]


def _settle(prediction: Prediction, rule: Rule) -> bool:
    """Write what is known now; whether it is news."""
    found = _first(prediction, rule)
    over = clock.today() > _due(prediction, rule)
    state = OutcomeState.YES if found else OutcomeState.NO if over else OutcomeState.OPEN
    if prediction.patient_now.standing == Standing.REMOVED:
        state, found = OutcomeState.OPEN, None
    content = (
        {"state": state} | _grouped(prediction) | ({"day": found[0].isoformat(), "source": found[1]} if found else {})
    )
    row = Outcome.objects.filter(prediction=prediction).first()
    if row and row.content == content:
        return False
    facts = {
        "is_open": state == OutcomeState.OPEN,
        "content": content,
        "due_on": _due(prediction, rule),
        "settled_at": clock.now(),
    }
    Outcome.objects.update_or_create(prediction=prediction, defaults=facts)
    return state != (row.state if row else OutcomeState.OPEN) or state == OutcomeState.YES


def _grouped(prediction: Prediction) -> dict:
    """What the reliability of a version is counted by."""
    reading, person = prediction.envelope.content["reading"], prediction.patient_now.person
    age = records.age_on(clock.day_of(prediction.created_at), person.get("birth_date"), person.get("deceased"))
    return {
        "share": event_share(reading),
        "sex": person.get("sex") or "unknown",
        "age": age,
        "run": clock.day_of(prediction.created_at).isoformat(),
    }


def event_share(reading: dict) -> float | None:
    """How likely the reading says the outcome is; a share of survivors is what is left of it. None where it says no such thing."""
    share = reading.get("share")
    if share is None or reading.get("kind") not in ("risk", "survival"):
        return None
    return share if reading["kind"] == "risk" else 1 - share


def _due(prediction: Prediction, rule: Rule) -> date:
    return clock.day_of(prediction.created_at) + timedelta(days=rule.within_days)


def _first(prediction: Prediction, rule: Rule) -> tuple[date, str] | None:
    """The first day on which the outcome happened after the run, in time, and the source that says so."""
    last = _due(prediction, rule)
    group = records.group_of(prediction.patient_now)
    found = [*_FINDERS[rule.kind](group, rule), *(_deaths(group, rule) if rule.or_death else ())]
    inside = [(at, source) for at, source in found if at > prediction.created_at and at.date() <= last]
    return min(((at.date(), source) for at, source in inside), default=None)


def _entries(model, group: list[int], rule: Rule) -> Iterable[tuple[datetime, str]]:
    rows = model.objects.filter(patient__in=group, code__in=rule.codes)
    for row in rows:
        if records.counts(row) and row.content.get("since") and row.content.get("status") != "planned":
            yield datetime.fromisoformat(row.content["since"]), row.source_index


def _stays(group: list[int], rule: Rule):
    return _entries(Encounter, group, rule)


def _problems(group: list[int], rule: Rule):
    return _entries(Condition, group, rule)


def _values(group: list[int], rule: Rule) -> Iterable[tuple[datetime, str]]:
    for row in Observation.objects.filter(patient__in=group, code__in=rule.codes):
        found = records.measurement_of(row)
        if records.counts(row) and found.at and _beyond(found, rule):
            yield found.at, row.source_index


def _beyond(found: records.Measurement, rule: Rule) -> bool:
    value = found.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if rule.unit and found.unit and found.unit != rule.unit:
        try:
            value = units.convert(value, found.unit, rule.unit, analyte=found.code).value
        except (units.UnitUnknown, units.UnitMismatch):
            return False
    return (rule.above is None or value > rule.above) and (rule.below is None or value < rule.below)


def _deaths(group: list[int], rule: Rule) -> Iterable[tuple[datetime, str]]:
    for row in Patient.objects.filter(pk__in=group):
        said = row.person.get("deceased") or ""
        # A death without a day cannot be placed before or after the run.
        if len(said) >= 10:
            found = datetime.fromisoformat(said.replace("Z", "+00:00"))
            yield found if found.tzinfo else found.replace(tzinfo=clock.now().tzinfo), row.source_index


_FINDERS = {"encounter": _stays, "condition": _problems, "observation": _values, "death": _deaths}


def _span(days: int) -> str:
    return {30: "30 days", 90: "90 days", 365: "12 months", 730: "24 months", 1096: "3 years", 1826: "5 years"}.get(
        days, f"{days} days"
    )


def _bare(label: str) -> str:
    return label.removeprefix("an ").removeprefix("a ").removeprefix("such a ")


def _first_upper(label: str) -> str:
    return label[:1].upper() + label[1:]


def _day(text: str) -> str:
    return f"{date.fromisoformat(text[:10]):%-d %b %Y}"
