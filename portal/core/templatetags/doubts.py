"""How far an answer is to be trusted: one range for all that is uncertain, and what the model has not seen before."""

from django import template

from portal.core import shares

register = template.Library()
# From this share of training patients nearer to the middle on, a patient counts as unlike those the model learned from.
FAR_OUT = 99


@register.filter
def widest(envelope: dict) -> dict | None:
    """The likely range and what missing inputs could do in one span, never narrower than either; None where nothing is missing."""
    reading = envelope["reading"]
    alone = [item["span"] for item in envelope.get("missing") or () if item.get("span")]
    known = envelope.get("span") or (alone[0] if len(alone) == 1 else None)
    if known is None:
        return None
    likely, answer, subject = _about(reading)
    low, high = min([*likely, *answer, known["low"]]), max([*likely, *answer, known["high"]])
    say = _sayer(reading)
    if likely and (say(low), say(high)) == (say(likely[0]), say(likely[1])):
        words = f"With usual values in place of what is missing, {subject} stays within the likely range."
    elif say(low) == say(high):
        words = f"With usual values in place of what is missing, {subject} would still be about {say(low)}."
    else:
        least = "at least " * bool(known.get("at_least"))
        words = f"All in all, {subject} could lie {least}between {say(low)} and {say(high)}."
    return {"low": low, "high": high, "sentence": words}


@register.filter
def unseen(envelope: dict) -> str:
    """What of this patient the model has not seen in training, in one sentence; empty where it has seen the like."""
    rows = {row["name"]: row for row in envelope.get("inputs") or ()}
    values = [_named(rows[item["name"]]) for item in envelope.get("out_of_range") or () if item["name"] in rows]
    rank = (envelope.get("distance") or {}).get("rank")
    found = [f"Outside what the model has seen: {', '.join(values)}."] if values else []
    if rank is not None and rank >= FAR_OUT:
        together = "Taken together, this patient" if values else "This patient"
        found.append(f"{together} is further out than {min(rank, 99)} % of the patients the model learned from.")
    return " ".join([*found, "Take the number with care."]) if found else ""


def _about(reading: dict) -> tuple[list, list, str]:
    """The likely range, the answer itself, and what the answer is called."""
    if reading["kind"] == "classes":
        first = max(reading["points"], key=lambda point: point["share"])
        return first.get("interval") or [], [first["share"]], f"“{first['label']}”"
    answer = reading.get("value", reading.get("share"))
    return reading.get("interval") or [], [] if answer is None else [answer], "the answer"


def _sayer(reading: dict):
    if reading["kind"] != "number":
        return shares.percent
    return lambda value: f"{shares.number(value)} {reading['unit']}".strip()


def _named(row: dict) -> str:
    label = row["label"]
    plain = label[1:2].islower() or label[1:2] == " "
    return f"{label[:1].lower() if plain else label[:1]}{label[1:]} {row['shown']}"
