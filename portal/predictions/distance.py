"""How far a patient lies from the training data: inputs outside what was seen, and all of them jointly.

The joint measure is the Mahalanobis distance, told as the share of training patients that lie nearer.
"""

from bisect import bisect_right

# From here on the sentence is shown as a warning.
FAR = 95


def of(described: dict | None, values: dict, outside: int) -> dict:
    """Words on the distance; `rank` is the percentage of training patients that lie nearer, None when unknown."""
    known = sum(value is not None for value in values.values())
    sentence = f"{outside} of {known} known inputs lie outside the range of the training data." if outside else ""
    rank = _rank(described, values) if described else None
    return {
        "outside": outside,
        "known": known,
        "sentence": sentence,
        "rank": rank,
        "far": rank is not None and rank >= FAR,
        "rank_sentence": "" if rank is None else _words(rank),
    }


def _words(rank: int) -> str:
    if rank:
        return f"Taken together, further from the middle of the training data than {rank} % of its patients."
    return "Taken together, as near to the middle of the training data as any of its patients."


def _rank(described: dict, values: dict) -> int | None:
    given = [values.get(name) for name in described["inputs"]]
    if sum(_is_number(value) for value in given) * 2 < len(given):
        return None
    # An input that is not known stands at the mean: it makes nobody look strange.
    apart = [value - mean if _is_number(value) else 0.0 for value, mean in zip(given, described["mean"], strict=True)]
    square = sum(
        one * sum(weight * other for weight, other in zip(row, apart, strict=True))
        for one, row in zip(apart, described["precision"], strict=True)
    )
    return bisect_right(described["percentiles"], square)


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
