"""The members of a field's entry as texts on the page, and back."""

from dataclasses import replace

from portal.registry import answers, conditions
from portal.registry.spec import Field, FormSpec

# Between several answers of a condition, and codes.
_BETWEEN = ","
_PLAIN = {"string": "text", "boolean": "boolean", "double": "number", "float": "number"}


def shown(form: FormSpec, asked: Field, entry: dict) -> dict:
    """Every member that the page shows of a field, as text; ticks as true or false."""
    record, when = entry.get("record") or {}, asked.when
    found = {name: text(entry.get(name)) for name in ("label", "help", "group", "order", "unit", "unit_label", "zone")}
    found |= {name: text(entry.get(name)) for name in ("min", "max", "usual_min", "usual_max", "fixed", "default")}
    found |= {"required": asked.required, "unknown": asked.unknown, "integer": bool(entry.get("integer"))}
    found |= {"day_only": bool(entry.get("day_only")), "asked": bool(entry.get("asked"))}
    found["units"] = ", ".join(asked.units)
    found["options"] = (
        "\n".join(_option(one.value, one.label) for one in asked.options) if asked.kind == "choice" else ""
    )
    found["record.kind"] = str(record.get("kind", ""))
    found["record.codes"] = ", ".join(record.get("codes", ()))
    found["record.within_days"] = text(record.get("within_days"))
    found["when.input"], found["when.test"] = (when.input, when.test) if when else ("", "")
    found["when.value"] = _condition(form, when) if when else ""
    return found


def text(value) -> str:
    """A value as it is typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join("; ".join(map(text, one)) if isinstance(one, list) else text(one) for one in value)
    if isinstance(value, dict):
        return "\n".join(f"{name}: {text(one)}" for name, one in value.items())
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _option(value, label: str) -> str:
    return f"{text(value)} = {label}"


def options(asked: Field, typed: str) -> list[dict]:
    """The answers of a choice from lines of `value = words`; raises Refusal for a value that is none of the type."""
    found = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        value, _, label = line.partition("=")
        found.append({"value": of_field(asked, value.strip(), plain=True), "label": label.strip() or value.strip()})
    return found


def of_field(asked: Field, typed: str, *, plain: bool = False):
    """A value as the model takes it; `plain` regardless of the answers that are offered. Raises Refusal."""
    if plain or asked.kind == "choice":
        asked = replace(asked, kind=_PLAIN.get(asked.type, "integer"), options=(), minimum=None, maximum=None)
    if asked.type == "boolean":
        if typed.casefold() not in ("true", "false", "yes", "no"):
            raise answers.Refusal("write yes or no.")
        return typed.casefold() in ("true", "yes")
    return answers.value_of(asked, typed)


def _condition(form: FormSpec, when: conditions.When) -> str:
    other = next((one for one in form.fields if one.name == when.input), None)
    labels = {option.value: option.label for option in other.options} if other else {}
    values = when.value if when.test == "in" else (when.value,)
    return f"{_BETWEEN} ".join(str(labels.get(value, text(value))) for value in values)


def condition(form: FormSpec, asked: Field, posted) -> dict | None:
    """The condition that was typed, None where there is none; raises Refusal."""
    name, test, typed = (posted.get(f"{asked.name}.when.{part}", "").strip() for part in ("input", "test", "value"))
    if not name:
        return None
    other = next((one for one in form.fields if one.name == name), None)
    if other is None or test not in conditions.TESTS:
        raise answers.Refusal("choose a field and how its answer is compared.")
    if not typed:
        raise answers.Refusal("write the answer on which it hangs.")
    if test == "in":
        return {"input": name, "in": [_answer(other, one.strip()) for one in typed.split(_BETWEEN) if one.strip()]}
    return {"input": name, test: _answer(other, typed)}


def _answer(other: Field, typed: str):
    for option in other.options:
        if typed.casefold() in (str(option.label).casefold(), text(option.value).casefold()):
            return option.value
    if other.options:
        offered = ", ".join(option.label for option in other.options)
        raise answers.Refusal(f"“{typed[:40]}” is not one of the answers to {other.label}: {offered}.")
    number = answers.number(typed)
    return int(number) if number == int(number) else number


def record(entry: dict, asked: Field, posted) -> dict | None:
    """Where a field is filled from, as it was typed; what the page does not show of it stays."""
    kind, codes, days = (
        posted.get(f"{asked.name}.record.{part}", "").strip() for part in ("kind", "codes", "within_days")
    )
    if not kind:
        return None
    before = entry.get("record") or {}
    found = dict(before) if before.get("kind") == kind else {"kind": kind}
    if kind in ("observation", "condition"):
        found["codes"] = [code.strip() for code in codes.replace(";", ",").split(",") if code.strip()]
    if kind in ("observation", "encounters"):
        found.pop("within_days", None)
        if days:
            number = answers.number(days)
            found["within_days"] = int(number) if number == int(number) else number
    return found
