"""Reads of predictions: plain values that leave an action. Call these inside actions only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from portal.access import policy
from portal.access.permissions import Permission
from portal.compute import reasons
from portal.core import clock, days
from portal.predictions.envelopes import STALE_AFTER_DAYS
from portal.predictions.models import Correction, Envelope, Prediction
from portal.predictions.states import CorrectionKind, PredictionState
from portal.records.models import Patient
from portal.records.queries import PatientSummary, summary, with_ward
from portal.registry.states import VersionState

# What was run to practise is in no list of many patients and in no statistics.
COUNTS = ~Q(patient__practice=True)


class EnvelopeMissing(Exception):
    """A succeeded prediction without its envelope: it must not be shown."""


@dataclass(frozen=True)
class PredictionView:
    """One prediction as pages and programs show it; `envelope` is there exactly when it succeeded."""

    position: int
    public_id: str
    state: str
    reason: str
    sentence: str
    job: str
    model: str
    title: str
    version: int
    version_id: str
    digest: str
    requested_by: str
    created_at: datetime
    ended_at: datetime | None
    patient: PatientSummary | None
    inputs: list[dict]
    envelope: dict | None
    banner: str
    retracted_at: datetime | None = None
    corrections: tuple[dict, ...] = ()
    earlier_record: str = ""

    @property
    def output(self) -> dict | None:
        """The model's own numbers."""
        return self.envelope["output"] if self.envelope else None

    @property
    def stale_at(self) -> datetime | None:
        """When the result is too old to act on, as its model's reviewers set it; None when there is no result."""
        if not self.envelope or not self.ended_at:
            return None
        return self.ended_at + timedelta(days=self.envelope["model"].get("stale_after_days", STALE_AFTER_DAYS))

    @property
    def stale(self) -> bool:
        """Whether that day has come."""
        return self.stale_at is not None and self.stale_at <= clock.now()

    @property
    def age(self) -> str:
        """How old the result is, in whole days."""
        days = (clock.now() - self.ended_at).days if self.ended_at else 0
        return "1 day old" if days == 1 else f"{days} days old"

    @property
    def fault(self) -> str:
        """Where a run failed, as compute.reasons has it."""
        return reasons.of(self.reason).fault

    @property
    def state_words(self) -> str:
        """How it stands, for people: what has an answer is ready."""
        return "ready" if self.state == PredictionState.SUCCEEDED else PredictionState(self.state).label

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("pending", "running")


def view_of(prediction: Prediction, reader=None, brief: bool = False) -> PredictionView:
    """One prediction as `reader` may see it, if `brief` without its inputs; raises EnvelopeMissing rather than show a bare number."""
    version, job, envelope = prediction.version, prediction.job, prediction.envelope
    patient = _whose(prediction, reader)
    if prediction.state == "succeeded" and envelope is None:
        raise EnvelopeMissing(prediction.public_id)
    return PredictionView(
        position=prediction.pk,
        public_id=prediction.public_id,
        state=prediction.state,
        reason=job.reason,
        sentence=_sentence(prediction, envelope),
        job=job.public_id,
        model=version.model.slug,
        title=version.model.title,
        version=version.number,
        version_id=version.public_id,
        digest=version.digest,
        requested_by=prediction.requested_by.label,
        created_at=prediction.created_at,
        ended_at=prediction.ended_at,
        patient=summary(patient) if patient else None,
        inputs=[] if brief else prediction.inputs["rows"],
        envelope=envelope.content if envelope else None,
        banner=_retracted(prediction) or _banner(version),
        retracted_at=prediction.retracted_at,
        corrections=tuple(_corrected(row) for row in prediction.corrections),
        earlier_record=_earlier(prediction, patient),
    )


def views_of(predictions: list[Prediction], reader=None, brief: bool = False) -> list[PredictionView]:
    """Many predictions, their envelopes and corrections in one query each; `brief` where nobody looks at what went in."""
    found = {row.prediction_id: row for row in Envelope.objects.filter(prediction__in=predictions)}
    marks: dict[int, list[Correction]] = {}
    for row in Correction.objects.filter(prediction__in=predictions, lifted_at__isnull=True):
        marks.setdefault(row.prediction_id, []).append(row)
    for prediction in predictions:
        prediction.envelope = found.get(prediction.pk)
        prediction.corrections = marks.get(prediction.pk, [])
    _meet_survivors(predictions)
    return [view_of(prediction, reader, brief) for prediction in predictions]


def joined_for(prediction: Prediction, reader) -> bool:
    """Whether a reader may know with which record a prediction's patient goes on: a right to the earlier one is not enough."""
    root = prediction.patient_now
    if root is None or root.pk == prediction.patient_id or reader is None:
        return True
    return policy.decide(reader, Permission.PREDICTION_READ, root).allowed


def _whose(prediction: Prediction, reader) -> Patient | None:
    return prediction.patient_now if joined_for(prediction, reader) else prediction.patient


def _meet_survivors(predictions: list[Prediction]) -> None:
    merged = [row for row in predictions if row.patient and row.patient.merged_into_id]
    if merged:
        roots = with_ward().in_bulk({row.patient.merged_into_id for row in merged})
        for row in merged:
            row.patient_now = roots[row.patient.merged_into_id]


def related():
    """Predictions with everything a view of them needs."""
    rows = Prediction.objects.select_related(
        "version__model", "version__stopped_by", "job", "requested_by", "retracted_by", "patient__care_unit"
    )
    return rows.defer("version__facts", "version__overlay", "version__run", "version__model__summary")


def _sentence(prediction: Prediction, envelope: Envelope | None) -> str:
    if envelope:
        return envelope.content["reading"]["sentence"]
    return prediction.sentence or prediction.job.sentence


_CORRECTED = {
    CorrectionKind.CHANGED: "{label} was {before} when this ran; corrected to {now} on {day}. Run again.",
    CorrectionKind.WITHDRAWN: "{label} was {before} when this ran; withdrawn on {day}: entered in error or deleted. Run again.",
    CorrectionKind.OTHER_PERSON: "{label} was {before} when this ran; since {day} it is known to be another person's. Run again.",
}


def _corrected(row: Correction) -> dict:
    day = f"{row.at:%-d %b %Y}"
    sentence = _CORRECTED[CorrectionKind(row.kind)].format(day=day, **row.content)
    return {"name": row.name, **row.content, "kind": row.kind, "at": row.at.isoformat(), "sentence": sentence}


def _earlier(prediction: Prediction, shown: Patient | None) -> str:
    patient = prediction.patient
    if not (patient and patient.merged_into_id):
        return ""
    if shown == patient:
        return f"This record was merged into another one on {patient.merged_at:%-d %b %Y}."
    number = patient.person.get("mrn") or "without a number"
    return f"Run under the earlier record {number}, which was merged into this one on {patient.merged_at:%-d %b %Y}."


def _retracted(prediction: Prediction) -> str:
    if not prediction.retracted_at:
        return ""
    who, when = prediction.retracted_by.label, days.moment(prediction.retracted_at)
    return f"Retracted by {who} on {when}, do not use it: {prediction.get_retraction_code_display()}."


def _banner(version) -> str:
    if version.state == VersionState.SUSPENDED:
        who = version.stopped_by.label if version.stopped_by else "the portal"
        return f"This model version was stopped by {who} on {days.moment(version.stopped_at)}: {version.stop_reason}"
    if version.state == VersionState.RETIRED:
        who = version.retired_by.label if version.retired_by else "the portal"
        return f"This model version was retired by {who} on {days.moment(version.retired_at)}: {version.retire_reason}"
    if version.expired:
        return f"The approval of this version ended on {version.expires_on:%-d %b %Y}."
    return ""
