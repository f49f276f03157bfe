"""What stands beside a signature: what it covers, and what follows once it is given."""

from django.urls import reverse
from django.utils.html import format_html

from portal.registry import signing
from portal.registry.models import ModelVersion, Signature
from portal.registry.states import Seat, VersionState

# What reviewers call each thing that is signed; parts of the evidence by the name under which they are covered.
COVERED = {
    "digest": "files", "facts": "files", "engine": "files",
    "files": "the software they run with and that they loaded with it", "overlay": "form", "card": "model card",
    "evidence": "acceptance cases and that they passed", "care_units": "wards", "expires_on": "last day",
    "changes": "what is said to be new", "title": "title, summary, number and author", "model": "title, summary, number and author",
    "summary": "title, summary, number and author", "number": "title, summary, number and author",
    "author": "title, summary, number and author", "run": "source run",
}  # fmt: skip


def covered() -> str:
    """Everything that a signature covers, in the order in which one reads it."""
    *first, last = dict.fromkeys(COVERED.values())
    return f"{', '.join(first)} and {last}"


def after(signature: Signature) -> str:
    """What a decision has come to, and who has to decide yet."""
    version = signature.version
    if version.state == VersionState.APPROVED:
        return _linked(version, f"Approved until {version.expires_on:%-d %b %Y} for {_wards(version)}.")
    if version.state == VersionState.REFUSED:
        return _linked(version, "Refused. Its author reads your reason; what comes again is a new version.")
    mine = f"Signed for the seat “{Seat(signature.seat).label}”."
    signed = {one.seat for one in signing.approvals(version)}
    left = [f"“{seat.label}”" for seat in Seat if seat not in signed]
    if version.state == VersionState.SUSPENDED and not left:
        return _linked(version, f"{mine} Both seats have signed: it can be let run again.")
    if not left:
        return _linked(version, mine)
    more = "One more signature is needed" if len(left) == 1 else "Signatures are needed"
    return _linked(version, f"{mine} {more}: seat {' and '.join(left)}.")


def _wards(version: ModelVersion) -> str:
    return ", ".join(version.care_units.values_list("name", flat=True)) or "all wards"


def _linked(version: ModelVersion, sentence: str) -> str:
    return format_html('{} <a href="{}">{}</a>', sentence, reverse("lab:version", args=[version.public_id]), version)
