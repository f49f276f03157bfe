"""Who answers for a model: handing it on, and stopping what nobody answers for any more."""

from datetime import timedelta

from django.conf import settings

from portal.access import notices
from portal.access.action import action, event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.registry import actions, signing
from portal.registry.models import ModelVersion, OwnerTransfer, RegisteredModel
from portal.registry.review import owners, seats
from portal.registry.states import VersionState

LIMIT = 1000
# How often the keeper looks for models that nobody answers for, in seconds.
PAUSE = 60.0


@action(Permission.MODEL_OWN, verb="model.transfer-proposed", on=ModelVersion)
def propose(*, by, on, to, words="") -> OwnerTransfer:
    """Ask somebody of the model's study to answer for it; a proposal that waits is replaced."""
    model = _locked(on)
    if to is None or to.pk == model.owner_id or to not in owners.candidates(model):
        raise BadInput({"to": "Choose somebody else who works in the model’s study."})
    if len(words) > LIMIT:
        raise BadInput({"words": f"Write at most {LIMIT} characters."})
    model.transfers.filter(answered_at=None).update(answered_at=clock.now())
    made = OwnerTransfer.objects.create(model=model, proposed_by=by, to=to, words=words.strip())
    notices.tell([to], "owner-asked", on.public_id)
    event().note(model=model.slug, to=to.public_id)
    return made


@action(Permission.MODEL_OWN, verb="model.transfer-answered", on=ModelVersion)
def answer(*, by, on, accepted) -> None:
    """Take a model over, or decline to; only the person who was asked may."""
    model = _locked(on)
    asked = model.transfers.filter(answered_at=None, to=by).select_related("proposed_by").first()
    if asked is None:
        raise Conflict("Nobody asks you to answer for this model now.", code="not-asked")
    if accepted and _signed_for(model, by):
        raise Conflict("You signed for this model: somebody else has to answer for it.", code="signed")
    asked.answered_at, asked.accepted = clock.now(), bool(accepted)
    asked.save(update_fields=("answered_at", "accepted"))
    told = [person for person in (model.owner, asked.proposed_by) if person and person.is_active and person.pk != by.pk]
    if accepted:
        model.owner, model.ownerless_since = by, None
        model.save(update_fields=("owner", "ownerless_since"))
    notices.tell({person.pk: person for person in told}.values(), "owner-answered", on.public_id)
    event().note(model=model.slug, accepted=bool(accepted))


def waiting(model: RegisteredModel) -> OwnerTransfer | None:
    """The proposal that waits for an answer."""
    return model.transfers.filter(answered_at=None).select_related("to", "proposed_by").first()


def watch(*, by) -> int:
    """A duty of the keeper: note who left their models, tell, and stop what nobody took over; returns how many."""
    models = RegisteredModel.objects.filter(versions__state=VersionState.APPROVED).select_related("owner").distinct()
    changed = [model for model in models if owners.gone(model) != bool(model.ownerless_since)]
    for model in changed:
        _note(by=by, on=None, model=model)
    late = clock.now() - timedelta(days=settings.OWNER_GRACE_DAYS)
    over = [model for model in models if model.ownerless_since and model.ownerless_since <= late]
    return len(changed) + sum(_suspend(model) for model in over if model not in changed)


@action(Permission.GRANT_SETTLE, verb="model.owner-missing")
def _note(*, by, on=None, model) -> None:
    """Write down that nobody answers for a model, or that somebody does again."""
    gone = owners.gone(model)
    model.ownerless_since = clock.now() if gone else None
    model.save(update_fields=("ownerless_since",))
    event().about(model)
    event().note(gone=gone)
    # The last approved version may have been stopped since the keeper looked.
    newest = model.versions.filter(state=VersionState.APPROVED).first()
    if gone and newest:
        people = {person.pk: person for person in (*seats.committee(), *owners.candidates(model))}
        notices.tell(people.values(), "owner-missing", newest.public_id)


def _suspend(model: RegisteredModel) -> int:
    left = list(model.versions.filter(state=VersionState.APPROVED))
    for version in left:
        actions.stop(
            by=SYSTEM, on=version,
            reason=f"Nobody has answered for this model for {settings.OWNER_GRACE_DAYS} days. It needs a new owner.",
        )  # fmt: skip
    return len(left)


def _signed_for(model: RegisteredModel, person) -> bool:
    return any(
        person.pk in (one.signer_id, one.behalf_of_id)
        for version in model.versions.exclude(state=VersionState.RETIRED)
        for one in signing.approvals(version)
    )


def _locked(on: ModelVersion) -> RegisteredModel:
    return RegisteredModel.objects.select_for_update(of=("self",)).select_related("owner", "study").get(pk=on.model_id)
