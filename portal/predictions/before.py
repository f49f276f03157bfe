"""What one is told before a run: whether the model is meant for the patient, what an empty field does, what to check."""

from dataclasses import dataclass

from portal.core import shares
from portal.predictions.abstention import most_missing
from portal.predictions.prefill import Prefilled
from portal.records.queries import Record
from portal.registry.answers import Answer, Answers
from portal.registry.spec import Field, FormSpec, number_text

FILLED = {"median": "the median", "mean": "the mean", "mode": "the most frequent answer", "zero": "zero"}


@dataclass(frozen=True)
class Rule:
    """Whom a model is meant for, in one sentence; `state` is met, unmet (no run), marked (runs, marked) or unknown."""

    sentence: str
    state: str


def rules(form: FormSpec, overlay: dict, known: dict[str, Prefilled], record: Record) -> list[Rule]:
    """Every rule of a model against what the record says, as the form opens."""
    given = overlay.get("eligibility", ())
    return [Rule(rule["sentence"], _state(rule, _fact(rule, form, known, record))) for rule in given]


def without(field: Field, overlay: dict) -> str:
    """What it does to the answer to leave a field empty."""
    if field.required:
        return "Needed: the model gives no answer without it."
    entry = overlay.get("inputs", {}).get(field.name, {})
    said = ["Not known:", _filled_in(entry.get("imputed"), field)]
    if weight := entry.get("weight"):
        said.append(f"It carries about {weight:.0%} of what the model relies on; ".replace("%", " %"))
        said.append(f"when more than {shares.threshold(most_missing(overlay))} is missing there is no number.")
    return " ".join(" ".join(said).split())


def optional(field: Field, form: FormSpec, overlay: dict) -> str:
    """On what condition a field may stay empty; an empty text when it may not."""
    if field.required:
        return ""
    most = most_missing(overlay)
    total = sum(other.weight for other in form.fields if other.asked and not other.required)
    if not field.weight or shares.clean(total) <= most:
        return "optional"
    if shares.clean(field.weight) > most:
        return "without it there is no number"
    return f"optional while at most {shares.threshold(most)} is missing"


def tick(entered, unit: str) -> str:
    """What a tick “I have checked” holds for: this text in this unit, and no other."""
    return f"{str(entered).strip()} {unit}".strip()


def unticked(form: FormSpec, found: Answers, ticks: dict[str, str], shown) -> dict[str, str]:
    """A sentence for every unusual value that was `shown` on the form and not ticked there as right."""
    wanted = {name: _tick_of(found.given[name]) for name in found.warnings if name in shown}
    words = "If it is right, tick that you have checked it; else correct it."
    return {
        name: f"{form[name].label}: {found.warnings[name]} {words}"
        for name, tick in wanted.items()
        if ticks.get(name) != tick
    }


def sign_ticks(gathered: dict, ticks: dict[str, str], who: str) -> None:
    """Write into the inputs of a run who checked its unusual values."""
    for row in gathered["rows"]:
        if row["warning"] and row["name"] in ticks:
            row["checked_by"] = who
            row["warning"] = f"{row['warning']} Checked by {who}."
    for entry in gathered["out_of_range"]:
        if entry["name"] in ticks:
            entry["sentence"] = f"{entry['sentence']} Checked by {who}."


def _tick_of(answer: Answer) -> str:
    return tick(answer.entered, answer.unit)


def fact_of(rule: dict, record: Record):
    """The fact of a record that a rule is about; whether a problem is on the list is a fact that is always known."""
    if "condition" in rule:
        return record.has_condition(rule["condition"]) is not None
    return getattr(record.patient, rule["record"], None)


def _fact(rule: dict, form: FormSpec, known: dict[str, Prefilled], record: Record):
    if "input" not in rule:
        return fact_of(rule, record)
    if (form[rule["input"]].record or {}).get("kind") == "age":
        # An age that the form itself would not take is no unknown age.
        return record.patient.age
    found = known.get(rule["input"])
    return found.value if found else None


def _state(rule: dict, value) -> str:
    if value is None:
        return "unknown"
    if meets(rule, value):
        return "met"
    return "marked" if rule.get("action") == "mark" else "unmet"


def meets(rule: dict, value) -> bool:
    """Whether a value lies within a rule's bounds, or among its values, or the problem is on the list."""
    if "condition" in rule:
        return value
    if "in" in rule:
        return value in rule["in"]
    return rule.get("min", value) <= value <= rule.get("max", value)


def filling(imputed: dict) -> str:
    """How a model fills a gap, in words: one of the usual ways, or as its overlay says it."""
    method = imputed.get("method") or "a typical value"
    return f"{FILLED[method]} of its training data" if method in FILLED else method


def _filled_in(imputed: dict | None, field: Field) -> str:
    if not imputed:
        return "the model answers without it."
    value = imputed.get("value")
    shown = "" if value is None else f" ({_shown(field, value)})"
    return f"the model fills in {filling(imputed)}{shown}."


def _shown(field: Field, value) -> str:
    labels = {option.value: option.label for option in field.options}
    if value in labels:
        return labels[value]
    text = number_text(float(f"{value:.4g}")) if isinstance(value, int | float) else str(value)
    return f"{text} {field.unit_label}".strip()
