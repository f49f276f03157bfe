"""The bands of an answer: all of them with their limits in words, the one it lies in, and those its likely range reaches.

A band holds its upper limit and not its lower one, as `upto` says.
"""

from collections.abc import Callable

from portal.core import shares


def of_share(output: dict, share: float, interval: list[float] | None) -> dict:
    """`band`, `bands` and `bands_source` of a probability; nothing where the model has no bands."""
    return _found(output, shares.clean(share), interval, shares.threshold, ends=(0.0, 1.0))


def of_number(output: dict, value: float, unit: str, interval: list[float] | None) -> dict:
    """The same of a measured value, with its unit."""
    return _found(output, value, interval, lambda limit: f"{shares.number(limit)} {unit}".strip(), ends=(None, None))


def _found(output: dict, value: float, interval, say: Callable[[float], str], ends: tuple) -> dict:
    given = output.get("bands") or []
    lows = [ends[0], *(band["upto"] for band in given)]
    rows = []
    for place, (band, low) in enumerate(zip(given, lows, strict=False)):
        edges = (None if place == 0 else low, None if band["upto"] == ends[1] else band["upto"])
        standing = {"limits": _limits(*edges, say)} | _standing(*edges, value, interval or (value, value))
        rows.append({"label": band["label"], "from": low, "upto": band["upto"]} | standing)
    here = next((place for place, row in enumerate(rows) if row["here"]), None)
    return {
        "band": None if here is None else _chosen(rows[here], here, say),
        "bands": rows,
        "bands_source": output.get("bands_source", ""),
    }


def _standing(low: float | None, upto: float | None, value: float, interval) -> dict:
    def within(first: float, last: float) -> bool:
        return (low is None or last > low) and (upto is None or first <= upto)

    here = within(value, value)
    return {"here": here, "reached": not here and within(*interval)}


def _limits(low: float | None, upto: float | None, say: Callable[[float], str]) -> str:
    if low is None:
        return "all" if upto is None else f"up to {say(upto)}"
    return f"over {say(low)}" if upto is None else f"over {say(low)}, up to {say(upto)}"


def _chosen(row: dict, place: int, say: Callable[[float], str]) -> dict:
    ends = f"starts at {say(row['from'])}" if place else f"ends at {say(row['upto'])}"
    return {name: row[name] for name in ("label", "from", "upto")} | {"text": f"{row['label']} band, {ends}"}
