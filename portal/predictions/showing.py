"""Showing a result to a colleague: who may see the patient anyway is asked to look; nothing is opened to anybody."""

from dataclasses import dataclass
from datetime import datetime

from portal.access import notices, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.audit.models import AuditEvent
from portal.core.problems import BadInput, Conflict
from portal.predictions import queries
from portal.predictions.models import Prediction, Showing
from portal.records import colleagues

WORDS_AT_MOST = 1000
_OPENED = ("prediction.opened", "prediction.page-opened", "prediction.followed")


@dataclass(frozen=True)
class Shown:
    """A result that somebody showed to a colleague, and when that colleague first opened it afterwards."""

    to: str
    by: str
    at: datetime
    words: str
    opened_at: datetime | None


@dataclass(frozen=True)
class Choice:
    """A result about to be shown: to whom it may be, and to whom it was."""

    view: queries.PredictionView
    names: list[str]
    shown: list[Shown]


@action(Permission.PREDICTION_READ, verb="prediction.showing-opened", on=Prediction, rows=queries.related)
def open_choice(*, by, on) -> Choice:
    """The colleagues to whom a result may be shown."""
    names = list(colleagues.seeing(on.patient, but=by)) if on.patient else []
    return Choice(queries.view_of(on, by), names, shown_of(on))


@action(Permission.PREDICTION_READ, verb="prediction.shown", on=Prediction, rows=queries.related)
def show(*, by, on, colleague, words="") -> str:
    """Ask a colleague to look at a result, and return the colleague's name; raises BadInput naming the field."""
    if on.patient is None or on.state != "succeeded":
        raise Conflict("Only a result of a patient can be shown to a colleague.")
    person = colleagues.find(colleague, colleagues.seeing(on.patient, but=by))
    _check(person, on, words.strip())
    Showing.objects.create(prediction=on, shown_by=by, shown_to=person, words=words.strip())
    notices.tell([person], "result-shown", on.public_id)
    event().note(person=person.public_id, model=on.version.model.slug, version=on.version.number)
    return person.label


def shown_of(prediction: Prediction) -> list[Shown]:
    """To whom a result was shown, newest first. Call it inside actions."""
    rows = list(Showing.objects.filter(prediction=prediction).select_related("shown_by", "shown_to"))
    opened = AuditEvent.objects.filter(
        patient=prediction.audit_patient, object_id=prediction.public_id, verb__in=_OPENED, outcome="ok",
        actor_id__in={row.shown_to.public_id for row in rows},
    ).order_by("id")  # fmt: skip
    seen = list(opened.values_list("actor_id", "recorded_at")) if rows else []
    return [Shown(row.shown_to.label, row.shown_by.label, row.shown_at, row.words, _first(seen, row)) for row in rows]


def _first(seen: list[tuple[str, datetime]], row: Showing) -> datetime | None:
    person = row.shown_to.public_id
    return next((moment for who, moment in seen if who == person and moment >= row.shown_at), None)


def _check(person, on: Prediction, words: str) -> None:
    errors = {}
    if person is None or not policy.decide(person, Permission.PREDICTION_READ, on).allowed:
        errors["colleague"] = (
            "This is no colleague who may see this patient. Choose a name of the list; to show the result to somebody "
            "else, share the patient with them first."
        )
    if len(words) > WORDS_AT_MOST:
        errors["words"] = f"Your words have {len(words)} characters; at most {WORDS_AT_MOST} are kept."
    if errors:
        raise BadInput(errors)
