"""Acceptance cases: reading those that a model's folder brings, checking one, and comparing an answer with it.

A case is a JSON object: `name`, `why`, `inputs` as the form takes them, `units` where they are not the form's, and `expected`,
for each column that is compared a `value` with an `absolute` and a `relative` tolerance. A tracing is named as
`{"file": path within the model's folder}`.
"""

import json
import math
from pathlib import Path, PurePosixPath

from portal.compute.runtime.facts import ModelFacts
from portal.core.problems import BadInput
from portal.registry import answers, shapes, spec
from portal.registry.spec import FormSpec

FILE = "acceptance.json"
MOST, NAME_LIMIT, WHY_LIMIT, LARGEST = 200, 120, 400, 4 * 1024 * 1024
_MEMBERS = frozenset({"name", "why", "inputs", "units", "expected"})
_TOLERANCES = ("absolute", "relative")
# What an output of a type gives that is no text.
_GIVES = {"boolean": "yes or no"} | dict.fromkeys(("long", "integer", "double", "float"), "a number")


def read(folder: Path, facts: ModelFacts) -> list[dict]:
    """The cases that a folder brings; none where it has no such file. Raises BadInput naming the case and what to mend."""
    path = Path(folder) / FILE
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= LARGEST else ""
        found = json.loads(text)["cases"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadInput({"cases": f"{FILE} must be a JSON object with a list “cases”, at most 4 MB."}) from None
    if not isinstance(found, list) or len(found) > MOST:
        raise BadInput({"cases": f"{FILE}: “cases” must be a list of at most {MOST}."})
    if wrong := shapes.unkept(found):
        raise BadInput({"cases": f"{FILE} {wrong}"})
    form = spec.of(facts.plain(), facts.overlay or {})
    checked = [check(one, form, facts.outputs, f"case {place}") for place, one in enumerate(found, 1)]
    _check_files(checked, form, Path(folder))
    return checked


def check(given, form: FormSpec, outputs: list[dict], place: str = "case") -> dict:
    """A case as it is kept; raises BadInput with a sentence for each thing that is wrong."""
    if not isinstance(given, dict) or set(given) - _MEMBERS:
        raise BadInput(
            {"cases": f"{place.capitalize()} must have no other members than {', '.join(sorted(_MEMBERS))}."}
        )
    case = {"name": _text(given, "name", NAME_LIMIT, place), "why": _text(given, "why", WHY_LIMIT, place)}
    for member in ("inputs", "units"):
        if not isinstance(given.get(member, {}), dict):
            raise BadInput({member: f"{case['name']}: {member} must be an object."})
        case[member] = given.get(member, {})
    errors = {name: f"{case['name']}: {text}" for name, text in _form_errors(case, form).items()}
    case["expected"], wrong = _expected(given.get("expected"), outputs, case["name"])
    if errors or wrong:
        raise BadInput(errors | wrong)
    return case


def file_of(case: dict, name: str) -> str:
    """The file that stands for a tracing in a case; empty where there is none."""
    value = case["inputs"].get(name)
    return value["file"] if isinstance(value, dict) and isinstance(value.get("file"), str) else ""


def compare(expected: dict[str, dict], got: dict[str, object]) -> list[dict]:
    """For each column of a case what was expected, what came, and whether it lies within the tolerance."""
    return [
        {**wanted, "column": column, "got": got.get(column), "within": column in got and _near(wanted, got[column])}
        for column, wanted in sorted(expected.items())
    ]


def _near(wanted: dict, got) -> bool:
    value = wanted["value"]
    if isinstance(value, list):
        same = isinstance(got, list) and len(got) == len(value)
        return same and all(_near({**wanted, "value": one}, other) for one, other in zip(value, got, strict=True))
    if not _is_number(value):
        return type(got) is type(value) and got == value
    if not _is_number(got):
        return False
    # As numpy.isclose has it: the relative part is of what was expected, and both parts add up.
    return abs(got - value) <= wanted["absolute"] + wanted["relative"] * abs(value)


def _text(given: dict, member: str, limit: int, place: str) -> str:
    text = given.get(member)
    text = text.strip() if isinstance(text, str) else ""
    if not 0 < len(text) <= limit:
        words = "a name" if member == "name" else "a sentence that says why it is a case"
        raise BadInput({member: f"{place.capitalize()} needs {words}, at most {limit} characters."})
    return text


def _form_errors(case: dict, form: FormSpec) -> dict[str, str]:
    """What a clinician's form would say to the inputs; a tracing is read when the case runs."""
    files = {field.name for field in form.fields if field.is_tracing}
    rest = FormSpec(tuple(field for field in form.fields if field.name not in files))
    errors = answers.check(rest, {k: v for k, v in case["inputs"].items() if k not in files}, case["units"]).errors
    return errors | {name: "name the tracing as {“file”: “…”}." for name in files if not file_of(case, name)}


def _check_files(cases: list[dict], form: FormSpec, folder: Path) -> None:
    for case in cases:
        for field in form.fields:
            name = file_of(case, field.name) if field.is_tracing else ""
            if name and (".." in PurePosixPath(name).parts or name.startswith("/") or not (folder / name).is_file()):
                raise BadInput({field.name: f"{case['name']}: the folder has no file {name[:80]}."})


def _expected(given, outputs: list[dict], name: str) -> tuple[dict, dict]:
    if not isinstance(given, dict) or not given:
        return {}, {"expected": f"{name}: say for at least one column what the model must give."}
    kinds = {column["name"]: column["type"] for column in outputs}
    known, found, wrong = kinds.keys() - {""}, {}, {}
    for column, wanted in given.items():
        fault = (
            _fault(wanted, kinds.get(column, ""))
            if not known or column in known
            else f"the model gives {', '.join(sorted(known))}."
        )
        if fault:
            wrong[f"expected.{column}"] = f"{name}: {column[:60]}: {fault}"
        else:
            found[column] = {"value": wanted["value"], **{part: wanted.get(part, 0) for part in _TOLERANCES}}
    return found, wrong


def _fault(wanted, kind: str) -> str:
    if not isinstance(wanted, dict) or "value" not in wanted or set(wanted) - {"value", *_TOLERANCES}:
        return "give value, absolute and relative."
    value = wanted["value"]
    several = value if isinstance(value, list) else [value]
    if not several or not all(isinstance(one, str | bool) or _is_number(one) for one in several):
        return "the value must be a number, a text, yes or no, or a list of numbers."
    if isinstance(value, str) and kind in _GIVES:
        return f"“{value[:40]}” is not {_GIVES[kind]}, which the model gives."
    if not all(_is_number(wanted.get(part, 0)) and wanted.get(part, 0) >= 0 for part in _TOLERANCES):
        return "a tolerance is a number from 0."
    if any(_is_number(one) for one in several) and not any(part in wanted for part in _TOLERANCES):
        return "a number needs a tolerance, absolute or relative; 0 is one too."
    return ""


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
