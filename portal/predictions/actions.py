"""Verbs on predictions."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db.models import QuerySet

from portal.access import actors, policy
from portal.access.action import action, event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.compute import actions as compute
from portal.compute.executors import Ended
from portal.core import clock, prepared
from portal.core.problems import BadInput, Problem
from portal.predictions import (
    before,
    drafts,
    eligibility,
    envelopes,
    executor,
    last_time,
    prefill,
    provenance,
    queries,
    tracings,
)
from portal.predictions.models import Prediction
from portal.records.models import Patient
from portal.records.queries import PatientSummary, Record, group_of, record_of, require_in_use, with_ward
from portal.registry import answers, spec
from portal.registry.cards import attestations
from portal.registry.models import ModelVersion
from portal.registry.standing import Standing, require_runnable
from portal.registry.states import VersionState


class KeyReused(Problem):
    """An idempotency key came back with another body."""

    code, status = "key-reused", 422


@dataclass(frozen=True)
class BlankForm:
    """A form about to be shown: its fields, what the record fills in, and for whom."""

    version: ModelVersion
    form: spec.FormSpec
    prefilled: dict[str, prefill.Prefilled]
    patient: PatientSummary
    rules: list[before.Rule]
    draft: drafts.Found | None
    last: dict[str, last_time.Typed]


@dataclass(frozen=True)
class Choice:
    """A version by its model's short name; without a number the newest approved one."""

    slug: str
    number: int | None = None


@dataclass(frozen=True)
class Accepted:
    """A run that was accepted: the prediction's public id, and what came of it when it was answered at once."""

    prediction: str
    view: queries.PredictionView | None = None


@action(Permission.PREDICTION_RUN, verb="prediction.form-opened", on=Patient, rows=with_ward)
def open_form(*, by, on, version) -> BlankForm:
    """The form of a version, filled from a patient's record."""
    policy.require(by, Permission.PREDICTION_RUN, version)
    require_in_use(on)
    standing = _read_and_runnable(by, on, version)
    form = standing.form
    record = record_of(on, prefill.needs_of(form, standing.version.overlay))
    event().note(model=version.model.slug, version=version.number)
    known = prefill.fill(form, record)
    rules = before.rules(form, standing.version.overlay, known, record)
    last = last_time.of(by, on, standing.version, form)
    return BlankForm(standing.version, form, known, record.patient, rules, drafts.of(by, on, version), last)


@action(Permission.PREDICTION_RUN, verb="prediction.requested", on=Patient, rows=with_ward, optional=True)
def request(*, by, on=None, version, inputs, units=None, key="", body="", within=0, ticks=None) -> Accepted:
    """Accept a run: its job goes into the queue, unless it can be answered here `within` some seconds.

    `version` is a ModelVersion or a Choice. `inputs` maps field names to raw answers; names left out are taken from
    the record where the form maps them. With `ticks`, as people fill forms, unusual values are refused until ticked.
    Raises BadInput naming each field that is wrong, Conflict when the version may not run, AttestationNeeded when its
    card was not read, Exhausted at the quota.
    """
    same = _same_key(by, key, body)
    if same:
        event().skip()
        return Accepted(same)
    version = _permitted(by, version)
    if on:
        require_in_use(on)
    standing = _read_and_runnable(by, on, version)
    form = standing.form
    tracings.note_unread(inputs)
    record = record_of(on, prefill.needs_of(form, standing.version.overlay)) if on else None
    gathered, found = _gather(form, inputs, units or {}, record, ticks)
    if ticks is not None:
        before.sign_ticks(gathered, ticks, by.label)
    gathered |= tracings.described(form, found, on)
    gathered |= eligibility.judge(form, standing.version.overlay, gathered["values"], record)
    prediction = _new(by, on, version, gathered, _Key.of(key, body))
    tracings.keep(found)
    event().about(prediction)
    event().note(model=version.model.slug, version=version.number, missing=len(gathered["missing"]))
    began, ended = clock.now(), executor.answer_now(standing, gathered, within)
    if ended is None:
        _queue(prediction)
        return Accepted(prediction.public_id)
    _store(prediction, began, executor.allow(standing.version, ended))
    return Accepted(prediction.public_id, queries.view_of(prediction))


@action(Permission.PREDICTION_READ, verb="prediction.opened", on=Prediction, rows=queries.related)
def open_prediction(*, by, on) -> queries.PredictionView:
    """One prediction with its envelope."""
    return queries.view_of(on, by)


@action(Permission.PREDICTION_RUN, verb="prediction.answered", on=Prediction, rows=queries.related)
def answer(*, by, on) -> queries.PredictionView:
    """How one's own run stands, as the answer to asking for it: the right to run covers it, reading others' does not."""
    return queries.view_of(on, by)


@action(Permission.PREDICTION_READ, verb="prediction.listed", on=Patient, optional=True)
def list_predictions(*, by, on=None, limit=50, before=None) -> list[queries.PredictionView]:
    """The newest predictions this person may read, of one patient or of all of theirs."""
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ)
    rows = rows.filter(patient__in=group_of(on)) if on else rows.filter(queries.COUNTS)
    rows = rows.filter(id__lt=before) if before else rows
    found = queries.views_of(list(rows.order_by("-id")[:limit]), by)
    shown = {view.patient.public_id: view.patient for view in found if view.patient}
    event().note(shown=len(found))
    if on is None:
        event().each_patient(shown.values())
    return found


@action(Permission.JOB_CANCEL, verb="prediction.cancelled", on=Prediction)
def cancel(*, by, on) -> None:
    """Stop a prediction that is not done."""
    # Whoever treats the patient may stop a run, also a colleague's; this verb's event names them.
    compute.cancel(by=SYSTEM, on=on.job)


def choose_version(*, by, slug: str, number: int | None) -> ModelVersion:
    """The version to run: the one asked for, else the newest approved; raises BadInput when there is none to see."""
    if number is not None:
        found = _choosable(by, slug).filter(number=number).first()
    else:
        key = ("newest approved", *actors.key_of(by))
        found = prepared.first(key, lambda value: _newest_approved(by, value), slug) or _choosable(by, slug).first()
    if found is None:
        which = f"version {number} of the model" if number is not None else "model"
        raise BadInput({"model": f"There is no {which} “{slug[:80]}” that you may run."})
    return found


def _read_and_runnable(by, patient: Patient | None, version: ModelVersion) -> Standing:
    standing = require_runnable(version)
    # Practising is how one learns a model, and nothing counts there.
    if patient is None or not patient.practice:
        attestations.require(by, standing)
    return standing


def _choosable(by, slug: str) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.select_related("model").filter(model__slug=slug).order_by("-number")
    rows = rows.defer("facts", "overlay", "run", "model__summary")
    return policy.visible_to(rows, by, Permission.PREDICTION_RUN)


def _newest_approved(by, slug: str) -> QuerySet[ModelVersion]:
    return _choosable(by, slug).filter(state=VersionState.APPROVED).exclude(expires_on__lt=clock.today())


def _gather(
    form: spec.FormSpec, inputs: dict, units: dict, record: Record | None, ticks: dict | None
) -> tuple[dict, answers.Answers]:
    prefilled = prefill.fill(form, record) if record else prefill.proposals(form)
    usable = {name: known.value for name, known in prefilled.items() if known.value is not None}
    taken = {name: value for name, value in usable.items() if name not in inputs}
    found = answers.check(form, {**taken, **inputs}, units)
    # Everything at once: who corrects one value should not learn of the next by a second refusal.
    errors = _with_notes(found.errors, prefilled, inputs)
    errors |= before.unticked(form, found, ticks, inputs) if ticks is not None else {}
    if errors:
        raise BadInput(errors)
    return envelopes.inputs_of(form, found, prefilled, set(taken)), found


def _with_notes(errors: dict, prefilled: dict, inputs: dict) -> dict:
    notes = {name: known.note for name, known in prefilled.items() if known.note and name not in inputs}
    return {name: f"{text} {notes[name]}" if name in notes else text for name, text in errors.items()}


def _new(by, patient, version, gathered: dict, key: "_Key") -> Prediction:
    return Prediction(
        version=version, patient=patient, requested_by=by, inputs=gathered, idempotency_key=key.digest,
        body_sha256=key.body,
    )  # fmt: skip


def _queue(prediction: Prediction) -> None:
    prediction.job = compute.enqueue(**_job(prediction))
    prediction.save(force_insert=True)
    provenance.keep(prediction)


def _store(prediction: Prediction, began: datetime, ended: Ended) -> None:
    prediction.job = compute.carried_out(**_job(prediction), began=began, ended=ended)
    prediction.created_at = began
    executor.stand(prediction, prediction.job, ended)
    prediction.save(force_insert=True)
    provenance.keep(prediction)
    executor.finish(prediction, ended)


def _job(prediction: Prediction) -> dict:
    return {
        "by": prediction.requested_by, "kind": "prediction", "subject": prediction.public_id,
        "patient": prediction.audit_patient, "purpose": "practice" if prediction.audit_purpose else "clinical",
    }  # fmt: skip


def _permitted(by, version: "ModelVersion | Choice") -> ModelVersion:
    if isinstance(version, Choice):
        return choose_version(by=by, slug=version.slug, number=version.number)
    policy.require(by, Permission.PREDICTION_RUN, version)
    return version


@dataclass(frozen=True)
class _Key:
    """An idempotency key and the body it came with, as they are kept; both empty without a key."""

    digest: str
    body: str

    @classmethod
    def of(cls, key: str, body) -> "_Key":
        if not key:
            return cls("", "")
        text = json.dumps(body, sort_keys=True, default=str)
        return cls(sha256(key.encode()).hexdigest(), sha256(text.encode()).hexdigest())


def _same_key(by, key: str, body) -> str | None:
    given = _Key.of(key, body)
    same = given.digest and Prediction.objects.filter(requested_by=by, idempotency_key=given.digest).first()
    if not same:
        return None
    if same.body_sha256 != given.body:
        raise KeyReused("This Idempotency-Key was used with another body. Use a new key for a new prediction.")
    return same.public_id
