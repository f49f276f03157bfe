"""Pictures drawn on the server as SVG: no script, no inline style, readable in grey, each with its words."""

from django import template

from portal.core import shares

register = template.Library()
_STEP, _RADIUS, _WIDE, _EDGE = 20, 7, 300, 10
_TALL = 150


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


@register.inclusion_tag("_components/course.html")
def course(points: list[dict]) -> dict:
    """Shares over time with their intervals; from everybody at the beginning to the last time that is known."""
    timed = all("at" in point for point in points)
    times = [float(point["at"]) if timed else place + 1 for place, point in enumerate(points)]
    last = max(times) or 1
    marks = [_mark(point, time / last) for point, time in zip(points, times, strict=True)]
    line = " ".join(f"{mark['x']},{mark['y']}" for mark in [{"x": _later(0), "y": _height(1)}, *marks])
    words = "; ".join(f"{point['label']}: {point['of_100']} of 100" for point in points)
    return {"marks": marks, "line": line, "words": words, "levels": [_level(share) for share in (0, 0.5, 1)]}


@register.inclusion_tag("_components/parts.html")
def parts(account: dict, most: int = 8) -> dict:
    """What moved the answer, the strongest first: a bar to the right for more, to the left for less."""
    rows = account["rows"]
    widest = max((abs(row["amount"]) for row in rows), default=0) or 1
    shown = [row | _bar(row["amount"], widest) for row in rows[:most] if row["amount"]]
    return {"rows": shown, "account": account, "others": len(rows) - len(shown)}


def _bar(amount: float, widest: float) -> dict:
    length = round(abs(amount) / widest * 95, 1)
    return {"x": 100 if amount > 0 else round(100 - length, 1), "length": length, "up": amount > 0}


def _mark(point: dict, part: float) -> dict:
    low, high = point.get("interval") or (None, None)
    return {
        "x": _later(part), "y": _height(point["share"]), "label": point["label"], "bounded": low is not None,
        "low": None if low is None else _height(low), "high": None if high is None else _height(high),
    }  # fmt: skip


def _level(share: float) -> dict:
    return {"y": _height(share), "text": _height(share) + 4, "words": f"{round(share * 100)} %"}


def _later(part: float) -> float:
    return round(44 + part * (_WIDE - 64), 1)


def _height(share: float) -> float:
    return round(10 + (1 - share) * (_TALL - 20), 1)


def _place(share: float) -> float:
    return round(_EDGE + share * (_WIDE - 2 * _EDGE), 1)


def _words(share: float, bounds, base) -> str:
    words = shares.about_of_100(share)
    words += f", likely {shares.between(*bounds)}" if bounds else ""
    return words + (f"; {shares.of_100(base)} of 100 in the group it was trained on" if base is not None else "")


@register.filter
def signed(amount: float) -> str:
    """An amount with its sign and two significant digits."""
    return f"{'+' if amount > 0 else '−'}{shares.number(abs(amount), 2)}"
