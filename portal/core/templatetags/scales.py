"""Where an answer stands: its bands with their limits, its likely range and what missing inputs could do, on one scale."""

from dataclasses import dataclass

from django import template

from portal.core import shares

register = template.Library()
_WIDE, _EDGE = 300, 10
# About how wide a letter of the labels is, and how near two of them may stand.
_LETTER, _GAP = 5.6, 6


@dataclass(frozen=True)
class _Line:
    first: float
    last: float

    def at(self, value: float) -> float:
        part = (value - self.first) / ((self.last - self.first) or 1)
        return round(_EDGE + min(1.0, max(0.0, part)) * (_WIDE - 2 * _EDGE), 1)


@register.inclusion_tag("_components/standing.html")
def standing(reading: dict, span: dict | None = None) -> dict:
    """A probability or a number among its bands; `span` is how far it may lie apart when what is missing were known."""
    number = reading["kind"] == "number"
    given = (reading.get("scale") or {}) if number else {"min": 0, "max": 1}
    if not given:
        return {}
    line = _Line(float(given["min"]), float(given["max"]))
    value = reading["value"] if number else reading["share"]
    bands = [_segment(band, line) for band in reading.get("bands") or []]
    say = shares.number if number else shares.threshold
    usual = given.get("usual")
    return {
        "bars": _bars(given.get("histogram") or []),
        "bands": bands,
        "usual": usual and _stretch(line, *usual),
        "range": _stretch(line, *reading["interval"]) if reading.get("interval") else None,
        "span": _stretch(line, span["low"], span["high"]) if span and span["low"] < span["high"] else None,
        "base": None if reading.get("base_rate") is None else line.at(reading["base_rate"]),
        "point": line.at(value),
        "ticks": _ticks(line, [band["upto"] for band in reading.get("bands") or []], say),
        "words": _words(reading, span, number, given),
        "number": number,
    }


@register.inclusion_tag("_components/share_bar.html")
def share_bar(point: dict) -> dict:
    """One possibility of several as a bar from nothing to all, with its interval."""
    line = _Line(0.0, 1.0)
    words = f"{point['label']}: {point.get('of_100') or point.get('count')} of 100"
    return {
        "wide": round(line.at(point["share"]) - _EDGE, 1),
        "range": _stretch(line, *point["interval"]) if point.get("interval") else None,
        "words": words + (f", likely {point['interval_text']}" if point.get("interval_text") else ""),
    }


def _stretch(line: _Line, low: float, high: float) -> dict:
    # A range too narrow to be seen is still drawn.
    first, last = line.at(low), line.at(high)
    return {"x": first, "last": last, "wide": max(2.0, round(last - first, 1))}


def _segment(band: dict, line: _Line) -> dict:
    first = line.first if band["from"] is None else band["from"]
    found = _stretch(line, first, band["upto"])
    fits = len(band["label"]) * _LETTER + _GAP < found["wide"]
    return found | {
        "label": band["label"] if fits else "",
        "middle": round(found["x"] + found["wide"] / 2, 1),
        "here": band["here"],
    }


def _ticks(line: _Line, limits: list[float], say) -> list[dict]:
    """The ends of the scale and the limits between; a limit goes before an end, and none is written over another."""
    inner = [(limit, "middle") for limit in limits if line.first < limit < line.last]
    found: list[dict] = []
    for value, anchor in (*inner, (line.first, "start"), (line.last, "end")):
        text = say(value)
        left = line.at(value) - {"start": 0, "middle": 0.5, "end": 1}[anchor] * len(text) * _LETTER
        right = left + len(text) * _LETTER
        if all(right + _GAP < other["left"] or left > other["right"] + _GAP for other in found):
            found.append({"x": line.at(value), "anchor": anchor, "text": text, "left": left, "right": right})
    return found


def _bars(counts: list) -> list[dict]:
    most, wide = max(counts, default=0) or 1, (_WIDE - 2 * _EDGE) / (len(counts) or 1)
    return [
        {"x": round(_EDGE + place * wide, 1), "y": round(40 - count / most * 36, 1), "wide": round(wide - 1, 1),
         "tall": round(count / most * 36, 1)}
        for place, count in enumerate(counts)
    ]  # fmt: skip


def _words(reading: dict, span: dict | None, number: bool, given: dict) -> str:
    if number:
        ends = [shares.number(float(given[end])) for end in ("min", "max")]
        words = f"{reading['shown']} on a scale from {ends[0]} to {ends[1]} {reading['unit']}".strip()
        likely = f", interval {reading['interval_text']}" if reading["interval"] else ""
        usual = given.get("usual")
        likely += f"; usual {shares.number(usual[0])} to {shares.number(usual[1])}" if usual else ""
    else:
        words = shares.about_of_100(reading["share"])
        likely = f", likely {reading['interval_text']}" if reading.get("interval") else ""
        base = reading.get("base_rate")
        likely += f"; {shares.of_100(base)} of 100 in the group it was trained on" if base is not None else ""
    here = next(
        (f", in the band {band['label']}, {band['limits']}" for band in reading.get("bands") or [] if band["here"]), ""
    )
    return words + here + likely + (f". {span['sentence']}" if span else "")
