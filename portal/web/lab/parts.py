"""The pages of a version, one for each part of its evidence, in the order in which a reviewer reads them."""

from django.urls import reverse

from portal.access import policy
from portal.access.permissions import Permission
from portal.registry import bundle
from portal.registry.cards import actions as cards
from portal.registry.states import VersionState
from portal.registry.studio import revisions

# Part, address, and what it is called; a part of `bundle` that can be missing has a page here.
PARTS = (
    ("overview", "lab:version", "Overview"),
    ("form", "lab:form", "Form"),
    ("card", "lab:card", "Model card"),
    ("evidence", "lab:evidence", "Evidence"),
    ("files", "lab:files", "Files"),
    ("calibration", "lab:calibration", "Reliability here"),
    ("review", "lab:review", "Review"),
)
_ADDRESSES = {part: address for part, address, _ in PARTS}


def owing(by, version, missing) -> list[tuple[str, str]]:
    """Each thing that is missing, with the address at which this person puts it right, or else reads about it."""
    writes = any(one.place for one in missing) and _may_write(by, version)
    return [(one.sentence, _address(version, one, writes)) for one in missing]


def next_steps(by, version) -> list[tuple[str, str]]:
    """What a draft's author does next, with the way there: what is not done yet, and then submitting it."""
    if version.state != VersionState.DRAFT or not policy.decide(by, Permission.MODEL_SUBMIT, version).allowed:
        return []
    owed = {one.part for one in bundle.missing(version)}
    steps = (
        ("shape the form", "lab:form-studio", revisions.newest(version) < 2),
        ("write the model card", "lab:card", "card" in owed),
        ("add an acceptance case", "lab:evidence-case", not version.cases.exists()),
    )
    left = [(words, address) for words, address, open_yet in steps if open_yet]
    found = left or [("submit it for approval", "lab:submit")]
    return [(words, reverse(address, args=[version.public_id])) for words, address in found]


def _address(version, one, writes: bool) -> str:
    if one.part == "card" and one.place and writes:
        return reverse("lab:card-change", args=[version.public_id, one.place])
    place = f"#{one.place}" if one.place else ""
    return reverse(_ADDRESSES.get(one.part, "lab:version"), args=[version.public_id]) + place


def _may_write(by, version) -> bool:
    return cards.may_be_changed(version) and policy.decide(by, Permission.CARD_WRITE, version).allowed
