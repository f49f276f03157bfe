"""Putting into words what a model says of a tracing: what it looks like, how likely, at what rate, and which beats it saw."""

from portal.core import shares
from portal.predictions import bands, reading

_MOST_PEAKS = 1000


def read(output: dict, row: dict) -> dict:
    """The reading of one tracing: kind “signal”, or “abstained” where the model gives a reason instead of a number."""
    why = row.get(output.get("abstain", ""))
    peaks = _peaks(row.get(output.get("peaks", "")))
    if why:
        return _abstained(output, str(why)) | {"peaks": peaks}
    share = reading._share(row, output["column"])
    banded = bands.of_share(output, share, None)
    rate = reading._value(row, output["rate"])
    outcome = output.get("outcome", "the finding")
    looks = banded["band"]["label"] if banded["band"] else "Read"
    chance = shares.about_of_100(share)
    return {
        "kind": "signal",
        "sentence": f"{looks}: probability of {outcome} {chance[:1].lower()}{chance[1:]}. Rate {rate:.0f} per minute.",
        "short": f"{looks}, {rate:.0f} per minute",
        "share": share,
        "percent": shares.percent(share),
        "outcome": outcome,
        "rate": round(rate),
        "beats": len(peaks),
        "peaks": peaks,
    } | banded


def _peaks(given) -> list[float]:
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MOST_PEAKS or any(isinstance(peak, bool | str) for peak in given):
        raise reading.NotReadable("the beats are no list of seconds")
    peaks = [round(float(peak), 3) for peak in given]
    if peaks != sorted(set(peaks)) or (peaks and peaks[0] < 0):
        raise reading.NotReadable("the beats do not follow one another")
    return peaks


def _abstained(output: dict, why: str) -> dict:
    words = output.get("abstentions", {}).get(why, "the tracing is not one that it can read")
    return {
        "kind": "abstained", "why": "tracing", "sentence": f"No number: {words}.", "short": "No number",
        "then": "Look at the tracing; record it again if it is poor.",
    }  # fmt: skip
