"""What the numbers of a signature can hold: a value beyond it would reach the model as another one."""

WHOLE = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
LARGEST = {"float": 3.4028234663852886e38, "double": 1.7976931348623157e308}
SMALLEST = {"float": 1.1754943508222875e-38, "double": 2.2250738585072014e-308}
# Up to here every whole number has a value of its own.
EXACT = {"float": 2**24, "double": 2**53}


def fault(kind: str, number: float, *, whole: bool) -> str:
    """Why a number cannot be held by a column of this type, as a sentence without its subject; empty when it can."""
    if kind in WHOLE:
        low, high = WHOLE[kind]
        return "" if low <= number <= high else f"is beyond what the model can take: {_said(low)} to {_said(high)}."
    if abs(number) > LARGEST[kind]:
        return "is too large for the model."
    if 0 < abs(number) < SMALLEST[kind]:
        return "is too small for the model; it would take it for 0."
    if whole and abs(number) > EXACT[kind]:
        return f"is beyond {_said(EXACT[kind])}, from where the model no longer counts exactly."
    return ""


def _said(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f").replace("-", "−")
