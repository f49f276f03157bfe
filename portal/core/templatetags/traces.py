"""A tracing drawn on the server as it stands on ECG paper: 25 mm a second, 10 mm a millivolt, in strips of ten seconds."""

import math
from itertools import pairwise

from django import template

register = template.Library()
SECOND, MILLIVOLT, STRIP = 25, 10, 10
# Room in mm: for the calibration pulse at the left, for marks and intervals on top, below the lowest point.
_LEFT, _TOP, _BOTTOM, _SMALL, _LARGE = 15, 10, 5, 1, 5
# The least the paper shows, in mV.
_LOW, _HIGH = -0.5, 1.5


@register.inclusion_tag("_components/trace.html")
def trace(signal: dict, peaks=()) -> dict:
    """A signal of an envelope, with the model's R peaks (seconds) where it gave any."""
    found = strips(signal["trace"], list(peaks or ()))
    return {"signal": signal, "strips": found, "beats": beats(list(peaks or ()))}


def strips(drawn: dict, peaks: list[float]) -> list[dict]:
    """The strips in mm: grid, path, marks and intervals; `drawn` holds `rate` and `microvolts`."""
    values, rate = [value / 1000 for value in drawn["microvolts"]], drawn["rate"]
    low, high = _bounds(values)
    seconds = len(values) / rate
    return [
        _strip(values, rate, start, min(start + STRIP, seconds), low, high, peaks)
        for start in range(0, max(1, math.ceil(seconds - 1e-9)), STRIP)
    ]


def beats(peaks: list[float]) -> list[dict]:
    """Each beat's number, moment in seconds and interval to the one before in ms (None for the first)."""
    gaps = [None, *(round((later - earlier) * 1000) for earlier, later in pairwise(peaks))]
    return [
        {"number": number, "at": peak, "gap": gap}
        for number, (peak, gap) in enumerate(zip(peaks, gaps, strict=True), 1)
    ]


def _bounds(values: list[float]) -> tuple[float, float]:
    low, high = min([_LOW, *values]), max([_HIGH, *values])
    return math.floor(low * 2) / 2, math.ceil(high * 2) / 2


def _strip(values, rate, start, end, low, high, peaks) -> dict:
    def across(second: float) -> float:
        return round(_LEFT + (second - start) * SECOND, 2)

    def down(value: float) -> float:
        return round(_TOP + (high - value) * MILLIVOLT, 2)

    first, last = math.ceil(start * rate), min(len(values), math.floor(end * rate) + 1)
    points = [(across(place / rate), down(values[place])) for place in range(first, last)]
    mine = [peak for peak in peaks if start <= peak < end]
    width, height = _LEFT + STRIP * SECOND, round(_TOP + (high - low) * MILLIVOLT + _BOTTOM, 2)
    return {
        "width": width,
        "height": height,
        "minor": _grid(width, height, _SMALL),
        "major": _grid(width, height, _LARGE),
        "path": "M" + " ".join(f"{x:g} {y:g}" for x, y in points),
        "pulse": f"M2 {down(0):g}h3v-{MILLIVOLT}h5v{MILLIVOLT}h3",
        "marks": [_mark(across(peak), down(_near(values, rate, peak))) for peak in mine],
        "gaps": [
            {"x": across((earlier + later) / 2), "text": f"{round((later - earlier) * 1000)}"}
            for earlier, later in pairwise(peaks)
            if start <= (earlier + later) / 2 < end
        ],
        "start": start,
        "end": round(end, 1),
        "count": len(mine),
    }


def _near(values: list[float], rate: float, peak: float) -> float:
    """The highest point about a beat, over which its mark stands."""
    place, around = round(peak * rate), max(1, round(0.05 * rate))
    return max(values[max(0, place - around) : place + around + 1] or [0.0])


def _mark(x: float, y: float) -> str:
    """A triangle that points at a beat from above."""
    tip = max(_TOP - 3, y - 1)
    return f"M{x:g} {tip:g}l-1.5 -2.6h3z"


def _grid(width: float, height: float, step: int) -> str:
    upright = [f"M{x} 0V{height:g}" for x in range(0, math.floor(width) + 1, step)]
    level = [f"M0 {y}H{width:g}" for y in range(0, math.floor(height) + 1, step)]
    return "".join(upright + level)
