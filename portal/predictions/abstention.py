"""When a model gives no number: too much of what it relies on is missing, or its interval is too wide to act on."""

from portal.core import shares
from portal.registry import conditions
from portal.registry.spec import Field, FormSpec

# The share of all weight that may be missing where a form names no limit of its own.
MOST_MISSING = 0.3


def most_missing(overlay: dict) -> float:
    """The share of all weight that may be missing before a model gives no number."""
    return _limits(overlay).get("missing_weight", MOST_MISSING)


def for_missing(form: FormSpec, overlay: dict, values: dict) -> dict | None:
    """The reading of a run that is not worth starting, None when enough is known; weights are shares of one."""
    # What is not asked for this patient is not missing.
    spared = conditions.hidden(form, values)
    gone = [
        field
        for field in form.fields
        if field.asked and field.weight and values.get(field.name) is None and field.name not in spared
    ]
    share = sum(field.weight for field in gone)
    most = most_missing(overlay)
    if shares.clean(share) <= most:
        return None
    heaviest = sorted(gone, key=lambda field: -field.weight)
    names = ", ".join(in_sentence(field) for field in heaviest)
    sentence = f"No number: {shares.beside(share, most)} of what this model relies on is missing ({names})."
    return _abstained("missing", sentence, "Fill in or measure what is missing, then run it again.")


def for_width(overlay: dict, reading: dict) -> dict | None:
    """The reading that stands for an answer too unsure to act on; None when its interval is narrow enough."""
    most, interval = _limits(overlay).get("interval_width"), reading.get("interval")
    if most is None or not interval or interval[1] - interval[0] <= most:
        return None
    sentence = "No number: for this patient the model is too unsure; its interval is wider than its reviewers allow."
    return _abstained("unsure", sentence, "Decide without this model.")


def in_sentence(field: Field) -> str:
    """A field's label within a sentence; abbreviations keep their capitals."""
    label = field.label
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _limits(overlay: dict) -> dict:
    return overlay.get("abstain", {})


def _abstained(why: str, sentence: str, then: str) -> dict:
    return {"kind": "abstained", "why": why, "sentence": sentence, "short": "No number", "then": then}
