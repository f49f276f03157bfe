"""Whom a model is meant for: rules that refuse a run, and rules that mark its result as not validated.

A rule names an `input` or a fact of the `record` (age, sex) and bounds it (`min`, `max` or `in`), or names the codes of a
`condition` that has to be on the problem list; it has a `sentence`.
"""

from portal.core.problems import BadInput
from portal.predictions import before
from portal.records.queries import Record
from portal.registry.spec import FormSpec


def judge(form: FormSpec, overlay: dict, values: dict, record: Record | None) -> dict:
    """What a result must carry: `not_validated` and `unchecked` sentences; raises BadInput where a rule refuses."""
    marks: dict[str, list[str]] = {"not_validated": [], "unchecked": []}
    for rule in overlay.get("eligibility", ()):
        value = _value(rule, values, record)
        if value is None:
            marks["unchecked"].append(f"{_label(form, rule)} is not known, so this was not checked: {rule['sentence']}")
        elif not before.meets(rule, value):
            if rule.get("action") != "mark":
                raise BadInput({_place(rule): f"{_label(form, rule)}: {rule['sentence']}"})
            marks["not_validated"].append(f"Not validated for this patient: {rule['sentence']}")
    return marks


def _value(rule: dict, values: dict, record: Record | None):
    if "input" in rule:
        return values.get(rule["input"])
    return before.fact_of(rule, record) if record else None


def _label(form: FormSpec, rule: dict) -> str:
    if "condition" in rule:
        return "The problem list"
    return form[rule["input"]].label if "input" in rule else rule["record"].capitalize()


def _place(rule: dict) -> str:
    return rule.get("input", "patient")
