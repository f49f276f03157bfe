"""Putting a model's numbers into words: absolute risk, natural frequency, interval and band (healthcare practice:
fixed denominator, at most two significant digits, “fewer than 1” and “more than 99” at the ends)."""

from collections.abc import Callable

from portal.core import shares
from portal.predictions import bands

# Two answers so near each other are not told apart.
CLOSE = 0.1
_ROUNDING = 1e-6


class NotReadable(ValueError):
    """The model's output lacks what its description promises, or is not a probability where it should be."""


def read(output: dict, columns: dict[str, list]) -> dict:
    """The reading of the first row: `kind`, `sentence`, `short` for lists, and what a page draws; plain JSON values."""
    reader = _READERS.get(output.get("kind", ""), _table)
    return reader(output, {name: values[0] for name, values in columns.items()})


def head_column(output: dict) -> str:
    """The column that the sentence is about; empty where no single column is."""
    if output.get("kind") == "survival":
        return _head(output["columns"])["column"]
    return output.get("column", "") if output.get("kind") in ("risk", "number") else ""


def _risk(output: dict, row: dict) -> dict:
    risk = _share(row, output["column"])
    horizon = f" {output['horizon']}" if output.get("horizon") else ""
    outcome = output.get("outcome", "have the outcome")
    base = output.get("base_rate")
    interval = _interval(output, row)
    return (
        _in_words(risk, interval)
        | {
            "kind": "risk",
            "sentence": f"{shares.about_of_100(risk)} patients like this one {outcome}{horizon}.",
            "short": shares.percent(risk),
            "interval_note": output.get("interval_note", ""),
            "interval_plain": output.get("interval_plain", ""),
            "outcome": outcome,
            "horizon": output.get("horizon", ""),
            "base_rate": base,
            "base_rate_text": "" if base is None else shares.percent(base),
            "base_rate_note": output.get("base_rate_note", ""),
        }
        | bands.of_share(output, risk, interval)
    )


def _survival(output: dict, row: dict) -> dict:
    points = [_point(column, row) for column in output["columns"]]
    shown = [point["share"] for point in points]
    if any(later > earlier + _ROUNDING for earlier, later in zip(shown, shown[1:], strict=False)):
        raise NotReadable("more are left later than earlier")
    head = _head(points)
    outcome = output.get("outcome", "are without the event")
    words = {name: head[name] for name in _in_words(0, None)}
    return words | {
        "kind": "survival",
        "sentence": f"{shares.about_of_100(head['share'])} patients like this one {outcome} at {head['label']}.",
        "short": f"{head['percent']} at {head['label']}",
        "points": points,
        "interval_note": output.get("interval_note", ""),
        "interval_plain": output.get("interval_plain", ""),
        "outcome": f"{outcome} at {head['label']}",
        "horizon": f"at {head['label']}",
    }


def _head(points: list) -> dict:
    return points[len(points) // 2]


def _classes(output: dict, row: dict) -> dict:
    given = [_point(column, row) for column in output["columns"]]
    if abs(sum(point["share"] for point in given) - 1) > 0.02:
        raise NotReadable("the classes do not add up to one")
    falling = sorted(given, key=lambda point: -point["share"])
    first, second = falling[0], falling[1] if len(falling) > 1 else None
    close = second is not None and first["share"] - second["share"] < CLOSE
    # Grades keep the order that they have among themselves; the likeliest is marked where it stands.
    points = [
        point | {"likeliest": point is first and not close} for point in (given if output.get("ordered") else falling)
    ]
    judged = f"Too close to call between {first['label']} and {second['label']}." if close else ""
    short = f"{first['label']} or {second['label']}" if close else f"most likely {first['label']}"
    return {
        "kind": "classes",
        "sentence": " ".join(filter(None, (_shared_out(output, points), judged))),
        "short": short,
        "points": points,
        "close": close,
        "ordered": bool(output.get("ordered")),
        "question": output.get("label", ""),
        "interval_note": output.get("interval_note", ""),
        "interval_plain": output.get("interval_plain", ""),
    }


def _shared_out(output: dict, points: list[dict]) -> str:
    words = {column["label"]: column.get("said") for column in output["columns"]}
    parts = [f"{point['of_100']} {words[point['label']] or point['label']}" for point in points]
    if all(words.values()) and len(parts) > 1:
        return f"Of 100 patients like this one, about {', '.join(parts[:-1])} and {parts[-1]}."
    return f"Of 100 patients like this one, about: {', '.join(parts)}."


def _point(column: dict, row: dict) -> dict:
    found = {"label": column["label"]} | _in_words(_share(row, column["column"]), _interval(column, row))
    return found | ({"at": column["at"]} if "at" in column else {})


def _in_words(share: float, interval: list[float] | None) -> dict:
    return {
        "share": share,
        "percent": shares.percent(share),
        "count": shares.count(share),
        "of_100": shares.of_100(share),
        "rest": shares.rest_of_100(share),
        "interval": interval,
        "interval_text": shares.between(*interval) if interval else "",
    }


def _number(output: dict, row: dict) -> dict:
    value = _value(row, output["column"])
    label, unit = output.get("label", "Result"), output.get("unit", "")
    interval = _interval(output, row, _value)
    shown = f"{shares.number(value)} {unit}".strip()
    return {
        "kind": "number",
        "sentence": f"{label}: about {shown}.",
        "short": shown,
        "value": value,
        "shown": shown,
        "unit": unit,
        "label": label,
        "interval": interval,
        "interval_text": f"{shares.between(*interval, said=shares.number)} {unit}".strip() if interval else "",
        "interval_note": output.get("interval_note", ""),
        "interval_plain": output.get("interval_plain", ""),
        "scale": output.get("scale"),
    } | bands.of_number(output, value, unit, interval)


def _table(output: dict, row: dict) -> dict:
    numbers = [{"label": name, "value": value, "shown": _plain(value)} for name, value in row.items()]
    words = ", ".join(f"{item['label']} {item['shown']}" for item in numbers)
    return {"kind": "table", "sentence": f"The model answers: {words}.", "short": words[:60], "numbers": numbers}


def _signal(output: dict, row: dict) -> dict:
    from portal.predictions import rhythm  # which says it with the words of this module

    return rhythm.read(output, row)


_READERS: dict[str, Callable[[dict, dict], dict]] = {
    "risk": _risk,
    "survival": _survival,
    "number": _number,
    "classes": _classes,
    "signal": _signal,
}


def _value(row: dict, column: str) -> float:
    value = row.get(column)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotReadable(f"the output has no number “{column}”")
    return float(value)


def _share(row: dict, column: str) -> float:
    value = _value(row, column)
    if not -_ROUNDING <= value <= 1 + _ROUNDING:
        raise NotReadable(f"“{column}” is not a probability")
    return min(1.0, max(0.0, value))


def _interval(output: dict, row: dict, reader: Callable = _share) -> list[float] | None:
    if not output.get("lower") or not output.get("upper"):
        return None
    low, high = reader(row, output["lower"]), reader(row, output["upper"])
    if low > high + _ROUNDING * max(1, abs(high)):
        raise NotReadable("the interval ends below its beginning")
    return [low, high]


def _plain(value) -> str:
    return shares.number(value, 4) if isinstance(value, float) else str(value)
