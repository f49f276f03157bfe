"""Putting a model's numbers into words: absolute risk, natural frequency, interval and band (healthcare practice:
fixed denominator, at most two significant digits, “fewer than 1” and “more than 99” at the ends)."""

from collections.abc import Callable


class NotReadable(ValueError):
    """The model's output lacks what its description promises, or is not a probability where it should be."""


def read(output: dict, columns: dict[str, list]) -> dict:
    """The reading of one row: `kind`, `sentence`, and the numbers a page draws; plain JSON values."""
    reader = _READERS.get(output.get("kind", ""), _table)
    return reader(output, {name: values[0] for name, values in columns.items()})


def out_of_100(share: float) -> str:
    """A probability as a natural frequency, in words."""
    if share < 0.01:
        return "Fewer than 1 of 100"
    if share > 0.99:
        return "More than 99 of 100"
    return f"About {round(share * 100)} of 100"


def percent(share: float) -> str:
    """A probability in percent with at most two significant digits."""
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{share * 100:.0f} %"


def _risk(output: dict, row: dict) -> dict:
    risk = _share(row, output["column"])
    horizon = f" {output['horizon']}" if output.get("horizon") else ""
    outcome = output.get("outcome", "have the outcome")
    return {
        "kind": "risk",
        "sentence": f"{out_of_100(risk)} patients like this one {outcome}{horizon}.",
        "share": risk,
        "percent": percent(risk),
        "count": _count(risk),
        "interval": _interval(output, row),
        "outcome": outcome,
        "horizon": output.get("horizon", ""),
        "base_rate": output.get("base_rate"),
        "base_rate_note": output.get("base_rate_note", ""),
        "band": _band(output.get("bands", ()), risk),
    }


def _survival(output: dict, row: dict) -> dict:
    points = [_point(column, row) for column in output["columns"]]
    head = points[len(points) // 2]
    outcome = output.get("outcome", "are without the event")
    sentence = f"{out_of_100(head['share'])} patients like this one {outcome} at {head['label']}."
    return {
        "kind": "survival",
        "sentence": sentence,
        "points": points,
        "share": head["share"],
        "percent": head["percent"],
        "count": head["count"],
        "interval": head["interval"],
        "outcome": outcome,
        "horizon": f"at {head['label']}",
    }


def _point(column: dict, row: dict) -> dict:
    share = _share(row, column["column"])
    return {
        "label": column["label"],
        "share": share,
        "percent": percent(share),
        "count": _count(share),
        "interval": _interval(column, row),
    }


def _number(output: dict, row: dict) -> dict:
    value = _value(row, output["column"])
    label, unit = output.get("label", "Result"), output.get("unit", "")
    shown = f"{value:.3g} {unit}".strip()
    return {"kind": "number", "sentence": f"{label}: {shown}.", "value": value, "unit": unit, "label": label,
            "interval": _interval(output, row, _value)}  # fmt: skip


def _classes(output: dict, row: dict) -> dict:
    points = sorted((_point(column, row) for column in output["columns"]), key=lambda point: -point["share"])
    head = points[0]
    return {"kind": "classes", "sentence": f"Most likely: {head['label']} ({head['percent']}).", "points": points}


def _table(output: dict, row: dict) -> dict:
    numbers = [{"label": name, "value": value} for name, value in row.items()]
    words = ", ".join(f"{item['label']} {_plain(item['value'])}" for item in numbers)
    return {"kind": "table", "sentence": f"The model answers: {words}.", "numbers": numbers}


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
    if not -1e-6 <= value <= 1 + 1e-6:
        raise NotReadable(f"“{column}” is not a probability")
    return min(1.0, max(0.0, value))


def _count(share: float) -> int:
    return round(share * 100)


def _interval(output: dict, row: dict, reader: Callable = _share) -> list[float] | None:
    if not output.get("lower") or not output.get("upper"):
        return None
    return [reader(row, output["lower"]), reader(row, output["upper"])]


def _band(bands, risk: float) -> dict | None:
    low = 0.0
    for band in bands:
        if risk <= band["upto"]:
            return {"label": band["label"], "from": low, "upto": band["upto"]}
        low = band["upto"]
    return None


def _plain(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
