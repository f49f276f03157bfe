"""A model card as a PDF (PDF/UA-1) that carries its CHAI XML in its metadata, so that programs read what people read."""

from portal.core import clock, days, paper
from portal.registry.cards import actions, attributes, plain
from portal.registry.cards.actions import Opened
from portal.registry.models import ModelVersion

SOFTWARE = "Formulary"


def print_card(*, by, on) -> bytes:
    """The PDF of a version's card."""
    opened, xml = actions.gather(by=by, on=on)
    content = paper.pdf("card", values_of(opened, by.label))
    return paper.with_info(content, {"chaiMcXml": xml.decode(), "chaiMcSoftwareId": SOFTWARE})


def values_of(opened: Opened, printed_by: str) -> dict:
    """What the template is filled with: texts and lists of texts only."""
    version = opened.version
    return {
        "title": version.model.title,
        "version": f"Version {version.number}, {version.get_state_display()}",
        "printed": days.said(clock.today()),
        "printed_by": printed_by,
        "warnings": list(_warnings(version)),
        "facts": list(_facts(opened)),
        "parts": [[part.title, *_texts(part)] for part in plain.parts(opened)],
        "own": [[line.label, line.said.text] for line in opened.card.own()],
        "attributes": [_attribute(opened, item) for item in attributes.ATTRIBUTES],
        "practice": [[item.label, opened.card.line(item).text or "Blank"] for item in attributes.PRINCIPLES],
        "device": opened.card.line(attributes.DETERMINATION).text or "Blank",
        "signatures": [
            [
                one.printed_name,
                f"{one.role} {one.get_meaning_display()}",
                days.said(clock.day_of(one.signed_at)),
                one.reason,
            ]
            for one in version.signatures.all()
        ],
        "digest": " ".join(version.digest[at : at + 16] for at in range(0, 64, 16)),
    }


def _warnings(version: ModelVersion):
    if version.overlay.get("synthetic"):
        yield "Practice model, trained on invented patients. Never use it for care."
    if version.stop_reason:
        yield f"This version was stopped: {version.stop_reason}"
    if version.approved_at is None:
        yield "Nobody may run this version: it is not approved."


def _facts(opened: Opened):
    version = opened.version
    yield ["Approved until", days.said(version.expires_on) or "not set"]
    yield ["Device determination", plain.device(opened).capitalize() or "Blank"]
    yield ["Card to be read again since", f"version {opened.major}"]


def _texts(part: plain.Part) -> list[str]:
    said = [
        f"{line.item.title}: {line.text or 'Blank'}" if len(part.lines) > 1 else line.text or "Blank"
        for line in part.lines
    ]
    return [*said, *(f"Today: {sentence}" for sentence in part.live)]


def _attribute(opened: Opened, item) -> list[str]:
    line = opened.card.line(item)
    who = f"{line.said.by}, {days.said(clock.day_of(line.said.at))}, version {line.said.since}" if line.said else ""
    return [f"{item.number} {item.cite}", item.title, line.text or "Blank", who]
