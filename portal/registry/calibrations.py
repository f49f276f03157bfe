"""Checking what an overlay says of its held-out check: how often the outcome came in rows that training had not seen."""

_BIN = ("from", "upto", "n", "observed", "predicted")
_ENDS = ("low", "high")
MOST = 1_000_000_000


def fault(said) -> str:
    """What does not fit, as a sentence without its subject; empty when all fits or nothing is said."""
    if said is None:
        return ""
    if not isinstance(said, dict) or not isinstance(said.get("bins"), list):
        return "must be an object with source, n, date and bins."
    return next((f"bin {place}: {wrong}" for place, item in enumerate(said["bins"], 1) if (wrong := _bin(item))), "")


def _bin(item) -> str:
    if not isinstance(item, dict) or set(_BIN) - set(item) or set(item) - {*_BIN, *_ENDS}:
        return f"must have {', '.join(_BIN)}, and may have {' and '.join(_ENDS)}."
    if isinstance(item["n"], bool) or not isinstance(item["n"], int) or not 1 <= item["n"] <= MOST:
        return f"n must be a whole number from 1 to {MOST:,}."
    wrong = [name for name in item if name != "n" and not _is_share(item[name])]
    if wrong:
        return f"{', '.join(wrong)} must be numbers from 0 to 1."
    if item["from"] >= item["upto"]:
        return f"from {item['from']} is not below upto {item['upto']}."
    if ("low" in item) != ("high" in item):
        return "needs low and high together."
    inside = item.get("low", 0) <= item["observed"] <= item.get("high", 1)
    return "" if inside else "observed must lie between low and high."


def _is_share(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
