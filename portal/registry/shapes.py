"""Of what type each member of an overlay is, in one table, and whether JSON is such that it can be kept and shown at all.

A word stands for a plain value, a list of one shape for a list of such, an object for its members; “*” is any name. With
a question mark, or in a pair with “null”, it may be null; with an exclamation mark it must be there. What is not in the
table has no reader, so it may be anything that can be kept.
"""

import math
from collections.abc import Iterator

_LARGEST, _DEEPEST = 1.7976931348623157e308, 20
_NAME = 80
_WHEN = {"input": "text", "is": "plain", "above": "number", "below": "number", "in": ["plain"]}
# What an overlay may say of one input or setting. The parts that are “any” have sentences of their own elsewhere.
ENTRY = {
    **dict.fromkeys(("label", "help", "group", "unit", "unit_label", "zone", "kind", "lead"), "text"),
    **dict.fromkeys(("order", "rate", "shortest", "longest"), "number"),
    **dict.fromkeys(("min", "max", "usual_min", "usual_max"), "number?"),
    **dict.fromkeys(("required", "unknown", "integer", "protected", "day_only", "asked"), "flag"),
    "units": ["text"], "options": [{"value": "plain!", "label": "text!"}], "record": "any",
    "when": ("null", _WHEN), "imputed": ("null", {"method": "any", "value": "plain?"}), "weight": "number",
    "direction_note": "any", "fixed": "any", "default": "any",
}  # fmt: skip
_COLUMN = {**dict.fromkeys(("column", "label", "lower", "upper"), "text"), "at": "number", "said": "any"}
_SCALE = {"min": "number", "max": "number", "usual": ("null", ["number"]), "histogram": ["number"], "note": "text"}
_ACCOUNT = {
    **dict.fromkeys(("method", "link", "base", "of", "compared", "up", "down"), "text"),
    "columns": {"*": "text"}, "features": "any",
}  # fmt: skip
_OUTPUT = {
    **dict.fromkeys(("kind", "column", "lower", "upper", "label", "unit", "outcome", "horizon", "event"), "text"),
    **dict.fromkeys(("interval_note", "interval_plain", "base_rate_note", "rate", "peaks", "beats", "abstain"), "text"),
    "base_rate": "number?", "threshold": "number?", "ordered": "flag", "columns": [_COLUMN], "scale": ("null", _SCALE),
    "bands": [{"label": "text", "upto": "number"}], "contributions": ("null", _ACCOUNT), "abstentions": {"*": "text"},
}  # fmt: skip
_RULE = {**dict.fromkeys(("input", "record", "sentence", "action"), "text"), "min": "number", "max": "number", "in": ["plain"]}  # fmt: skip
_DISTANCE = {"inputs": ["text"], "mean": ["number"], "precision": [["number"]], "percentiles": ["number"]}
OVERLAY = {
    **dict.fromkeys(("title", "summary", "intended_use"), "text"), "synthetic": "flag", "stale_after_days": "number",
    "cautions": ["text"], "not_considered": ["text"], "inputs": {"*": ENTRY}, "params": {"*": ENTRY}, "output": _OUTPUT,
    "eligibility": [_RULE], "abstain": {"*": "number"},
    "training": {**dict.fromkeys(("source", "performance", "note"), "text"), "rows": "number", "distance": ("null", _DISTANCE)},
}  # fmt: skip
_LEAVES = {
    "text": (lambda value: isinstance(value, str), "a text"),
    "number": (lambda value: isinstance(value, int | float) and not isinstance(value, bool), "a number"),
    "flag": (lambda value: isinstance(value, bool), "true or false"),
    "plain": (lambda value: isinstance(value, str | int | float | bool), "a text, a number, true or false"),
    "any": (lambda value: True, ""),
}


def faults(overlay: dict) -> Iterator[tuple[tuple, str]]:
    """The way to every member of another type than the table's, and what is allowed there."""
    yield from _members(overlay, OVERLAY, ())


def unkept(value) -> str:
    """Why a JSON value cannot be kept, as a sentence without its subject; empty when it can."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            return f"is nested more than {_DEEPEST} deep."
        if isinstance(one, dict):
            waiting += [(part, depth + 1) for pair in one.items() for part in pair]
        elif isinstance(one, list):
            waiting += [(part, depth + 1) for part in one]
        elif fault := _unkept_leaf(one):
            return fault
    return ""


def _unkept_leaf(value) -> str:
    if isinstance(value, str):
        odd = any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
        return "holds a text with a character that cannot be kept (U+0000, or half of a pair)." if odd else ""
    if isinstance(value, int | float) and not (
        math.isfinite(value) if isinstance(value, float) else abs(value) <= _LARGEST
    ):
        return "holds a number that is none (NaN, Infinity) or too large."
    return ""


def _look(value, shape, way: tuple) -> Iterator[tuple[tuple, str]]:
    if isinstance(shape, tuple):
        if value is not None:
            yield from _look(value, shape[1], way)
    elif isinstance(shape, str):
        yield from _leaf(value, shape, way)
    elif isinstance(shape, list):
        yield from _items(value, shape[0], way)
    elif isinstance(value, dict):
        yield from _members(value, shape, way)
    else:
        yield way, "an object"


def _leaf(value, word: str, way: tuple) -> Iterator[tuple[tuple, str]]:
    fits, allowed = _LEAVES[word.rstrip("?!")]
    if not (fits(value) or (value is None and word.endswith("?"))):
        yield way, allowed


def _items(value, shape, way: tuple) -> Iterator[tuple[tuple, str]]:
    if not isinstance(value, list):
        yield way, "a list"
        return
    for place, item in enumerate(value, 1):
        yield from _look(item, shape, (*way, place))


def _members(value: dict, shape: dict, way: tuple) -> Iterator[tuple[tuple, str]]:
    for name, part in value.items():
        expected = shape.get(name, shape.get("*", "any"))
        yield from _look(part, expected, (*way, name[:_NAME]))
    for name in (name for name, word in shape.items() if isinstance(word, str) and word.endswith("!")):
        if name not in value:
            yield (*way, name), _LEAVES[shape[name].rstrip("!")][1]
