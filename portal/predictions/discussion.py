"""A result with what people made of it: verdicts, reports, and whether one may retract it."""

from dataclasses import dataclass

from portal.access import notices, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.compute import outlook
from portal.predictions import feedback, incidents, outcomes, queries, showing, trend
from portal.predictions.models import Incident, Prediction


@dataclass(frozen=True)
class Discussion:
    """One prediction as its page shows it."""

    view: queries.PredictionView
    opinions: list[feedback.Opinion]
    incidents: list[Incident]
    retracting: policy.Decision
    printing: policy.Decision
    retraction_words: str
    trend: trend.Trend | None
    known: outcomes.Known | None
    shown: list[showing.Shown]
    outlook: outlook.Outlook

    @property
    def shown_to_others(self) -> list[showing.Shown]:
        """Without what was shown to the reader, who is told so on top."""
        return [one for one in self.shown if not one.to_reader]


@action(Permission.PREDICTION_READ, verb="prediction.page-opened", on=Prediction, rows=queries.related)
def open_page(*, by, on) -> Discussion:
    """One prediction with its envelope and what people made of it."""
    return _discussed(by, on)


@action(Permission.PREDICTION_READ, verb="prediction.followed", on=Prediction, rows=queries.related)
def follow(*, by, on) -> Discussion:
    """A prediction that is being waited for; recorded once, when it has ended."""
    found = _discussed(by, on)
    if not found.view.finished:
        event().skip()
    return found


def _discussed(by, on: Prediction) -> Discussion:
    may = policy.decide(by, Permission.PREDICTION_RETRACT, on)
    view = queries.view_of(on, by)
    if view.finished:
        notices.seen(by, on.public_id)
    return Discussion(
        view,
        feedback.opinions_of(on, by),
        incidents.of_prediction(on),
        may,
        policy.decide(by, Permission.PREDICTION_PRINT, on),
        on.retraction_words,
        trend.of(on, view, by),
        outcomes.of_prediction(on) if queries.joined_for(on, by) else None,
        showing.shown_of(on, by),
        outlook.of(on.job),
    )
