"""A whole model card for the small models of the tests, and the people who have read one."""

from portal.registry import bundle
from portal.registry.cards import actions, attestations, attributes, checks
from portal.registry.models import ModelVersion

CLINICIANS = ("clinician", "clinician2")


def whole(version: ModelVersion) -> dict[str, dict]:
    """Something said of every item that a card must have, fitting the version's form."""
    ticks = sorted({kind for _, kind in checks.protected(version) if kind})
    said = {item.key: {"text": f"About {item.title.lower()}."} for item in attributes.REQUIRED}
    said |= {item.key: {"answer": "yes", "text": "Looked at."} for item in attributes.PRINCIPLES}
    said["attribute.1"] = {"text": "The tests", "contact": "tests@example.org"}
    said["attribute.4"] |= {"choice": "prediction"}
    said["attribute.8"] |= {"choice": "informs"}
    said["attribute.12"] = {"ticks": ticks, "none": not ticks}
    said["device"] = {"status": "research", "urgent": "no", "criteria": [{"met": "yes", "text": "So it is."}] * 4}
    return said


def fill(by, version: ModelVersion) -> None:
    """Write the card where it is blank, as its author does."""
    if any(one.part == "card" for one in bundle.missing(version)):
        actions.write(by=by, on=version, raw=whole(version))


def read(version: ModelVersion, *people) -> None:
    """Let people say that they read the card."""
    for person in people:
        attestations.attest(by=person, on=version, read=True)
