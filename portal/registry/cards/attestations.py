"""Training before first use: nobody runs a model on a ward before they said that they read its card.

Once per person, model and major version (majors). Practice patients need none: practising is how one learns a model.
"""

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import prepared
from portal.core.problems import BadInput, Conflict
from portal.registry.models import Attestation, ModelVersion
from portal.registry.standing import Standing, require_runnable


class AttestationNeeded(Conflict):
    """The card has not been read by the person who wants to run the model; `model` is its short name."""

    code = "attestation-needed"

    def __init__(self, version: ModelVersion):
        self.model, self.number = version.model.slug, version.number
        super().__init__(
            f"Read the card of “{version.model.title}” once before you run it: what it is for, and when not to use it."
        )


@action(Permission.PREDICTION_RUN, verb="card.attested", on=ModelVersion)
def attest(*, by, on, read) -> None:
    """A person's word that they read the card; raises BadInput without the tick, Conflict when it may not run anyway."""
    standing = require_runnable(on)
    if not read:
        raise BadInput({"read": "Tick that you have read it."})
    _, made = Attestation.objects.get_or_create(
        person=by, model_id=standing.version.model_id, major=standing.major, defaults={"version": standing.version}
    )
    if not made:
        event().skip()
    event().note(model=standing.version.model.slug, version=standing.version.number, major=standing.major)


def require(by, standing: Standing) -> None:
    """Raise AttestationNeeded unless this person read the card of this major version."""
    if not has_read(by, standing):
        raise AttestationNeeded(standing.version)


def has_read(by, standing: Standing) -> bool:
    """Whether this person read the card of this major version."""
    model, major = standing.version.model_id, standing.major
    key = ("card read", model, major)
    return bool(prepared.rows(key, lambda person: _of(person, model, major), by.pk))


def _of(person: int, model: int, major: int):
    return Attestation.objects.filter(person_id=person, model_id=model, major=major)


def read_before(by, version: ModelVersion, major: int) -> bool:
    """Whether this person read the card of an earlier major version of the same model."""
    return Attestation.objects.filter(person=by.pk, model_id=version.model_id, major__lt=major).exists()
