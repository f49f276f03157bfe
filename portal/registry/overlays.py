"""Checking what people write into a form's overlay against the model's signature."""

from portal.compute.runtime.facts import PARAM, TRACING, TRACING_KIND
from portal.core.problems import BadInput
from portal.datasets.signals import LEADS
from portal.registry import fields, parts, shapes, spec

_TRACING = ("kind", "lead", "rate", "shortest", "longest")
_LENGTHS = {"rate": (100, 1000), "shortest": (1, 60), "longest": (1, 120)}
_PLACES = {"inputs": "", "params": PARAM}


def check(overlay: dict, facts: dict) -> None:
    """Raise BadInput naming every entry that does not fit; an overlay may narrow a form, never widen the signature."""
    _check_shape(overlay)
    types = {given["name"]: given["type"] for given in facts["inputs"]}
    errors: dict[str, str] = {}
    for name, entry in overlay.get("inputs", {}).items():
        if name not in types:
            errors[name] = f"The model has no input “{name}”. It has: {', '.join(sorted(types))}."
        else:
            _check_tracing(name, entry, types[name], errors)
    settings = {given["name"] for given in facts.get("params", ())}
    for name, entry in overlay.get("params", {}).items():
        if name not in settings:
            errors[PARAM + name] = f"The model has no setting “{name}”."
        else:
            _check_tracing(PARAM + name, entry, "", errors)
    errors |= parts.check(overlay, facts)
    # What is said of the answer alone does not keep the fields from being read.
    if not errors.keys() - {"output"}:
        errors |= field_faults(overlay, facts)
    if errors:
        raise BadInput(errors)


def field_faults(overlay: dict, facts: dict) -> dict[str, str]:
    """What an overlay says of a field that does not fit it, under `<field>.<member>`."""
    settings = {PARAM + name: entry for name, entry in overlay.get("params", {}).items()}
    return fields.faults(spec.of(facts, overlay), overlay.get("inputs", {}) | settings)


def check_parts(overlay: dict, facts: dict) -> None:
    """Raise BadInput naming what of a proposed overlay could not be read, or decides how answers are read and does not fit."""
    _check_shape(overlay)
    errors = parts.check(overlay, facts)
    if errors:
        raise BadInput(errors)


def changed(before: dict, after: dict) -> set[str]:
    """The names of the inputs whose entries differ."""
    old, new = before.get("inputs", {}), after.get("inputs", {})
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def _check_shape(overlay) -> None:
    """Raise BadInput for every member of a type that no reader of an overlay expects."""
    if not isinstance(overlay, dict) or (wrong := shapes.unkept(overlay)):
        raise BadInput({"overlay": f"The form {wrong if isinstance(overlay, dict) else 'must be an object.'}"})
    errors: dict[str, str] = {}
    for way, allowed in shapes.faults(overlay):
        key, shown = _named(way)
        errors.setdefault(key, f"{shown} must be {allowed}.")
    for place, before in () if errors else _PLACES.items():
        for name, entry in overlay.get(place, {}).items():
            _check_entry(before + name, entry, errors)
    if errors:
        raise BadInput(errors)


def _named(way: tuple) -> tuple[str, str]:
    """Under which key a fault stands, and how its place is called: “output: bands 1 upto”, “age: min”."""
    if way[0] in _PLACES and len(way) > 1:
        way = (_PLACES[way[0]] + way[1], *way[2:])
    return way[0], f"{way[0]}: {' '.join(map(str, way[1:]))}".strip()


def _check_entry(name: str, entry: dict, errors: dict) -> None:
    unknown = sorted(set(entry) - set(shapes.ENTRY))
    if unknown:
        errors[name] = f"{name}: no such member {', '.join(unknown)}. Allowed: {', '.join(sorted(shapes.ENTRY))}."


def _check_tracing(name: str, entry: dict, declared: str, errors: dict) -> None:
    said = [member for member in _TRACING if member in entry]
    if declared != TRACING or entry.get("kind") != TRACING_KIND:
        if said:
            errors[name] = f"{name}: {', '.join(said)} may be said of a tracing alone."
        return
    if entry.get("lead", "II") not in LEADS:
        errors[name] = f"{name}: lead must be one of {', '.join(LEADS)}."
    for member, (low, high) in _LENGTHS.items():
        value = entry.get(member, low)
        if isinstance(value, int | float) and not low <= value <= high:
            errors[name] = f"{name}: {member} must lie between {low} and {high}."
    if _both(entry, "shortest", "longest") and entry["shortest"] > entry["longest"]:
        errors[name] = f"{name}: shortest {entry['shortest']} is above longest {entry['longest']}."
    if "fixed" in entry or "options" in entry or "record" in entry:
        errors[name] = f"{name}: a tracing comes as a file; it is neither fixed nor chosen nor taken from the record."


def _both(entry: dict, low: str, high: str) -> bool:
    return all(isinstance(entry.get(member), int | float) for member in (low, high))
