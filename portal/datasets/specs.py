"""Specifications of summaries: which columns they may name, and the check of what somebody asked for."""

import json

from portal.core.problems import BadInput
from portal.datasets.models import DatasetVersion
from portal.datasets.runtime import identifiers

NUMBERS = frozenset({"integer", "number"})
CATEGORY_TESTS = {"is": "is", "is-not": "is not"}
NUMBER_TESTS = {"at-least": "is at least", "below": "is below"}
MOST_CRITERIA, MOST_BY = 3, 2


def open_columns(version: DatasetVersion) -> dict[str, dict]:
    """The columns that can be computed on: those that hold none of the identifiers."""
    kept = ("place", "kind", "categories", "others")
    return {
        column["name"]: {name: column[name] for name in kept}
        for column in version.columns
        if column["holds"] == identifiers.NONE
    }


def categorical(columns: dict[str, dict]) -> list[str]:
    """Those that rows can be grouped by."""
    return [name for name, column in columns.items() if column["categories"] and column["kind"] != "number"]


def numeric(columns: dict[str, dict]) -> list[str]:
    """Those that have a mean."""
    return [name for name, column in columns.items() if column["kind"] in NUMBERS]


def text_of(spec: dict) -> str:
    """A specification as a text that is equal for equal ones."""
    return json.dumps(spec, sort_keys=True)


def check(version: DatasetVersion, *, by: list[str], of: str, where: list[dict]) -> dict:
    """The specification that somebody asks for; raises BadInput naming the field and what is allowed."""
    columns, errors = open_columns(version), {}
    groups, numbers = categorical(columns), numeric(columns)
    by = list(dict.fromkeys(name for name in by if name))
    if len(by) > (1 if of else MOST_BY):
        errors["by"] = "Group by: one column for a mean, up to two for counts."
    elif not set(by) <= set(groups):
        errors["by"] = f"Group by: choose {_listed(groups)}."
    if of and of not in numbers:
        errors["of"] = f"Number: choose {_listed(numbers)}."
    criteria = []
    if len(where) > MOST_CRITERIA:
        errors["where"] = f"Only rows where: at most {MOST_CRITERIA} conditions."
        where = []
    for place, one in enumerate(where, 1):
        try:
            criteria.append(_criterion(one, columns, set(groups), set(numbers)))
        except BadInput as problem:
            errors |= {f"where-{place}": f"Condition {place}: {sentence}" for sentence in problem.errors.values()}
    if errors:
        raise BadInput(errors)
    return {"by": by, "of": of or None, "where": sorted(criteria, key=text_of)}


def _criterion(one: dict, columns: dict, groups: set[str], numbers: set[str]) -> dict:
    name, test, value = (str(one.get(part) or "").strip() for part in ("column", "test", "value"))
    if name not in groups | numbers:
        raise BadInput({"column": f"choose a column: {_listed(sorted(groups | numbers))}."})
    if test in CATEGORY_TESTS and name in groups:
        said = {_said(category): category for category in columns[name]["categories"]}
        known = {str(category): category for category in said.values()} | said
        if value not in known:
            raise BadInput({"value": f"for {name} write one of {', '.join(said)}."})
        return {"column": name, "test": test, "value": known[value]}
    if test in NUMBER_TESTS and name in numbers:
        return {"column": name, "test": test, "value": _number(name, value)}
    allowed = [
        *(CATEGORY_TESTS.values() if name in groups else ()),
        *(NUMBER_TESTS.values() if name in numbers else ()),
    ]
    raise BadInput({"test": f"for {name} choose {' or '.join(allowed)}."})


def _said(category) -> str:
    return ("yes" if category else "no") if isinstance(category, bool) else str(category)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e15:
        raise BadInput({"value": f"for {name} write a number with digits and a point, for example 37.5."})
    return number


def _listed(names) -> str:
    return ", ".join(names) or "none (this version has no such column)"
