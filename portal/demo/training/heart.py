"""Simulated hearts: trains of beats, regular or irregular, and the twelve leads that would be seen of them."""

import numpy

RATE = 500
# Each wave as (place from the R peak in s, width in s, height in lead II in mV).
_WAVES = {"P": (-0.17, 0.024, 0.13), "Q": (-0.028, 0.009, -0.1), "R": (0.0, 0.011, 1.1), "S": (0.03, 0.011, -0.2),
          "T": (0.27, 0.05, 0.28)}  # fmt: skip
# What each chest lead shows of the waves, relative to lead II; limb leads follow from I and II.
_SEEN = {
    "I": {"P": 0.6, "Q": 0.8, "R": 0.55, "S": 0.5, "T": 0.7}, "II": {},
    "V1": {"P": 0.4, "Q": 0, "R": 0.2, "S": 5.0, "T": -0.3}, "V2": {"P": 0.5, "Q": 0, "R": 0.4, "S": 7.0, "T": 1.2},
    "V3": {"P": 0.5, "Q": 0, "R": 0.7, "S": 4.0, "T": 1.4}, "V4": {"Q": 0.6, "R": 1.3, "S": 2.0, "T": 1.3},
    "V5": {"Q": 1.0, "R": 1.3, "S": 0.8, "T": 1.0}, "V6": {"Q": 1.1, "R": 1.0, "S": 0.3, "T": 0.8},
}  # fmt: skip


def beats(dice, *, irregular: bool, seconds: float) -> numpy.ndarray:
    """Moments of the R peaks: breathing moves a regular train by a little, an irregular one has no memory."""
    mean = dice.uniform(0.42, 0.95) if irregular else dice.uniform(0.5, 1.15)
    count = int(seconds / mean * 2) + 8
    if irregular:
        gaps = mean * numpy.exp(dice.normal(0, dice.uniform(0.14, 0.3), count))
    else:
        breath = dice.uniform(0, 0.05) * numpy.sin(numpy.arange(count) * mean * 2 * numpy.pi * dice.uniform(0.15, 0.35))
        gaps = mean * (1 + breath + dice.normal(0, dice.uniform(0.004, 0.018), count))
    moments = dice.uniform(0.1, 0.5) + numpy.cumsum(numpy.maximum(gaps, 0.3))
    return moments[moments < seconds - 0.05]


def leads(dice, moments, *, irregular: bool, seconds: float, names=tuple(_SEEN)) -> dict[str, numpy.ndarray]:
    """Leads in mV at 500 samples a second, with noise, wandering and, without P waves, a trembling baseline."""
    time = numpy.arange(round(seconds * RATE)) / RATE
    tremble = (
        dice.uniform(0.02, 0.06) * numpy.sin(2 * numpy.pi * (dice.uniform(5, 8) * time + numpy.sin(time))) * irregular
    )
    found = {}
    for name in names:
        seen = _SEEN[name]
        waves = sum(
            seen.get(wave, 1.0) * _wave(time, moments, *shape)
            for wave, shape in _WAVES.items()
            if not (irregular and wave == "P")
        )
        wander = dice.uniform(0.02, 0.12) * numpy.sin(2 * numpy.pi * dice.uniform(0.1, 0.4) * time + dice.uniform(0, 6))
        found[name] = waves + wander + tremble + dice.normal(0, dice.uniform(0.006, 0.02), len(time))
    return found


def _wave(time, moments, place, width, height):
    found = numpy.zeros(len(time))
    for moment in moments + place:
        # Farther out a wave is nothing; leaving it out makes this a hundred times faster.
        first, last = (max(0, round((moment + side * 5 * width) * RATE)) for side in (-1, 1))
        apart = (time[first:last] - moment) / width
        found[first:last] += height * numpy.exp(-0.5 * apart**2)
    return found


def twelve(found: dict) -> dict[str, numpy.ndarray]:
    """All twelve leads: the remaining limb leads are sums of the first two (Einthoven, Goldberger)."""
    first, second = found["I"], found["II"]
    limbs = {
        "I": first, "II": second, "III": second - first, "aVR": -(first + second) / 2, "aVL": first - second / 2,
        "aVF": second - first / 2,
    }  # fmt: skip
    return limbs | {name: found[name] for name in ("V1", "V2", "V3", "V4", "V5", "V6")}
