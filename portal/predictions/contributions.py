"""What moved the answer: the model's own account of each input's part, shown only when it adds up to the answer.

The model gives a base and one column for each part on its link scale; their sum must be the answer on that scale. A part is an
input's, or that of a feature which the model takes from a tracing: then the overlay names it and where its value stands.
"""

import math

from portal.core import shares

LINKS = ("logit", "identity", "log-hazard")
TOLERANCE = 1e-6
_PRECISION = 2.3e-16
_DIRECTIONS = {
    "logit": ("makes it more likely", "makes it less likely"),
    "identity": ("raises the number", "lowers the number"),
    "log-hazard": ("makes the event more likely", "makes the event less likely"),
}
_SCALES = {"logit": "log odds", "identity": "same unit as the answer", "log-hazard": "log hazard"}


def columns_of(described: dict | None) -> set[str]:
    """The output columns that are parts of the account and no answer of their own."""
    if not described:
        return set()
    features = described.get("features", {}).values()
    told = [said.get(member) for said in features for member in ("column", "value")]
    return {described["base"], *described.get("columns", {}).values(), *filter(None, told)}


def notes_of(overlay: dict) -> dict[str, str]:
    """What the overlay says of inputs whose direction may surprise."""
    entries = overlay.get("inputs", {}).items()
    return {name: entry["direction_note"] for name, entry in entries if entry.get("direction_note")}


def account(
    described: dict | None, row: dict, answer: float | None, notes: dict[str, str] | None = None
) -> dict | None:
    """The checked account of one answer, each part with the note on its direction; `rows` is empty and the sentence says
    why when it does not add up."""
    if not described or answer is None:
        return None
    found = {"method": described["method"], "link": described["link"]} | _words(described)
    features = described.get("features", {})
    columns = described.get("columns", {}) | {name: said["column"] for name, said in features.items()}
    parts = {name: row.get(column) for name, column in columns.items()}
    numbers = [row.get(described["base"]), *parts.values()]
    total = sum(numbers) if all(_is_number(value) for value in numbers) else math.nan
    difference = abs(total - _linked(described["link"], answer))
    if not difference <= _allowed(described["link"], answer):
        return found | {"adds_up": False, "rows": [], "sentence": _REFUSED}
    ordered = sorted(parts.items(), key=lambda part: -abs(part[1]))
    rows = [
        {"name": name, "amount": amount, "note": (notes or {}).get(name, "")} | _feature(features.get(name), row)
        for name, amount in ordered
    ]
    return found | {"adds_up": True, "base": numbers[0], "total": total, "rows": rows, "sentence": ""}


_REFUSED = "The parts that the model names do not add up to its answer, so they are not shown."


def _words(described: dict) -> dict:
    up, down = _DIRECTIONS[described["link"]]
    compared = described.get("compared", "the average patient of the training data")
    said = {"up": described.get("up", up), "down": described.get("down", down), "compared": compared}
    return said | {"scale": _SCALES[described["link"]]}


def _feature(said: dict | None, row: dict) -> dict:
    """Label and value of a part that is no input's."""
    if said is None:
        return {}
    value = row.get(said.get("value"))
    shown = f"{shares.number(value, 2)} {said.get('unit', '')}".strip() if _is_number(value) else ""
    return {"label": said["label"], "shown": shown, "missing": False}


def _linked(link: str, answer: float) -> float:
    try:
        if link == "logit":
            return math.log(answer / (1 - answer))
        return math.log(-math.log(answer)) if link == "log-hazard" else answer
    except (ValueError, ZeroDivisionError):
        # Certainty has no place on the link scale.
        return math.nan


def _allowed(link: str, answer: float) -> float:
    if link == "identity":
        return TOLERANCE * max(1.0, abs(answer))
    # Near certainty the answer itself no longer holds the digits that its link scale would need.
    slope = answer * (1 - answer) if link == "logit" else abs(answer * math.log(answer)) if answer > 0 else 0
    return TOLERANCE + (4 * _PRECISION / slope if slope else 0)


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
