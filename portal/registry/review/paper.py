"""The record of an approval as a PDF: who signed what, when, with which meaning, and what the signatures cover."""

from django.utils.timezone import localtime

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock, paper
from portal.core.problems import Conflict
from portal.registry import signing
from portal.registry.models import ModelVersion, Signature
from portal.registry.review import owners
from portal.registry.states import E1762


@action(Permission.MODEL_SEE, verb="model.approval-printed", on=ModelVersion)
def _gather(*, by, on) -> dict:
    signatures = list(on.signatures.select_related("signer", "behalf_of"))
    if not signatures:
        raise Conflict("Nobody has signed for this version yet: there is nothing to print.")
    event().note(number=on.number, signatures=len(signatures))
    return values_of(on, signatures, by.label)


def print_approval(*, by, on) -> bytes:
    """The PDF of an approval; raises Conflict when nobody has signed."""
    return paper.pdf("approval", _gather(by=by, on=on))


def values_of(version: ModelVersion, signatures: list[Signature], printed_by: str) -> dict:
    """What the template is filled with: texts and lists of texts only."""
    now = signing.payload_sha256(version)
    return {
        "title": version.model.title,
        "version": f"Version {version.number}",
        "printed": _text(clock.now()),
        "printed_by": printed_by,
        "state": _state(version, signatures),
        "facts": [
            ["Model", f"{version.model.title} ({version.model.slug}), version {version.number}"],
            ["Registered", f"{_text(version.created_at)} by {version.created_by.label}"],
            ["Answers for it", "nobody" if owners.gone(version.model) else version.model.owner.label],
            ["Wards", ", ".join(sorted(version.care_units.values_list("name", flat=True))) or "all wards"],
            ["Last day", f"{version.expires_on:%-d %b %Y}" if version.expires_on else "not set"],
            ["Digest of its files", _grouped(version.digest)],
            ["Digest of what is signed", _grouped(now)],
        ],
        "signatures": [_signature(one, now) for one in signatures],
    }


def _state(version: ModelVersion, signatures: list[Signature]) -> str:
    if not signing.intact(version):
        return "A signature of this version was changed after it was given. It cannot be run."
    if signing.enough(signing.approvals(version)):
        return f"The signatures cover this version as it stands now. It is {version.state_shown}."
    return f"The signatures do not approve this version as it stands now. It is {version.state_shown}."


def _signature(one: Signature, now: str) -> dict:
    return {
        "name": one.printed_name,
        "meaning": one.get_meaning_display(),
        "rows": [
            ["Seat", f"{one.role}, for {one.behalf_name}" if one.behalf_name else one.role],
            ["Signed", f"{localtime(one.signed_at):%-d %b %Y, %H:%M:%S %Z}"],
            ["Meaning", f"{one.get_meaning_display()} ({E1762}, {one.meaning_code})"],
            ["Reason", one.reason],
            ["Proved with", " and ".join(one.factors)],
            ["Covers", "this version as it stands now" if one.payload_sha256 == now else "an earlier form of this version"],
        ],
        "checklist": [[point["statement"], point["answer"], point["note"]] for point in one.checklist.values()],
    }  # fmt: skip


def _grouped(digest: str) -> str:
    return " ".join(digest[at : at + 16] for at in range(0, 64, 16))


def _text(moment) -> str:
    return f"{localtime(moment):%-d %b %Y, %H:%M}"
