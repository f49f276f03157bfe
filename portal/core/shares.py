"""Numbers in words: shares of a hundred and percents, capped at both ends, and measured values without exponents.

One rounding for all of them, half up, so that a sentence, its percent and its picture never disagree.
"""

from decimal import ROUND_HALF_UP, Decimal
from math import floor, log10

FEW, MOST = 0.01, 0.99


def clean(share: float) -> float:
    """A probability without the last digits that single precision leaves behind (0.99 stored as 0.9900000095)."""
    return round(min(1.0, max(0.0, share)), 6)


def count(share: float) -> int:
    """Of a hundred: 0 below one in a hundred, 100 above ninety-nine."""
    share = clean(share)
    if share < FEW:
        return 0
    return 100 if share > MOST else int((Decimal(str(share)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def of_100(share: float) -> str:
    """Of a hundred, in words: “fewer than 1”, “17”, “more than 99”."""
    return _capped(count(share))


def rest_of_100(share: float) -> str:
    """What is left of the hundred, in the same words."""
    return _capped(100 - count(share))


def about_of_100(share: float) -> str:
    """The beginning of a sentence: “About 17 of 100”."""
    found = count(share)
    return f"About {found} of 100" if 0 < found < 100 else f"{_capped(found).capitalize()} of 100"


def percent(share: float) -> str:
    """A probability in percent: “< 1 %”, “17 %”, “> 99 %”."""
    found = count(share)
    return {0: "< 1 %", 100: "> 99 %"}.get(found, f"{found} %")


def beside(share: float, limit: float) -> str:
    """A share in percent with as many places as it takes to read on the side of a limit on which it lies."""
    exact, over = Decimal(str(clean(share))) * 100, clean(share) > limit
    for places in range(5):
        found = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if (found > Decimal(str(limit)) * 100) == over:
            return f"{found} %"
    return f"{exact} %"


def threshold(share: float) -> str:
    """A limit as it was set, in percent with at most two significant digits."""
    return f"{number(share * 100, 2)} %"


def between(low: float, high: float, said=of_100) -> str:
    """A range in words; one value when both ends read the same."""
    first, last = said(low), said(high)
    return f"about {first}" if first == last else f"between {first} and {last}"


def number(value: float, digits: int = 3) -> str:
    """A measured value with so many significant digits, never an exponent, whole numbers whole."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _capped(found: int) -> str:
    return {0: "fewer than 1", 100: "more than 99"}.get(found, str(found))
