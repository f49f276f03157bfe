"""What counts as the outcome of a version, as its overlay says: which later entry of the record, within how many days."""

import math
from dataclasses import dataclass

from portal.core.problems import BadInput

KINDS = {"encounter": "classes", "condition": "codes", "observation": "codes", "death": ""}
_LABELS = {"encounter": "such a stay", "condition": "the diagnosis", "observation": "such a value", "death": "death"}
_MEMBERS = frozenset({"kind", "classes", "codes", "above", "below", "unit", "within_days", "label", "or_death"})
MOST_DAYS, LABEL_LIMIT = 3660, 80


@dataclass(frozen=True)
class Rule:
    """One outcome: a stay of certain classes, a problem or a value under certain codes (or death, if it says so), or death."""

    kind: str
    codes: frozenset[str]
    within_days: int
    label: str
    above: float | None = None
    below: float | None = None
    unit: str = ""
    or_death: bool = False


def rule_of(overlay: dict) -> Rule | None:
    """The rule of an overlay; None where there is none, BadInput where it is not one."""
    said, wrong = overlay.get("outcome"), fault(overlay)
    if wrong:
        raise BadInput({"outcome": f"outcome {wrong}"})
    if said is None:
        return None
    codes = frozenset(said.get(KINDS[said["kind"]], ()))
    label = said.get("label") or _LABELS[said["kind"]]
    limits = said.get("above"), said.get("below"), said.get("unit", "")
    return Rule(said["kind"], codes, said["within_days"], label, *limits, said.get("or_death", False))


def fault(overlay: dict) -> str:
    """What is wrong with an overlay's outcome, as a sentence that begins with its name; empty when nothing is."""
    said = overlay.get("outcome")
    if said is None:
        return ""
    return _fault(said) if isinstance(said, dict) else "must be an object."


def _fault(said: dict) -> str:
    unknown = sorted(set(said) - _MEMBERS)
    if unknown:
        return f"has no member {', '.join(unknown)}. Allowed: {', '.join(sorted(_MEMBERS))}."
    if not isinstance(said.get("kind"), str) or said["kind"] not in KINDS:
        return f"needs a kind: {', '.join(KINDS)}."
    days, named = said.get("within_days"), KINDS[said["kind"]]
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        return f"needs within_days, a whole number from 1 to {MOST_DAYS}."
    if named and not _texts(said.get(named)):
        return f"needs {named}: a list of codes, at least one."
    stray = sorted({"classes", "codes"} & set(said) - {named})
    if stray:
        return f"of kind {said['kind']} has no {stray[0]}{f': name its {named}' if named else ''}."
    return _limits(said) or _words(said)


def _limits(said: dict) -> str:
    limits = {name: said[name] for name in ("above", "below") if name in said}
    if said["kind"] != "observation":
        stray = [*limits, *(["unit"] if "unit" in said else [])]
        return f"has {stray[0]}, which only an observation has." if stray else ""
    if any(isinstance(limit, bool) or not isinstance(limit, int | float) for limit in limits.values()):
        return "above and below must be numbers."
    if not all(math.isfinite(limit) for limit in limits.values()):
        return "above and below must be numbers."
    if not limits:
        return "of a value needs above or below."
    return (
        "has above not below its below: no value could lie there."
        if len(limits) == 2 and limits["above"] >= limits["below"]
        else ""
    )


def _words(said: dict) -> str:
    if not all(isinstance(said.get(name, ""), str) for name in ("unit", "label")):
        return "unit and label must be texts."
    if len(said.get("label", "")) > LABEL_LIMIT:
        return f"label must be at most {LABEL_LIMIT} characters: it stands within sentences."
    return "" if isinstance(said.get("or_death", False), bool) else "or_death must be true or false."


def _texts(found) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(code, str) and code for code in found)
