"""What was typed for the newest result of a model: offered again on its form, never filled in by itself."""

from dataclasses import dataclass
from datetime import datetime

from portal.access import policy
from portal.access.action import event
from portal.access.permissions import Permission
from portal.core import clock
from portal.predictions import queries
from portal.predictions.envelopes import STALE_AFTER_DAYS
from portal.predictions.states import PredictionState
from portal.records.queries import group_of
from portal.registry import answers, moments
from portal.registry.spec import Field, FormSpec, number_text


@dataclass(frozen=True)
class Typed:
    """One answer of last time: as the form takes it, as people read it, of when, and its age once it is old."""

    value: str
    shown: str
    at: datetime
    age: str


def of(by, patient, version, form: FormSpec) -> dict[str, Typed]:
    """The typed answers of the newest result that stands and that this person may open, by field.

    Empty when there is none. What the form would not take today is left out. Call it inside actions.
    """
    # As with the trend: a merge joins records, not personal rights.
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ).filter(
        patient__in=group_of(patient), version__model=version.model_id,
        outcome=PredictionState.SUCCEEDED, retracted_at__isnull=True,
    )  # fmt: skip
    found = queries.views_of(list(rows.order_by("-id")[:1]), by)
    if not found:
        return {}
    age = _age(found[0].created_at, version.overlay.get("stale_after_days", STALE_AFTER_DAYS))
    typed = {row["name"]: row for row in found[0].envelope["inputs"] if row["source"] == "typed"}
    fields = [field for field in form.fields if field.name in typed and _can_repeat(field)]
    if fields:
        # Whose answers a form repeats is as good as having opened the result that they are from.
        event().note(repeats=found[0].public_id)
    given = {field.name: text_of(field, typed[field.name]["value"]) for field in fields}
    return {
        field.name: Typed(given[field.name], typed[field.name]["shown"], found[0].created_at, age)
        for field in fields
        if not answers.check(FormSpec((field,)), {field.name: given[field.name]}).errors
    }


def _can_repeat(field: Field) -> bool:
    # A moment by another clock than the hospital's would be read as one by the hospital's.
    elsewhere = field.kind == "moment" and field.zone not in ("", moments.LOCAL)
    return field.asked and not field.is_file and not field.holds_many and not elsewhere


def _age(at: datetime, most: int) -> str:
    days = (clock.now() - at).days
    return f"{days} days old" if days > max(most, 1) else ""


def text_of(field: Field, value) -> str:
    """A stored answer as its box takes it."""
    if field.kind in ("date", "moment"):
        return str(value)[: 10 if field.kind == "date" else 16]
    return str(value) if field.options or not isinstance(value, float) else number_text(value)
