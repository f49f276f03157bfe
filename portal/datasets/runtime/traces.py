"""What a tracing must be like to be read, and the same tracing at another sampling rate; arithmetic of the standard library."""

import math
from operator import mul

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
# Peak to peak, in mV: less than this over a second is no heart.
_FLAT = 0.05
# A stretch of this many seconds at the very top or bottom, this far from the middle, is where the amplifier ended.
_CLIPPED_SECONDS, _CLIPPED_MILLIVOLTS = 0.02, 1.0
_LOBES = 12


def check(values: list[float], rate: float, lead: str, refuse) -> None:
    """Raise `refuse(code, sentence)` for a lead that was off or an amplifier at its end."""
    window = int(2 * rate)
    pieces = [values[start : start + window] for start in range(0, len(values) - window + 1, window)] or [values]
    flat = [piece for piece in pieces if max(piece) - min(piece) < _FLAT]
    if len(flat) == len(pieces):
        raise refuse("flat", f"lead {lead} is a flat line. Check the electrodes and record again.")
    if flat:
        raise refuse("lead-off", f"lead {lead} is flat for two seconds or more. Check the electrodes and record again.")
    if _clipped(values, rate):
        raise refuse("clipped", f"lead {lead} is cut off at its top or bottom (saturated). Record again.")


def _clipped(values: list[float], rate: float) -> bool:
    middle = sorted(values)[len(values) // 2]
    longest = max(4, int(_CLIPPED_SECONDS * rate))
    ends = [end for end in (max(values), min(values)) if abs(end - middle) >= _CLIPPED_MILLIVOLTS]
    return any(_run(values, end) >= longest for end in ends)


def _run(values: list[float], end: float) -> int:
    longest = now = 0
    for value in values:
        now = now + 1 if value == end else 0
        longest = max(longest, now)
    return longest


def resample(values: list[float], given: float, wanted: float) -> list[float]:
    """The same tracing at `wanted` samples a second: windowed sinc, low-passed where there are fewer."""
    if given == wanted:
        return list(values)
    ratio, narrow = given / wanted, min(1.0, wanted / given)
    half = math.ceil(_LOBES / narrow)
    padded = [values[0]] * half + values + [values[-1]] * (half + 1)
    known: dict[float, list[float]] = {}
    found = []
    for number in range(int(len(values) / ratio + 1e-9)):
        whole, part = divmod(number * ratio, 1)
        part = round(part, 6)
        weights = known.setdefault(part, []) or known[part]
        if not weights:
            weights += _weights(part, half, narrow)
        start = int(whole)
        found.append(sum(map(mul, weights, padded[start : start + 2 * half + 1])))
    return found


def _weights(part: float, half: int, narrow: float) -> list[float]:
    weights = [
        _sinc(narrow * (place - half - part)) * _window((place - half - part) / (half + 1))
        for place in range(2 * half + 1)
    ]
    total = sum(weights)
    return [weight / total for weight in weights]


def _sinc(turn: float) -> float:
    return math.sin(math.pi * turn) / (math.pi * turn) if turn else 1.0


def _window(place: float) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * max(-1.0, min(1.0, place)))
