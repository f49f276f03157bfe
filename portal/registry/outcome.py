"""What counts as the outcome of a version, as its overlay says: which later entry of the record, within how many days."""

from dataclasses import dataclass

from portal.core.problems import BadInput

KINDS = {"encounter": "classes", "condition": "codes", "observation": "codes", "death": ""}
_LABELS = {"encounter": "such a stay", "condition": "the diagnosis", "observation": "such a value", "death": "death"}
_MEMBERS = frozenset({"kind", "classes", "codes", "above", "below", "unit", "within_days", "label"})
MOST_DAYS = 3660


@dataclass(frozen=True)
class Rule:
    """One outcome: a stay of certain classes, a problem or a value under certain codes, or death."""

    kind: str
    codes: frozenset[str]
    within_days: int
    label: str
    above: float | None = None
    below: float | None = None
    unit: str = ""


def rule_of(overlay: dict) -> Rule | None:
    """The rule of an overlay; None where there is none, BadInput where it is not one."""
    said = overlay.get("outcome")
    if said is None:
        return None
    fault = "must be an object." if not isinstance(said, dict) else _fault(said)
    if fault:
        raise BadInput({"outcome": f"outcome {fault}"})
    codes = frozenset(said.get(KINDS[said["kind"]], ()))
    label = said.get("label") or _LABELS[said["kind"]]
    return Rule(
        said["kind"], codes, said["within_days"], label, said.get("above"), said.get("below"), said.get("unit", "")
    )


def _fault(said: dict) -> str:
    unknown = sorted(set(said) - _MEMBERS)
    if unknown:
        return f"has no member {', '.join(unknown)}. Allowed: {', '.join(sorted(_MEMBERS))}."
    if said.get("kind") not in KINDS:
        return f"needs a kind: {', '.join(KINDS)}."
    days, named = said.get("within_days"), KINDS[said["kind"]]
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        return f"needs within_days, from 1 to {MOST_DAYS}."
    if named and not _texts(said.get(named)):
        return f"needs {named}: a list of codes."
    limits = [said[name] for name in ("above", "below") if name in said]
    if any(isinstance(limit, bool) or not isinstance(limit, int | float) for limit in limits):
        return "above and below must be numbers."
    if said["kind"] == "observation" and not limits:
        return "of a value needs above or below."
    return (
        ""
        if all(isinstance(said.get(name, ""), str) for name in ("unit", "label"))
        else "unit and label must be texts."
    )


def _texts(found) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(code, str) for code in found)
