"""Verbs on predictions."""

import json
from dataclasses import dataclass
from hashlib import sha256

from portal.access import policy
from portal.access.action import action, event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.compute import actions as compute
from portal.core.ids import new_id
from portal.core.problems import BadInput, Conflict, Problem
from portal.predictions import envelopes, prefill, queries
from portal.predictions.models import Prediction
from portal.records.models import Patient
from portal.records.queries import PatientSummary, Record, record_of
from portal.registry import answers, spec
from portal.registry.actions import check_runnable
from portal.registry.models import ModelVersion
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


@action(Permission.PREDICTION_RUN, verb="prediction.form-opened", on=Patient)
def open_form(*, by, on, version) -> BlankForm:
    """The form of a version, filled from a patient's record."""
    policy.require(by, Permission.PREDICTION_RUN, version)
    check_runnable(version)
    form = spec.form_of(version)
    record = record_of(on, prefill.needs_of(form))
    event().note(model=version.model.slug, version=version.number)
    return BlankForm(version, form, prefill.fill(form, record), record.patient)


@action(Permission.PREDICTION_RUN, verb="prediction.requested", on=Patient)
def request(*, by, on=None, version, inputs, units=None, key="", body="") -> str:
    """Accept a run and put its job in the queue; returns the prediction's public id.

    `inputs` maps field names to raw answers; names left out are taken from the record where the form maps them.
    Raises BadInput naming each field that is wrong, Conflict when the version may not run, Exhausted at the quota.
    """
    before = _same_key(by, key, body)
    if before:
        event().skip()
        return before
    policy.require(by, Permission.PREDICTION_RUN, version)
    check_runnable(version)
    form = spec.form_of(version)
    gathered = _gather(form, inputs, units or {}, record_of(on, prefill.needs_of(form)) if on else None)
    _check_eligible(version, form, gathered["values"])
    prediction = _create(by, on, version, gathered, key=_key_digest(key), body_sha256=_body_digest(body) if key else "")
    event().about(prediction)
    event().note(model=version.model.slug, version=version.number, missing=len(gathered["missing"]))
    return prediction.public_id


@action(Permission.PREDICTION_READ, verb="prediction.opened", on=Prediction)
def open_prediction(*, by, on) -> queries.PredictionView:
    """One prediction with its envelope."""
    return queries.view_of(queries.related().get(pk=on.pk))


@action(Permission.PREDICTION_READ, verb="prediction.followed", on=Prediction)
def follow(*, by, on) -> queries.PredictionView:
    """A prediction that is being waited for; recorded once, when it has ended."""
    view = queries.view_of(queries.related().get(pk=on.pk))
    if not view.finished:
        event().skip()
    return view


@action(Permission.PREDICTION_READ, verb="prediction.listed", on=Patient)
def list_predictions(*, by, on=None, limit=50, before=None) -> list[queries.PredictionView]:
    """The newest predictions this person may read, of one patient or of all of theirs."""
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ)
    rows = rows.filter(patient=on) if on else rows
    rows = rows.filter(id__lt=before) if before else rows
    found = [queries.view_of(row) for row in rows.order_by("-id")[:limit]]
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
    rows = ModelVersion.objects.select_related("model__study", "stopped_by").filter(model__slug=slug)
    seen = policy.visible_to(rows, by, Permission.PREDICTION_RUN)
    if number is not None:
        found = seen.filter(number=number).first()
    else:
        found = seen.filter(state=VersionState.APPROVED).order_by("-number").first() or seen.order_by("-number").first()
    if found is None:
        which = f"version {number} of the model" if number is not None else "model"
        raise BadInput({"model": f"There is no {which} “{slug[:80]}” that you may run."})
    return found


def _gather(form: spec.FormSpec, inputs: dict, units: dict, record: Record | None) -> dict:
    prefilled = prefill.fill(form, record) if record else {}
    usable = {name: known.value for name, known in prefilled.items() if known.value is not None}
    taken = {name: value for name, value in usable.items() if name not in inputs}
    found = answers.check(form, {**taken, **inputs}, units)
    if found.errors:
        raise BadInput(_with_notes(found.errors, prefilled, inputs))
    return envelopes.inputs_of(form, found, prefilled, set(taken))


def _with_notes(errors: dict, prefilled: dict, inputs: dict) -> dict:
    notes = {name: known.note for name, known in prefilled.items() if known.note and name not in inputs}
    return {name: f"{text} {notes[name]}" if name in notes else text for name, text in errors.items()}


def _check_eligible(version: ModelVersion, form: spec.FormSpec, values: dict) -> None:
    for rule in version.overlay.get("eligibility", ()):
        value = values.get(rule["input"])
        if value is not None and not _meets(rule, value):
            raise BadInput({rule["input"]: f"{form[rule['input']].label}: {rule['sentence']}"})


def _meets(rule: dict, value) -> bool:
    if "in" in rule:
        return value in rule["in"]
    return rule.get("min", value) <= value <= rule.get("max", value)


def _create(by, patient, version, gathered: dict, *, key: str, body_sha256: str) -> Prediction:
    subject = new_id()
    job = compute.enqueue(by=by, kind="prediction", subject=subject, patient=patient.public_id if patient else "")
    return Prediction.objects.create(
        public_id=subject, version=version, patient=patient, requested_by=by, job=job, inputs=gathered,
        idempotency_key=key, body_sha256=body_sha256,
    )  # fmt: skip


def _same_key(by, key: str, body: str) -> str | None:
    if not key:
        return None
    before = Prediction.objects.filter(requested_by=by, idempotency_key=_key_digest(key)).first()
    if before is None:
        return None
    if before.body_sha256 != _body_digest(body):
        raise KeyReused("This Idempotency-Key was used with another body. Use a new key for a new prediction.")
    return before.public_id


def _key_digest(key: str) -> str:
    return sha256(key.encode()).hexdigest() if key else ""


def _body_digest(body) -> str:
    return sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def banner_conflict(version: ModelVersion) -> str:
    """Why a version may not run now, or an empty text; for disabled buttons."""
    try:
        check_runnable(version)
    except Conflict as conflict:
        return conflict.sentence
    return ""
