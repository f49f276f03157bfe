"""How the rows of a dataset version answer a model's questions: reading what somebody proposes, and reading a row by it.

A plan holds `columns` (input to column), `label` and for survival `time`, `thresholds`, `groups`, and perhaps `patient` and
`training` (the columns that hold the patient's number here and among the training rows).
"""

from dataclasses import dataclass

from portal.core.problems import BadInput
from portal.datasets import specs
from portal.datasets.models import DatasetVersion
from portal.registry.spec import FormSpec

KINDS = frozenset({"risk", "number", "survival", "classes"})
MOST_THRESHOLDS, MOST_GROUPS = 5, 4
_TRUE, _FALSE = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


@dataclass(frozen=True)
class Reader:
    """Reads rows by a plan: raw answers, what happened, and the groups that a row belongs to."""

    places: dict[str, int]
    label: int
    time: int | None
    groups: list[tuple[int, dict[str, int]]]
    options: dict[str, dict[str, object]]

    def inputs(self, row: list) -> dict:
        """The raw answers of a row, as a form would take them."""
        return {name: self._answer(name, row[place]) for name, place in self.places.items() if row[place] is not None}

    def codes(self, row: list) -> list[int]:
        """The group of a row in each grouping; -1 where it is none of the common ones."""
        return [labels.get(str(row[place]), -1) for place, labels in self.groups]

    def _answer(self, name: str, value):
        known = self.options.get(name)
        text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        return value if known is None else known.get(text.casefold(), value)


def kind_of(overlay: dict) -> str:
    """What is worked out for a model, by the kind of its answer; empty where nothing is."""
    kind = overlay.get("output", {}).get("kind", "")
    return kind if kind in KINDS else ""


def check(given: dict, form: FormSpec, overlay: dict, table: DatasetVersion, trained_on: DatasetVersion | None) -> dict:
    """The plan that somebody proposes; raises BadInput with a sentence for each thing that does not fit."""
    known, errors, kind = specs.open_columns(table), {}, kind_of(overlay)
    if not kind:
        raise BadInput({"table": "Nothing is worked out for a model with this kind of answer."})
    if any(field.is_file for field in form.fields):
        raise BadInput({"table": "A model that reads a file is not tried on tables."})
    chosen = {name: column for name, column in given.get("columns", {}).items() if column}
    # Settings are the same for everybody: they stay as the form fixes them or as the model has them.
    for field in (one for one in form.fields if not one.setting):
        column = chosen.get(field.name)
        if column is not None and column not in known:
            errors[f"column.{field.name}"] = f"{field.label}: choose a column without identifiers."
        elif column is None and field.asked and field.required:
            errors[f"column.{field.name}"] = f"{field.label} is needed: say which column holds it."
    errors |= _told(given, known, kind)
    thresholds, wrong = _thresholds(given.get("thresholds", ""), kind)
    groups = list(dict.fromkeys(name for name in given.get("groups", ()) if name))
    if len(groups) > MOST_GROUPS or not set(groups) <= set(specs.categorical(known)):
        wrong |= {"groups": f"Groups: choose up to {MOST_GROUPS} columns with common answers."}
    wrong |= _ids(given, table, trained_on)
    if errors | wrong:
        raise BadInput(errors | wrong)
    asked = {field.name for field in form.fields if field.asked and not field.setting}
    return {
        "kind": kind, "columns": {name: column for name, column in chosen.items() if name in asked}, "label": given["label"],
        "time": given.get("time", "") if kind == "survival" else "", "thresholds": thresholds, "groups": groups,
        "patient": given.get("patient", ""), "training": given.get("training", ""),
    }  # fmt: skip


def reader(plan: dict, form: FormSpec, table: DatasetVersion) -> Reader:
    """What reads the rows of a version by a plan."""
    known = {column["name"]: column for column in table.columns}
    place = {name: column["place"] for name, column in known.items()}
    groups = [
        (place[name], {str(value): code for code, value in enumerate(known[name]["categories"])})
        for name in plan["groups"]
    ]
    options = {
        field.name: {text.casefold(): option.value for option in field.options for text in _spellings(option)}
        for field in form.fields if field.options
    }  # fmt: skip
    columns = {name: place[column] for name, column in plan["columns"].items()}
    return Reader(columns, place[plan["label"]], place.get(plan["time"]), groups, options)


def _spellings(option) -> set[str]:
    whole = isinstance(option.value, float) and option.value.is_integer()
    return {option.label, str(option.value), *([str(int(option.value))] if whole else [])}


def happened(value) -> float | None:
    """Whether an outcome came, of a column of yes and no; None where it cannot be read."""
    text = str(value).casefold()
    return 1.0 if text in _TRUE else 0.0 if text in _FALSE else None


def _told(given: dict, known: dict, kind: str) -> dict[str, str]:
    errors, label = {}, known.get(given.get("label", ""))
    if label is None:
        errors["label"] = "What happened: choose a column without identifiers."
    elif kind in ("risk", "survival"):
        answers = [happened(value) for value in label["categories"]]
        if not answers or None in answers or label["others"]:
            errors["label"] = "What happened: the column must hold yes and no, or 1 and 0, and nothing else."
    elif kind == "number" and given["label"] not in specs.numeric(known):
        errors["label"] = "What happened: choose a column of numbers."
    if kind == "survival" and given.get("time", "") not in specs.numeric(known):
        errors["time"] = "How long each was followed: choose a column of numbers."
    return errors


def _thresholds(text, kind: str) -> tuple[list[float], dict[str, str]]:
    if kind != "risk":
        return [], {}
    parts = [part.strip().removesuffix("%").strip() for part in str(text).split(",") if part.strip()]
    try:
        found = sorted({float(part) / 100 for part in parts})
    except ValueError:
        found = [-1.0]
    if len(found) > MOST_THRESHOLDS or not all(0 < one < 1 for one in found):
        return [], {
            "thresholds": f"Thresholds: write up to {MOST_THRESHOLDS} numbers between 0 and 100, for example 10, 30."
        }
    return found, {}


def _ids(given: dict, table: DatasetVersion, trained_on: DatasetVersion | None) -> dict[str, str]:
    here, there = given.get("patient", ""), given.get("training", "")
    errors = {}
    if here and here not in {column["name"] for column in table.columns}:
        errors["patient"] = "Patient's number: choose a column of the table."
    if trained_on and not here:
        errors["patient"] = "Patient's number: say which column holds it, so that it can be compared."
    if trained_on and there not in {column["name"] for column in trained_on.columns}:
        errors["training"] = "Patient's number in the training rows: choose a column of that table."
    return errors
