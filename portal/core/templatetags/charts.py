"""Pictures drawn on the server as SVG: no script, no inline style, readable in grey, each with its words."""

from django import template

register = template.Library()
_STEP, _RADIUS, _WIDE = 20, 7, 300


@register.inclusion_tag("_components/icon_array.html")
def icon_array(count: int, words: str) -> dict:
    """A hundred circles, `count` of them filled; filled and hollow differ in shape, not in colour alone."""
    dots = [{"x": 10 + place % 10 * _STEP, "y": 10 + place // 10 * _STEP, "on": place < count} for place in range(100)]
    return {"dots": dots, "radius": _RADIUS, "words": words, "count": count}


@register.inclusion_tag("_components/interval.html")
def interval(share: float, bounds=None, base=None) -> dict:
    """A probability on a line from 0 to 100 %, with its interval and the base rate where there are any."""
    low, high = bounds or (share, share)
    return {
        "point": _place(share), "low": _place(low), "high": _place(high), "base": None if base is None else _place(base),
        "bounded": bool(bounds), "words": _words(share, bounds, base),
    }  # fmt: skip


@register.inclusion_tag("_components/reliability.html")
def reliability(local, held=()) -> dict:
    """Predicted against observed shares: on the line is right, above it the risk is higher than predicted.

    Discs with their intervals are this hospital's, squares are held-out rows; both stand in the table beside it.
    """
    return {
        "local": [_dot(item) for item in local if item.told and item.predicted is not None],
        "held": [_dot(item) for item in held if item.predicted is not None],
        "ticks": [{"at": _across(share), "up": _up(share), "words": f"{share * 100:.0f} %"} for share in (0, 0.5, 1)],
    }  # fmt: skip


def _dot(item) -> dict:
    return {"x": _across(item.predicted), "y": _up(item.value), "low": _up(item.low), "high": _up(item.high)}


def _across(share: float) -> float:
    return round(64 + share * 230, 1)


def _up(share: float) -> float:
    return round(248 - share * 230, 1)


def _place(share: float) -> float:
    return round(10 + share * (_WIDE - 20), 1)


def _words(share: float, bounds, base) -> str:
    words = f"{share * 100:.0f} percent"
    words += f", between {bounds[0] * 100:.0f} and {bounds[1] * 100:.0f} percent" if bounds else ""
    return words + (f"; {base * 100:.0f} percent in the group it was trained on" if base is not None else "")
