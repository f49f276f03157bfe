"""Reviewing as a person does it: the checklist point by point, then the signature."""

import pytest

from portal.accounts.factors import Proof
from portal.core import clock
from portal.core.problems import Conflict
from portal.registry import actions, signing
from portal.registry.models import ModelVersion
from portal.registry.review import checklist


def answer_all(person, version, said: str = "yes", note: str = "") -> None:
    """Answer every point of the checklist in the same way."""
    checklist.answer(by=person, on=version, answers=dict.fromkeys(checklist.POINTS, (said, note)))


def seen(version) -> str:
    """The digest that a page would carry which is opened now."""
    return signing.payload_sha256(ModelVersion.objects.get(pk=version.pk))


def signing_as(person, version, **given) -> dict:
    """What somebody who has read the page and proved who they are gives to a signing verb."""
    proof = Proof(person.pk, clock.now())
    return {"by": person, "on": version, "reason": "Read it all.", "proof": proof, "seen": seen(version), **given}


def refused(verb, **given) -> str:
    """The code with which a verb refuses."""
    with pytest.raises(Conflict) as refusal:
        verb(**given)
    return refusal.value.code


def approve(*, by, on, **given):
    """Answer the checklist, as far as that is still open to this person, and sign."""
    if checklist.still_open(on, by):
        answer_all(by, on)
    return actions.approve(by=by, on=on, **({"seen": seen(on)} | given))
