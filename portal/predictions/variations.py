"""What missing inputs do to an answer: further rows for the scorer, each with plausible values in place of the gaps.

An input that is a number is tried low, in the middle and high of its usual range, a choice in all its options; first
each alone, then all together at their ends.
"""

from dataclasses import dataclass
from itertools import product
from math import prod

from portal.core import shares
from portal.predictions import reading
from portal.registry import conditions
from portal.registry.spec import Field, FormSpec

# Beyond this many combinations only “all low” and “all high” are tried: the answer must not become slow.
MOST_TOGETHER = 64


@dataclass(frozen=True)
class Plan:
    """The changes of each further row; which rows vary one input alone; whether all combinations of ends are there."""

    changes: tuple[dict, ...] = ()
    alone: tuple[tuple[str, tuple[int, ...]], ...] = ()
    complete: bool = True


def plan(form: FormSpec, values: dict) -> Plan:
    """The rows to score beside the answer; empty when nothing is missing."""
    spared = conditions.hidden(form, values)
    asked = [field for field in form.fields if field.asked and field.name not in spared]
    gone = [field for field in asked if values.get(field.name) is None]
    tried = {field.name: found for field in gone if (found := _plausible(field))}
    changes, alone = [], []
    for name, found in tried.items():
        first = len(changes) + 1
        changes += [{name: value} for value in found]
        alone.append((name, tuple(range(first, first + len(found)))))
    together, complete = _together(form, tried)
    return Plan((*changes, *together), tuple(alone), complete)


def spans(made: Plan, output: dict, columns: dict[str, list], read: dict) -> dict:
    """For each missing input, and under an empty name for all of them, how far the answer may lie apart."""
    column = _column(output, read)
    if not made.changes or not column:
        return {}
    values = columns[column]
    say = _sayer(read)
    found = {name: _span([values[0], *(values[row] for row in rows)], say, "it") for name, rows in made.alone}
    if len(made.alone) > 1:
        found[""] = _span(values, say, "all of them", at_least=not made.complete)
    return found


def _plausible(field: Field) -> list:
    if field.options:
        return [option.value for option in field.options]
    low, high = field.usual_min, field.usual_max
    if field.kind not in ("number", "integer") or low is None or high is None:
        return []
    found = (low, (low + high) / 2, high)
    return [int(value) for value in found] if field.type in ("long", "integer") else [_fit(field, v) for v in found]


def _fit(field: Field, value: float) -> float:
    return float(round(value)) if field.kind == "integer" else float(value)


def _together(form: FormSpec, tried: dict[str, list]) -> tuple[list[dict], bool]:
    if len(tried) < 2:
        return [], True
    ends = {name: found if form[name].options else [found[0], found[-1]] for name, found in tried.items()}
    if prod(len(found) for found in ends.values()) <= MOST_TOGETHER:
        return [dict(zip(ends, chosen, strict=True)) for chosen in product(*ends.values())], True
    return [{name: found[end] for name, found in ends.items()} for end in (0, -1)], False


def _column(output: dict, read: dict) -> str:
    if read["kind"] == "classes":
        likeliest = max(read["points"], key=lambda point: point["share"])["label"]
        return next(column["column"] for column in output["columns"] if column["label"] == likeliest)
    return reading.head_column(output)


def _sayer(read: dict):
    if read["kind"] == "number":
        return lambda value: f"{shares.number(value)} {read['unit']}".strip()
    return shares.percent


def _span(values: list[float], say, what: str, at_least: bool = False) -> dict:
    low, high = min(values), max(values)
    known = f"If {what} were known"
    if say(low) == say(high):
        words = f"{known}, the answer would still be about {say(low)}."
    else:
        words = f"{known}, the answer could lie {'at least ' * at_least}between {say(low)} and {say(high)}."
    return {"low": low, "high": high, "sentence": words, "at_least": at_least}
