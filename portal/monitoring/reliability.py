"""How reliable a version is here: counted from results whose time is over, told beside each result and on a page.

A result counts once its horizon is over, whatever happened: counting those early to whom it happened would make every
model look too low.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.monitoring import calibration
from portal.monitoring.calibration import Share
from portal.monitoring.models import Reliability
from portal.predictions import outcomes
from portal.predictions import queries as predictions
from portal.predictions.models import Outcome, Prediction
from portal.predictions.states import OutcomeState
from portal.registry.models import ModelVersion

PAUSE, OVERDUE = 30.0, timedelta(days=180)
# How long told counts stand: two that are near in time would tell by their difference how it went with one person.
STANDING = timedelta(days=7)
NEVER = "Not checked on patients of this hospital"
UNCOUNTED = f"{NEVER}. What happens later is counted for risks and survival; this is another kind of answer."

FEW = f"fewer than {calibration.SMALLEST} people have a result old enough to know what happened."


@dataclass(frozen=True)
class Held:
    """What the version's makers saw in rows that were held out: not this hospital's patients."""

    source: str
    n: int
    date: str
    bins: tuple[Share, ...]
    here: Share | None = None


@dataclass(frozen=True)
class Beside:
    """What stands beside one result: how it went in its band here, and in held-out rows."""

    version: str
    label: str
    band: Share | None
    days: tuple[str, ...]
    held: Held | None
    warning: str
    overdue: bool
    event: str = ""
    makers: str = ""


@dataclass(frozen=True)
class Group:
    """One line of the table by group."""

    share: Share
    ppv: Share | None
    sensitivity: Share | None


@dataclass(frozen=True)
class Page:
    """A version's reliability, as its page shows it."""

    version: ModelVersion
    outcome: str
    whole: Share | None
    days: tuple[str, ...]
    bands: list[Share]
    bins: list[Share]
    threshold: float | None
    alerts: Share | None
    ppv: Share | None
    sensitivity: Share | None
    groups: list[tuple[str, list[Group]]]
    held: Held | None
    warning: str
    overdue: bool
    event: str = ""


@action(Permission.PREDICTION_READ, verb="prediction.reliability-seen", on=Prediction, rows=predictions.related)
def beside(*, by, on) -> Beside | None:
    """How results like this one went; None where there is no answer. Part of opening the result: no event of its own."""
    event().skip()
    envelope = on.envelope
    reading = envelope.content["reading"] if envelope else {}
    if reading.get("kind", "abstained") == "abstained":
        return None
    version, share = ModelVersion.objects.get(pk=on.version_id), outcomes.event_share(reading)
    makers = str(version.overlay.get("training", {}).get("performance", ""))
    if share is None:
        return Beside(version.public_id, "", None, (), None, UNCOUNTED, False, makers=makers)
    counted = _counted(version)
    cells = (counted.get("bands") or counted.get("bins") or []) if counted else []
    shown = dict(zip((cell["label"] for cell in cells), zip(cells, calibration.told(cells), strict=True), strict=True))
    cell = next((cell for cell in cells if cell["from"] < share <= cell["upto"]), cells[0] if cells else None)
    label, band = (cell["label"], shown[cell["label"]][1]) if cell else ("", None)
    days = tuple(cell["days"]) if cell and band.told else ()
    held = _held(version, share)
    return Beside(version.public_id, label, band, days, held, *_warning(version, counted), _event(version), makers)


@action(Permission.MODEL_SEE, verb="model.reliability-seen", on=ModelVersion)
def open_page(*, by, on) -> Page:
    """A version's reliability here, and in what its makers held out."""
    return page_of(on)


def page_of(on: ModelVersion) -> Page:
    """The same as part of another verb, which writes its own event."""
    counted = _counted(on) or calibration.count([], _bands(on), _threshold(on))
    at = counted["at"]
    whole = calibration.share_of(counted["whole"])
    said = calibration.told_at(at if whole.told else None, counted["bands"])
    return Page(
        on, _outcome(on), whole, tuple(counted["whole"]["days"]) if whole.told else (),
        calibration.told(counted["bands"]), calibration.told_bins(counted["bins"], counted["bands"], counted["threshold"]),
        counted["threshold"], said["alerts"], said["ppv"], said["sensitivity"],
        [(group["title"], _groups(group["cells"], said["ppv"])) for group in counted["groups"]],
        _held(on), *_warning(on, counted), event=_event(on),
    )  # fmt: skip


@action(Permission.RECORD_IMPORT, verb="model.reliability-counted")
def refresh(*, by, on=None) -> int:
    """A duty of the keeper: count anew, what is told once a week and the rest when something was learnt or a day is over."""
    now = clock.now()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    old = Reliability.objects.filter(is_stale=True) | Reliability.objects.filter(at__lt=day)
    rows = [row for row in old.select_related("version__model") if row.at <= now - STANDING or not _is_told(row)]
    for row in rows:
        found = calibration.count(_results(row.version), _bands(row.version), _threshold(row.version))
        row.content, row.at, row.is_stale = found, clock.now(), False
        row.save(update_fields=("content", "at", "is_stale"))
    if not rows:
        event().skip()
    event().note(versions=len(rows))
    return len(rows)


def _is_told(row: Reliability) -> bool:
    return bool(row.content) and calibration.share_of(row.content["whole"]).told


def _results(version: ModelVersion) -> list[calibration.Result]:
    rows = Outcome.objects.filter(
        prediction__version=version, prediction__retracted_at__isnull=True, is_open=False,
        due_on__lt=clock.today(),
    ).select_related("prediction__patient")  # fmt: skip
    return [_result(row) for row in rows if row.content["share"] is not None]


def _result(row: Outcome) -> calibration.Result:
    patient, content = row.prediction.patient, row.content
    return calibration.Result(
        patient.merged_into_id or patient.pk, content["share"], row.state == OutcomeState.YES, content["sex"],
        content["age"], content["run"],
    )  # fmt: skip


def _counted(version: ModelVersion) -> dict | None:
    row = Reliability.objects.filter(version=version).first()
    return row.content or None if row else None


def _groups(cells: list[dict], whole: Share | None) -> list[Group]:
    if whole is None:
        return [Group(share, None, None) for share in calibration.told(cells)]
    return [Group(*said) for said in calibration.told_groups(cells)]


def _bands(version: ModelVersion) -> list[dict]:
    return version.overlay.get("output", {}).get("bands", [])


def _threshold(version: ModelVersion) -> float | None:
    """Where the version says, else where its highest band begins."""
    edges = calibration.edges_of(_bands(version))
    return version.overlay.get("output", {}).get("threshold", edges[-1][1] if len(edges) > 1 else None)


def _outcome(version: ModelVersion) -> str:
    return version.overlay.get("output", {}).get("outcome", "have the outcome")


def _event(version: ModelVersion) -> str:
    """Of which event a survival model's risk is told, where its answer is in those who are left without it."""
    return version.overlay.get("output", {}).get("event", "")


def _held(version: ModelVersion, share: float | None = None) -> Held | None:
    said = version.overlay.get("calibration")
    if not isinstance(said, dict) or not said.get("bins"):
        return None
    bins = tuple(_held_bin(item) for item in said["bins"])
    here = next((item for item in bins if share is not None and item.start <= share <= item.end), None)
    return Held(str(said.get("source", "")), said.get("n", 0), str(said.get("date", "")), bins, here)


def _held_bin(item: dict) -> Share:
    low, high = item.get("low"), item.get("high")
    if low is None:
        low, high = calibration.wilson(round(item["observed"] * item["n"]), item["n"])
    label = f"{item['from'] * 100:.0f} to {item['upto'] * 100:.0f} %"
    return Share(label, item["n"], item["observed"], low, high, item["predicted"], item["from"], item["upto"])


def _warning(version: ModelVersion, counted: dict | None) -> tuple[str, bool]:
    """What must be said when there is no check here, and whether it is overdue."""
    whole = counted["whole"] if counted else None
    rule, late = version.overlay.get("outcome"), clock.now() - OVERDUE
    if not rule:
        words = "nothing says yet which later entry of a record tells how it turned out. Whoever registers its next version can set it up."
        return f"{NEVER}: {words}", bool(version.approved_at and version.approved_at < late)
    if whole and whole["people"] >= calibration.SMALLEST:
        ended = datetime.fromisoformat(f"{whole['days'][1]}T00:00:00+00:00") + timedelta(days=rule["within_days"])
        return (
            ("The check on patients of this hospital is more than six months old.", True)
            if ended < late
            else ("", False)
        )
    began = version.approved_at or clock.now()
    overdue = began + timedelta(days=rule["within_days"]) < late
    return f"{NEVER} yet: {FEW}", overdue
