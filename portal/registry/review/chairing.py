"""In which seat somebody signs for a version, and why they may not: authors, owners, those who signed already."""

from portal.core.problems import Conflict
from portal.registry import reading, signing
from portal.registry.models import ModelVersion, Signature
from portal.registry.review import conflicts, owners
from portal.registry.review.seats import Chair, chairs
from portal.registry.states import Seat

_NO_SEAT = "You hold no seat on the model committee. An administrator gives you one."


def check_not_own(version: ModelVersion, people) -> None:
    """Nobody decides on a model that is theirs, as its author or its owner; raises Conflict."""
    keys = {person.pk for person in people if person}
    if version.created_by_id in keys:
        raise Conflict("You registered this version; nobody decides on their own model.", code="own-model")
    if not _bringers(version).isdisjoint(keys):
        raise Conflict("You registered these very files under another name or number; nobody decides on their own model.", code="own-model")  # fmt: skip
    if version.model.owner_id in keys:
        raise Conflict("You answer for this model; nobody decides on their own model.", code="own-model")


def check_owner(version: ModelVersion) -> None:
    """A model that nobody answers for does not run; raises Conflict."""
    if owners.gone(version.model):
        raise Conflict("Nobody answers for this model now: it needs a new owner first.", code="no-owner")


def take(version: ModelVersion, by, meaning: str, wanted: str | None = None) -> Chair:
    """The seat in which this person signs in this meaning; `wanted` names one of several.

    Raises Conflict saying why there is none.
    """
    check_not_own(version, [by])
    if conflicts.concerns(version, [by]):
        raise Conflict("You declared an interest in this model; somebody else decides.", code="interest")
    if meaning != "resumption" and _has_signed(version, by):
        raise Conflict("You have signed this version; the second signature must be another reviewer's.", code="signed")
    refusals = _refusals(version, by, meaning)
    open_to = [chair for chair, refusal in refusals if refusal is None]
    if not open_to:
        raise refusals[0][1] if refusals else Conflict(_NO_SEAT, code="no-seat")
    if wanted is None:
        return open_to[0]
    asked = [(chair, refusal) for chair, refusal in refusals if chair.key == wanted]
    if not asked:
        raise Conflict("That is not a seat of yours now. Read the page again, then sign.", code="no-seat")
    chair, refusal = asked[0]
    if refusal:
        raise refusal
    return chair


def offered(version: ModelVersion, by, meaning: str) -> list[Chair]:
    """The seats among which this person may choose."""
    return [chair for chair, refusal in _refusals(version, by, meaning) if refusal is None]


def of(signature: Signature) -> Chair:
    """The seat in which somebody signed."""
    return Chair(Seat(signature.seat), signature.behalf_of)


@reading.once
def _bringers(version: ModelVersion) -> frozenset[int]:
    """Whoever registered the very files of a version, under whatever name."""
    return frozenset(ModelVersion.objects.filter(digest=version.digest).values_list("created_by_id", flat=True))


def _has_signed(version: ModelVersion, by) -> bool:
    given = (one for one in signing.decisions(version) if one.meaning != "withdrawal")
    return any(by.pk in _people(one) for one in given)


def _refusals(version: ModelVersion, by, meaning: str) -> list[tuple[Chair, Conflict | None]]:
    """Every seat of a person with what forbids it, if anything does."""
    signed = signing.approvals(version)
    return [
        (chair, next(filter(None, (rule(version, chair, signed) for rule in _RULES[meaning])), None))
        for chair in chairs(by)
    ]


def _taken(version: ModelVersion, chair: Chair, signed: list[Signature]) -> Conflict | None:
    if not any(one.seat == chair.seat for one in signed):
        return None
    return Conflict(
        f"The seat “{chair.seat.label}” has signed already; the other signature must be another seat's.",
        code="seat-taken",
    )


def _theirs(version: ModelVersion, chair: Chair, signed: list[Signature]) -> Conflict | None:
    theirs = {version.created_by_id, version.model.owner_id, *_bringers(version)}
    if chair.behalf_of is None or chair.behalf_of.pk not in theirs:
        return None
    return Conflict(f"{chair.behalf_of.label} could not sign here either: the model is theirs.", code="own-model")


def _interested(version: ModelVersion, chair: Chair, signed: list[Signature]) -> Conflict | None:
    if chair.behalf_of is None or not conflicts.concerns(version, [chair.behalf_of]):
        return None
    return Conflict(f"{chair.behalf_of.label} declared an interest in this model.", code="interest")


def _heard(version: ModelVersion, chair: Chair, signed: list[Signature]) -> Conflict | None:
    if chair.behalf_of is None or not any(chair.behalf_of.pk in _people(one) for one in signed):
        return None
    return Conflict(f"{chair.behalf_of.label} has signed already; one person signs once.", code="signed")


# What forbids a seat, by what is signed in it.
_RULES = {
    "approval": (_taken, _theirs, _interested, _heard),
    # One refusal is enough, whoever signed before.
    "refusal": (_theirs, _interested, _heard),
    "resumption": (_theirs, _interested),
}


def _people(signature: Signature) -> set[int]:
    return {key for key in (signature.signer_id, signature.behalf_of_id) if key}
