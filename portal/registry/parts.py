"""Checking the parts of an overlay that decide how an answer is read: output, weights, contributions, eligibility.

Each finding is a sentence that names the member and what is allowed there.
"""

from itertools import pairwise

from portal.registry import calibrations, outcome, prefills

# What a kind cannot be read without; a table describes itself.
KINDS = {
    "risk": ("column",), "number": ("column",), "survival": ("columns",), "classes": ("columns",), "table": (),
    "signal": ("column", "rate"),
}  # fmt: skip
LINKS = ("logit", "identity", "log-hazard")
_ACCOUNT = ("method", "link", "base")
_FEATURE = ("label", "column", "value", "unit")
_RULE = ("input", "record", "condition", "min", "max", "in", "sentence", "action")
_LONGEST_SOURCE = 200
_ABSTAIN = ("missing_weight", "interval_width")
# A note beside a contribution is read between two patients.
NOTE_LIMIT = 400


def check(overlay: dict, facts: dict) -> dict[str, str]:
    """What does not fit, by part; empty when all fits."""
    inputs = {given["name"] for given in facts["inputs"]}
    outputs = {given["name"] for given in facts.get("outputs", ())}
    outputs = set() if "" in outputs else outputs
    found = {
        "output": _output(overlay.get("output", {}), outputs),
        "contributions": _account(overlay.get("output", {}), inputs, outputs),
        "weights": _weights(overlay.get("inputs", {})),
        "direction_note": _notes(overlay),
        "record": _prefills(overlay),
        "eligibility": _eligibility(overlay.get("eligibility", []), inputs),
        "abstain": _abstain(overlay.get("abstain", {})),
        "outcome": outcome.fault(overlay),
        "calibration": calibrations.fault(overlay.get("calibration")),
        "stale_after_days": _days(overlay.get("stale_after_days", 30)),
        "training": _distance(overlay.get("training", {}), inputs),
    }
    return {part: f"{part}: {sentence}" for part, sentence in found.items() if sentence}


def _output(output, outputs: set[str]) -> str:
    if not isinstance(output, dict):
        return "must be an object with a kind and its columns."
    kind = output.get("kind", "table")
    if kind not in KINDS:
        return f"kind “{kind}” is not known. Allowed: {', '.join(KINDS)}."
    needed = [name for name in KINDS[kind] if not output.get(name)]
    if needed:
        return f"kind {kind} needs {', '.join(needed)}."
    columns = output.get("columns", [])
    if not isinstance(columns, list) or not all(column.get("label") and column.get("column") for column in columns):
        return "columns must be a list of objects, each with column and label."
    return _unknown_columns(output, columns, outputs) or _order(output, columns) or _limits(output)


def _order(output: dict, columns: list) -> str:
    if not isinstance(output.get("ordered", False), bool):
        return "ordered must be true or false."
    if output.get("ordered") and output.get("kind") != "classes":
        return "ordered is for kind classes: it keeps the columns in the order in which they are given."
    if any(not isinstance(column.get("said", ""), str) for column in columns):
        return "said must be a text: the words for the sentence, such as “have no disease”."
    return ""


def _unknown_columns(output: dict, columns: list, outputs: set[str]) -> str:
    own = ("rate", "peaks", "beats", "abstain") if output.get("kind") == "signal" else ()
    named = [part.get(name) for part in (output, *columns) for name in ("column", "lower", "upper", *own)]
    named += [column.get("column", "") for column in columns]
    wrong = sorted({str(name) for name in named if name is not None and name not in outputs})
    if outputs and wrong:
        return f"the model gives no column {', '.join(wrong)}. It gives: {', '.join(sorted(outputs))}."
    return ""


def _limits(output: dict) -> str:
    base, scale, bands = output.get("base_rate"), output.get("scale"), output.get("bands", [])
    if base is not None and not (_is_number(base) and 0 <= base <= 1):
        return "base_rate must be a number from 0 to 1."
    if not all(isinstance(band, dict) and band.get("label") and _is_number(band.get("upto")) for band in bands):
        return "bands must be a list of objects, each with label and upto (a number)."
    if any(later["upto"] <= earlier["upto"] for earlier, later in pairwise(bands)):
        return "bands must rise: each upto above the one before."
    return _source(output, bands) or _scale(scale)


def _source(output: dict, bands: list) -> str:
    """Who set the limits of the bands and where that is written: one line, and only beside bands."""
    source = output.get("bands_source")
    if source is None:
        return ""
    if not bands:
        return "bands_source needs bands."
    fits = isinstance(source, str) and source.strip() and source.isprintable() and len(source) <= _LONGEST_SOURCE
    return (
        ""
        if fits
        else f"bands_source must be one line of at most {_LONGEST_SOURCE} characters, who set the limits and where."
    )


def _scale(scale) -> str:
    if scale is not None and not (
        _is_number(scale.get("min")) and _is_number(scale.get("max")) and scale["min"] < scale["max"]
    ):
        return "scale needs min below max, both numbers."
    usual = None if scale is None else scale.get("usual")
    if usual is None:
        return ""
    fits = isinstance(usual, list) and len(usual) == 2 and all(map(_is_number, usual))
    if not fits or not scale["min"] <= usual[0] < usual[1] <= scale["max"]:
        return "scale usual must be a lower and a higher number within min and max."
    return ""


def _account(output, inputs: set[str], outputs: set[str]) -> str:
    account = output.get("contributions") if isinstance(output, dict) else None
    if account is None:
        return ""
    given = account if isinstance(account, dict) else {}
    needed = [name for name in _ACCOUNT if not given.get(name)]
    needed += [] if given.get("features") or given.get("columns") else ["columns"]
    if needed:
        return f"needs {', '.join(needed)}."
    if account["link"] not in LINKS:
        return f"link “{account['link']}” is not known. Allowed: {', '.join(LINKS)}."
    columns, features = account.get("columns", {}), account.get("features", {})
    if not isinstance(columns, dict) or set(columns) - inputs:
        return f"columns must name a column for each input. The inputs are: {', '.join(sorted(inputs))}."
    wrong = _features(features, inputs)
    return wrong or _unknown_parts(account, columns, features, outputs)


def _features(features, inputs: set[str]) -> str:
    if not isinstance(features, dict):
        return "features must be an object, each with label and column."
    for name, said in features.items():
        if not isinstance(said, dict) or not said.get("label") or not said.get("column") or set(said) - set(_FEATURE):
            return f"feature {name} needs label and column. Allowed: {', '.join(_FEATURE)}."
        if not all(isinstance(text, str) for text in said.values()):
            return f"feature {name}: {', '.join(_FEATURE)} must be texts."
        if name in inputs:
            return f"feature {name} is an input; name its column in columns."
    return ""


def _unknown_parts(account: dict, columns: dict, features: dict, outputs: set[str]) -> str:
    told = [said[member] for said in features.values() for member in ("column", "value") if member in said]
    named = {account["base"], account.get("of", account["base"]), *columns.values(), *told}
    wrong = sorted(named - outputs)
    if outputs and wrong:
        return f"the model gives no column {', '.join(wrong)}. It gives: {', '.join(sorted(outputs))}."
    return ""


def _weights(entries: dict) -> str:
    weights = {name: entry["weight"] for name, entry in entries.items() if "weight" in entry}
    wrong = sorted(name for name, weight in weights.items() if not (_is_number(weight) and 0 <= weight <= 1))
    if wrong:
        return f"the weight of {', '.join(wrong)} must be a number from 0 to 1, its share of the whole."
    total = sum(weights.values())
    if total > 1.01:
        return f"they add up to {total:.2f}; they are shares of the whole, so at most 1 together."
    filled = [name for name, entry in entries.items() if "imputed" in entry and not _is_filling(entry["imputed"])]
    return f"imputed of {', '.join(sorted(filled))} needs a method in words." if filled else ""


def _notes(overlay: dict) -> str:
    """A note beside an input's contribution; one that no page would ever show is a mistake too."""
    notes = {name: entry["direction_note"] for name, entry in _entries(overlay) if "direction_note" in entry}
    wrong = sorted(
        name for name, note in notes.items() if not (isinstance(note, str) and 0 < len(note.strip()) <= NOTE_LIMIT)
    )
    if wrong:
        return f"that of {', '.join(wrong)} must be a text of 1 to {NOTE_LIMIT} characters."
    output = overlay.get("output", {})
    account = output.get("contributions") if isinstance(output, dict) else None
    told = account.get("columns") if isinstance(account, dict) else None
    unseen = sorted(set(notes) - set(told if isinstance(told, dict) else ()))
    if unseen:
        return f"{', '.join(unseen)} has no column in output.contributions, so nobody would see the note."
    return ""


def _prefills(overlay: dict) -> str:
    faults = ((name, prefills.fault(entry.get("record"))) for name, entry in _entries(overlay))
    return next((f"that of {name} {fault}" for name, fault in faults if fault), "")


def _entries(overlay: dict) -> list[tuple[str, dict]]:
    found = overlay.get("inputs", {})
    return (
        [(name, entry) for name, entry in found.items() if isinstance(entry, dict)] if isinstance(found, dict) else []
    )


def _is_filling(imputed) -> bool:
    return isinstance(imputed, dict) and isinstance(imputed.get("method"), str) and bool(imputed["method"])


def _eligibility(rules, inputs: set[str]) -> str:
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        return "must be a list of rules."
    return next((f"rule {place}: {wrong}" for place, rule in enumerate(rules, 1) if (wrong := _rule(rule, inputs))), "")


def _rule(rule: dict, inputs: set[str]) -> str:
    unknown = sorted(set(rule) - set(_RULE))
    if unknown:
        return f"no such member {', '.join(unknown)}. Allowed: {', '.join(_RULE)}."
    if len({"input", "record", "condition"} & set(rule)) != 1:
        return "needs one of input, record and condition: the fact that it is about."
    wrong = _problem(rule) if "condition" in rule else _bounds(rule, inputs)
    if wrong:
        return wrong
    if rule.get("action", "refuse") not in ("refuse", "mark"):
        return f"action “{rule['action']}” is not known. Allowed: refuse, mark."
    return "" if rule.get("sentence") else "needs a sentence that says whom the model is for."


def _problem(rule: dict) -> str:
    codes = rule["condition"]
    if not (isinstance(codes, list) and codes and all(isinstance(code, str) and code for code in codes)):
        return "condition must be a list of codes of the problem list, at least one."
    bounded = {"min", "max", "in"} & set(rule)
    return "condition has no bounds: the problem is on the list or not." if bounded else ""


def _bounds(rule: dict, inputs: set[str]) -> str:
    if "input" in rule and rule["input"] not in inputs:
        return f"the model has no input “{rule['input']}”. It has: {', '.join(sorted(inputs))}."
    if "record" in rule and rule["record"] not in ("age", "sex"):
        return f"record “{rule['record']}” is not known. Allowed: age, sex."
    return "" if {"min", "max", "in"} & set(rule) else "needs min, max or in."


def _abstain(limits) -> str:
    if not isinstance(limits, dict) or set(limits) - set(_ABSTAIN):
        return f"must be an object. Allowed members: {', '.join(_ABSTAIN)}."
    missing, width = limits.get("missing_weight", 0), limits.get("interval_width", 1)
    if not (_is_number(missing) and 0 <= missing <= 1):
        return "missing_weight must be a number from 0 to 1."
    return "" if _is_number(width) and width > 0 else "interval_width must be a number above 0."


def _days(days) -> str:
    fits = isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= 3650
    return "" if fits else "must be a whole number of days from 1 to 3650."


def _distance(training, inputs: set[str]) -> str:
    described = training.get("distance") if isinstance(training, dict) else None
    if described is None:
        return ""
    names, size = described.get("inputs", []), len(described.get("inputs", []))
    if not names or set(names) - inputs:
        return f"distance must name inputs of the model. They are: {', '.join(sorted(inputs))}."
    rows = described.get("precision", [])
    if len(described.get("mean", [])) != size or len(rows) != size or any(len(row) != size for row in rows):
        return f"distance needs a mean and a square precision for its {size} inputs."
    nearer = described.get("percentiles", [])
    rising = len(nearer) == 99 and list(nearer) == sorted(nearer)
    return "" if rising else "distance needs 99 rising percentiles, the 1st to the 99th."


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
