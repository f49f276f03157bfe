"""Retracting a result: it stays where it is, marked as entered in error, and those who opened it are told."""

from portal.access import notices
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock, turns
from portal.core.problems import BadInput, Conflict
from portal.predictions import queries
from portal.predictions.models import Prediction
from portal.predictions.states import RetractionReason

WORDS_AT_LEAST, WORDS_AT_MOST = 10, 1000
SHOWING = (
    "prediction.opened",
    "prediction.page-opened",
    "prediction.followed",
    "prediction.answered",
    "prediction.requested",
    "prediction.printed",
    "prediction.showing-opened",
)


@action(Permission.PREDICTION_RETRACT, verb="prediction.retracted", on=Prediction, rows=queries.related)
def retract(*, by, on, code, words="") -> int:
    """Mark a result as not to be used, for good; returns how many others had opened it and are told."""
    turns.take(on)
    if on.retracted_at:
        raise Conflict("This result was retracted already.")
    if on.state != "succeeded":
        raise Conflict("There is no result to retract. A run that waits can be cancelled.")
    _check(code, words.strip())
    on.retracted_at, on.retracted_by = clock.now(), by
    on.retraction_code, on.retraction_words = code, words.strip()
    on.save(update_fields=("retracted_at", "retracted_by", "retraction_code", "retraction_words"))
    others = readers_of(on).exclude(pk=by.pk)
    notices.tell(others, "result-retracted", on.public_id)
    event().note(code=code, told=len(others))
    return len(others)


def readers_of(prediction: Prediction):
    """The people who saw a result, as the ledger knows them."""
    seen = AuditEvent.objects.filter(
        patient=prediction.audit_patient, object_id=prediction.public_id, verb__in=SHOWING, outcome="ok"
    )
    return User.objects.filter(is_active=True, public_id__in=seen.values("actor_id")).order_by("pk")


def _check(code: str, words: str) -> None:
    errors = {}
    if code not in RetractionReason:
        errors["code"] = f"Choose the reason: {', '.join(label for _, label in RetractionReason.choices)}."
    if code == RetractionReason.OTHER and len(words) < WORDS_AT_LEAST:
        errors["words"] = f"Write the reason in at least {WORDS_AT_LEAST} characters."
    if len(words) > WORDS_AT_MOST:
        errors["words"] = f"The reason has {len(words)} characters; at most {WORDS_AT_MOST} are kept."
    if errors:
        raise BadInput(errors)
