"""In which seat somebody signs for a version, and why they may not: authors, owners, those who signed already."""

from portal.core.problems import Conflict
from portal.registry import signing
from portal.registry.models import ModelVersion, Signature
from portal.registry.review import conflicts
from portal.registry.review.seats import Chair, chairs
from portal.registry.states import Seat


def check_not_own(version: ModelVersion, people) -> None:
    """Nobody decides on a model that is theirs, as its author or its owner; raises Conflict."""
    keys = {person.pk for person in people if person}
    if version.created_by_id in keys:
        raise Conflict("You registered this version; nobody decides on their own model.", code="own-model")
    if version.model.owner_id in keys:
        raise Conflict("You answer for this model; nobody decides on their own model.", code="own-model")


def check_owner(version: ModelVersion) -> None:
    """A model that nobody answers for does not run; raises Conflict."""
    owner = version.model.owner
    if owner is None or not owner.is_active:
        raise Conflict("Nobody answers for this model now: it needs a new owner first.", code="no-owner")


def take(version: ModelVersion, by, wanted: str | None) -> Chair:
    """The seat in which this person decides about a version; raises Conflict saying why there is none."""
    check_not_own(version, [by])
    if conflicts.concerns(version, [by]):
        raise Conflict("You declared an interest in this model; somebody else decides.", code="interest")
    if any(by.pk in _people(one) for one in signing.decisions(version) if one.meaning != "withdrawal"):
        raise Conflict("You have signed this version; the second signature must be another reviewer's.", code="signed")
    mine = chairs(by)
    if not mine:
        raise Conflict("You hold no seat on the model committee. An administrator gives you one.", code="no-seat")
    signed = signing.approvals(version)
    open_to = [chair for chair in mine if not _refusal(version, chair, signed)]
    if not open_to:
        raise _refusal(version, mine[0], signed)
    if wanted is None:
        return open_to[0]
    found = next((chair for chair in open_to if chair.key == wanted), None)
    if found is None:
        raise next(
            (_refusal(version, chair, signed) for chair in mine if chair.key == wanted),
            Conflict("That is not a seat of yours now. Read the page again, then sign.", code="no-seat"),
        )
    return found


def offered(version: ModelVersion, by) -> list[Chair]:
    """The seats among which this person may choose."""
    signed = signing.approvals(version)
    return [chair for chair in chairs(by) if not _refusal(version, chair, signed)]


def of(signature: Signature) -> Chair:
    """The seat in which somebody signed."""
    return Chair(Seat(signature.seat), signature.behalf_of)


def any_of(version: ModelVersion, by) -> Chair:
    """Any seat of a person; raises Conflict when they have none."""
    mine = chairs(by)
    if not mine:
        raise Conflict("You hold no seat on the model committee. An administrator gives you one.", code="no-seat")
    return mine[0]


def _refusal(version: ModelVersion, chair: Chair, signed: list[Signature]) -> Conflict | None:
    if any(one.seat == chair.seat for one in signed):
        return Conflict(
            f"The seat “{chair.seat.label}” has signed already; the other signature must be another seat's.",
            code="seat-taken",
        )
    if chair.behalf_of is None:
        return None
    if chair.behalf_of.pk in {version.created_by_id, version.model.owner_id}:
        return Conflict(f"{chair.behalf_of.label} could not sign here either: the model is theirs.", code="own-model")
    if conflicts.concerns(version, [chair.behalf_of]):
        return Conflict(f"{chair.behalf_of.label} declared an interest in this model.", code="interest")
    if any(chair.behalf_of.pk in _people(one) for one in signed):
        return Conflict(f"{chair.behalf_of.label} has signed already; one person signs once.", code="signed")
    return None


def _people(signature: Signature) -> set[int]:
    return {key for key in (signature.signer_id, signature.behalf_of_id) if key}
