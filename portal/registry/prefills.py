"""Checking what an overlay says about where a field is filled from: `record`, one of a few kinds of facts."""

MOST_DAYS = 36_500
# What each kind needs, and what it may say beside it.
KINDS = {
    "age": ((), ()),
    "sex": ((), ("map",)),
    "observation": (("codes",), ("within_days", "stale_days")),
    "condition": (("codes",), ("map",)),
    "encounters": ((), ("within_days",)),
}


def fault(record) -> str:
    """What does not fit, as a sentence without its subject; empty when all fits."""
    if record is None:
        return ""
    if not isinstance(record, dict) or record.get("kind") not in list(KINDS):
        return f"must be an object with a kind: {', '.join(KINDS)}."
    needed, allowed = KINDS[record["kind"]]
    unknown = sorted(set(record) - {"kind", *needed, *allowed})
    if unknown:
        return f"of kind {record['kind']} has no member {', '.join(unknown)}. Allowed: {', '.join(('kind', *needed, *allowed))}."
    if needed and not _codes(record.get("codes")):
        return "needs codes: a list of codes, at least one."
    if not isinstance(record.get("map", {}), dict):
        return "has a map that is no object."
    if not all(isinstance(value, str | int | float) for value in record.get("map", {}).values()):
        return "has a map to something else than texts, numbers, true and false."
    if record["kind"] == "condition" and "map" in record and set(record["map"]) != {"yes", "no"}:
        return "needs yes and no in its map, and nothing else."
    wrong = [name for name in ("within_days", "stale_days") if name in record and not _days(record[name])]
    return f"needs {wrong[0]} to be a whole number of days from 1 to {MOST_DAYS}." if wrong else ""


def _codes(found) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(code, str) and code for code in found)


def _days(found) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= MOST_DAYS
