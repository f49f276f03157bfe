"""The job of kind “prediction”: ask the policy again, score in a separate process, seal the answer in its envelope."""

import logging
import math
from dataclasses import dataclass
from datetime import timedelta

from portal.access import notices, policy
from portal.access.action import event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.compute.runtime.client import ModelRefused, ModelSpec, ScorerUnavailable
from portal.core import clock
from portal.core.problems import Problem
from portal.predictions import envelopes, found, reading
from portal.predictions.models import Envelope, Prediction
from portal.predictions.states import PredictionState, outcome_of
from portal.registry import actions as registry
from portal.registry import scoring
from portal.registry.models import ModelVersion
from portal.registry.standing import Standing, require_runnable
from portal.registry.states import VersionState

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What leaves the database for the scorer."""

    spec: ModelSpec
    asked: found.Question
    walls: frozenset[str]
    about: dict


@dataclass(frozen=True)
class Answer:
    """What came back, already put into words."""

    found: found.Found
    run: dict
    about: dict


# Longer than this a transaction should not stay open: on SQLite it is the only one that writes.
LANE_SECONDS = 2.0
# A run that took longer than this was not waited for.
PATIENCE = timedelta(seconds=20)


def answer_now(standing: Standing, inputs: dict, within: float) -> Ended | None:
    """Score in the fast lane, before anything is written; None when that is not wished or takes too long."""
    if not within:
        return None
    ended = PredictionExecutor().perform(order_of(standing, inputs), min(within, LANE_SECONDS))
    return None if ended.retry else ended


class PredictionExecutor:
    """Runs one prediction; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> Order:
        prediction = _prediction(job)
        version = prediction.version
        policy.require(prediction.requested_by, Permission.PREDICTION_RUN, version)
        if prediction.patient:
            policy.require(prediction.requested_by, Permission.PREDICTION_RUN, prediction.patient)
        return order_of(require_runnable(version), prediction.inputs)

    def perform(self, order: Order, within: float | None = None) -> Ended:
        if order.asked.abstains:
            # The model is not asked: a number that must not be shown is not made.
            return Ended(ok=True, result=Answer(found.abstain(order.asked), _unasked(), order.about))
        try:
            client = scoring.client()
            if scoring.too_weak(client, order.walls):
                return Ended(ok=False, reason="sandbox_too_weak")
            seconds = min(order.spec.seconds + 30, within or math.inf)
            scores = client.score(order.spec, order.asked.rows, params=order.asked.params, timeout=seconds)
            answer = Answer(found.read(order.asked, scores.columns), _facts(scores), order.about)
            return Ended(ok=True, result=answer, facts={"cold": scores.cold})
        except ScorerUnavailable:
            return Ended(ok=False, reason="scorer-down", retry=True)
        except ModelRefused as refusal:
            return Ended(ok=False, reason=refusal.code)
        except reading.NotReadable:
            return Ended(ok=False, reason="bad_output")

    def again(self, job: Job, by) -> Job:
        from portal.predictions import again  # which asks for a run, as the verbs do that use this module

        accepted = again.run_again(by=by, on=_prediction(job))
        return Prediction.objects.select_related("job").get(public_id=accepted.prediction).job

    def allow(self, job: Job, ended: Ended) -> Ended:
        return allow(_prediction(job).version, ended)

    def conclude(self, job: Job, ended: Ended) -> None:
        prediction = _prediction(job)
        stand(prediction, job, ended)
        prediction.save(update_fields=("outcome", "ended_at", "sentence"))
        finish(prediction, ended)
        _tell(prediction)


def allow(version: ModelVersion, ended: Ended) -> Ended:
    """The answer, unless its version was stopped while it ran: then nothing of it is given out."""
    running = ModelVersion.objects.filter(pk=version.pk, state=VersionState.APPROVED).exists()
    return ended if running or not ended.ok else Ended(ok=False, reason="withdrawn")


def _tell(prediction: Prediction) -> None:
    """Whoever waited longer than one looks at a page is told that the run has ended; opening the result reads it."""
    if prediction.outcome == PredictionState.CANCELLED or prediction.ended_at - prediction.created_at < PATIENCE:
        return
    done = prediction.outcome == PredictionState.SUCCEEDED
    notices.tell([prediction.requested_by], "result-ready" if done else "run-failed", prediction.public_id)


def stand(prediction: Prediction, job: Job, ended: Ended) -> None:
    """Put on a prediction how it ended."""
    prediction.outcome = outcome_of(job.state, job.reason)
    prediction.ended_at = clock.now()
    prediction.sentence = ended.result.sentence if isinstance(ended.result, Problem) else job.sentence


def finish(prediction: Prediction, ended: Ended) -> None:
    """Seal the answer of a stored prediction in its envelope, and raise the alarm when its model was tampered with."""
    if ended.ok:
        _seal(prediction, ended.result)
    if ended.reason == "digest_mismatch":
        _alarm(prediction.version)
    event().also("prediction.ended", prediction, state=prediction.outcome)


def order_of(standing: Standing, inputs: dict) -> Order:
    """What a run of a version needs, once it is known that it may run; `inputs` as envelopes.inputs_of made them."""
    version = standing.version
    about = envelopes.about(version, standing.signed)
    return Order(scoring.spec_of(version), found.ask(version, standing.form, inputs), scoring.walls_of(version), about)


def _prediction(job: Job) -> Prediction:
    rows = Prediction.objects.select_related("version__model__study", "patient", "requested_by", "job")
    return rows.get(public_id=job.subject)


def _facts(scores) -> dict:
    return {"at": clock.now().isoformat(), "milliseconds": round(scores.seconds * 1000, 2), "layers": scores.layers}


def _unasked() -> dict:
    return {"at": clock.now().isoformat(), "milliseconds": 0, "layers": []}


def _seal(prediction: Prediction, answer: Answer) -> None:
    content = envelopes.finish(prediction.inputs, about=answer.about, found=answer.found, facts=answer.run)
    prediction.envelope = Envelope.objects.create(prediction=prediction, content=content)


def _alarm(version: ModelVersion) -> None:
    logger.error("The files of %s version %s are not the approved ones.", version.model.slug, version.number)
    if version.state == "approved":
        registry.stop(by=SYSTEM, on=version, reason="Its files changed after approval: the digest does not fit.")
