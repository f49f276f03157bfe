"""How a result stands beside the patient's earlier ones by the same model, and which inputs changed."""

from dataclasses import dataclass

from portal.access import policy
from portal.access.permissions import Permission
from portal.predictions import queries
from portal.predictions.models import Prediction
from portal.predictions.states import PredictionState
from portal.records.queries import group_of

MOST = 8


@dataclass(frozen=True)
class Change:
    """One input that is not what it was: how it read before and reads now; empty when it was not known."""

    label: str
    before: str
    now: str


@dataclass(frozen=True)
class Trend:
    """Earlier results that stand, newest first, and what changed since the newest of them."""

    earlier: list[queries.PredictionView]
    changes: list[Change]
    other_version: bool


def of(prediction: Prediction, view: queries.PredictionView, by) -> Trend | None:
    """The trend up to a result, of results that this person may open; None when it is the first, or no result.

    Call it inside actions.
    """
    if view.state != PredictionState.SUCCEEDED or prediction.patient_id is None:
        return None
    # A merge joins records, not personal rights: results of the other record may be closed to whoever sees this one.
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ).filter(
        patient__in=group_of(prediction.patient_now), version__model=prediction.version.model_id, pk__lt=prediction.pk,
        outcome=PredictionState.SUCCEEDED, retracted_at__isnull=True,
    )  # fmt: skip
    earlier = queries.views_of(list(rows.order_by("-id")[:MOST]), by)
    if not earlier:
        return None
    return Trend(earlier, _changes(earlier[0], view), earlier[0].version != view.version)


def _changes(before: queries.PredictionView, now: queries.PredictionView) -> list[Change]:
    old, new = _shown(before), _shown(now)
    names = [name for name in {**new, **old} if old.get(name, ("", ""))[1] != new.get(name, ("", ""))[1]]
    return [
        Change((new.get(name) or old[name])[0], old.get(name, ("", ""))[1], new.get(name, ("", ""))[1])
        for name in names
    ]


def _shown(view: queries.PredictionView) -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["label"], row["shown"]) for row in view.envelope["inputs"]}
