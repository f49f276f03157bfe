"""Checking what people write into a form's overlay against the model's signature."""

from portal.core.problems import BadInput
from portal.registry import outcome

_NUMBERS = ("min", "max", "usual_min", "usual_max", "order")
_TEXTS = ("label", "help", "group", "unit", "unit_label")
_FLAGS = ("required", "unknown", "integer", "protected")
_MEMBERS = frozenset((*_NUMBERS, *_TEXTS, *_FLAGS, "units", "options", "fixed", "record"))


def check(overlay: dict, facts: dict) -> None:
    """Raise BadInput naming every entry that does not fit; an overlay may narrow a form, never widen the signature."""
    names = {given["name"] for given in facts["inputs"]}
    errors: dict[str, str] = {}
    for name, entry in overlay.get("inputs", {}).items():
        if name not in names:
            errors[name] = f"The model has no input “{name}”. It has: {', '.join(sorted(names))}."
        else:
            _check_entry(name, entry, errors)
    outcome.rule_of(overlay)
    if errors:
        raise BadInput(errors)


def changed(before: dict, after: dict) -> set[str]:
    """The names of the inputs whose entries differ."""
    old, new = before.get("inputs", {}), after.get("inputs", {})
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def _check_entry(name: str, entry: dict, errors: dict) -> None:
    unknown = sorted(set(entry) - _MEMBERS)
    if unknown:
        errors[name] = f"{name}: no such member {', '.join(unknown)}. Allowed: {', '.join(sorted(_MEMBERS))}."
    for member in _NUMBERS:
        value = entry.get(member)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            errors[name] = f"{name}: {member} must be a number."
    for low, high in (("min", "max"), ("usual_min", "usual_max")):
        if _both(entry, low, high) and entry[low] > entry[high]:
            errors[name] = f"{name}: {low} {entry[low]} is above {high} {entry[high]}."


def _both(entry: dict, low: str, high: str) -> bool:
    return all(isinstance(entry.get(member), int | float) for member in (low, high))
