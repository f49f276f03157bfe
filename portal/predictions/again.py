"""Running once more what has ended: with the answers that were typed, and the record as it is now."""

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import Conflict
from portal.predictions import actions, drafts, queries
from portal.predictions.last_time import text_of
from portal.predictions.models import Prediction
from portal.registry import moments
from portal.registry.spec import Field, form_of
from portal.registry.studio import values


def typed_of(prediction: Prediction) -> dict:
    """What somebody typed for a run, by field, in the model's own units; raises Conflict for a run that read a file."""
    if prediction.inputs.get("signals"):
        raise Conflict("This run read a file, which is not kept for another: send it on the form again.")
    form = form_of(prediction.version)
    typed = [row["name"] for row in prediction.inputs["rows"] if row["source"] == "typed"]
    kept = [form[name] for name in typed if name in form.names and form[name].asked]
    return {field.name: _readable(field, prediction.inputs["values"][field.name]) for field in kept}


@action(Permission.PREDICTION_READ, verb="prediction.rerun", on=Prediction, rows=queries.related)
def run_again(*, by, on) -> actions.Accepted:
    """Ask for a run with the same answers, of the same version; what the record fills is read anew.

    Raises Conflict while it has not ended, BadInput where an answer does not fit any more, and as `request` does.
    """
    _check_ended(on)
    event().note(model=on.version.model.slug, version=on.version.number)
    return actions.request(by=by, on=on.patient, version=on.version, inputs=typed_of(on))


@action(Permission.PREDICTION_READ, verb="prediction.rerun-prepared", on=Prediction, rows=queries.related)
def prepare(*, by, on, prefix) -> bool:
    """Put the same answers on the form, to be changed; False, and nothing is put there, over a form that was begun.

    `prefix` stands before a field's name where the form posts it.
    """
    _check_ended(on)
    if on.patient is None:
        raise Conflict("This run was for no patient, so there is no form to change it on.")
    if drafts.of(by, on.patient, on.version):
        event().skip()
        return False
    form, typed = form_of(on.version), typed_of(on)
    answers = {prefix + name: _text(form[name], value) for name, value in typed.items() if not form[name].is_file}
    return drafts.keep(by=by, on=on.patient, version=on.version, typed=answers)


def _readable(field: Field, value):
    """A value as it is read again: a moment by another clock than the hospital's needs its offset."""
    if isinstance(value, list):
        return [_readable(field, one) for one in value]
    if isinstance(value, dict):
        return {name: _readable(field, one) for name, one in value.items()}
    kind = field.item.kind if field.holds_many else field.kind
    return moments.with_offset(value, field.zone) if kind == "moment" else value


def _text(field: Field, value) -> str:
    elsewhere = field.kind == "moment" and not moments.is_picked(value)
    return values.text(value) if field.holds_many else value if elsewhere else text_of(field, value)


def _check_ended(prediction: Prediction) -> None:
    if prediction.state in ("pending", "running"):
        raise Conflict("This run has not ended yet; cancel it, or wait for it.")
