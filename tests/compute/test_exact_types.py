"""A real model in the real sandbox says what it was given: every type of a signature, many rows, and its settings."""

import json
import random

import pytest
from django.conf import settings

from portal.compute.runtime import columns, facts
from portal.compute.runtime.client import Client
from portal.predictions.found import Question
from portal.predictions.variations import Plan
from portal.registry import answers, spec
from tests.compute.test_scorer import DESCRIPTION, keep, write

SIGNATURE = [
    *({"type": kind, "name": kind, "required": True} for kind in columns.SCALARS),
    *({"type": kind, "name": f"{kind} maybe", "required": False} for kind in columns.SCALARS if kind != "binary"),
    *({"type": "array", "items": {"type": kind}, "name": f"many {kind}", "required": True} for kind in columns.ITEMS),
    {"type": "array", "items": {"type": "array", "items": {"type": "float"}}, "name": "rows", "required": True},
    {"type": "map", "values": {"type": "integer"}, "name": "named", "required": False},
    {
        "type": "object", "name": "group", "required": True,
        "properties": {kind: {"type": kind, "required": kind == "long"} for kind in columns.ITEMS},
    },
]  # fmt: skip
PARAMS = [
    {"name": "cut", "type": "double", "default": 0.5, "shape": None},
    {"name": "steps", "type": "integer", "default": 3, "shape": None},
    {"name": "word", "type": "string", "default": "usual", "shape": None},
    {"name": "weights", "type": "float", "default": [0.25, 0.75], "shape": [-1]},
]
BODY = """import json
def say(value):
    if isinstance(value, dict): return {name: say(one) for name, one in value.items()}
    if isinstance(value, list): return [say(one) for one in value]
    if hasattr(value, "dtype") and getattr(value, "ndim", 0): return str(value.dtype)
    return type(value).__name__
seen = [{name: say(model_input[name].iloc[row]) for name in model_input.columns} for row in range(len(model_input))]
return pandas.DataFrame({
    "seen": [json.dumps(one) for one in seen],
    "columns": [json.dumps({name: str(model_input[name].dtype) for name in model_input.columns})] * len(seen),
    "params": [json.dumps({name: [type(one).__name__, one] for name, one in (params or {}).items()}, default=str)] * len(seen),
    "long": model_input["long"].to_numpy(),
})"""
ANSWERS = {
    "double": ["37.5", "1e300", "-0.1"], "float": ["37.5", "1e-30", "-3e38"], "long": ["3", str(2**63 - 1), str(-(2**63)), "9007199254740993"],
    "integer": ["3", str(2**31 - 1), str(-(2**31))], "boolean": ["yes", "no"], "string": ["a", "π; ß, ≤", "x" * 200],
    "binary": ["AAEC", "/w=="], "datetime": ["2026-11-08 14:02", "1700-01-01", "2026-11-08T14:02:03.5+05:30"],
}  # fmt: skip
WIDTHS = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool", "datetime": "datetime64[ns]"}  # fmt: skip
ONE = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool", "string": "str", "datetime": "Timestamp"}  # fmt: skip


def row(chance: random.Random) -> dict:
    """The answers of one person, as they are typed."""
    one = {kind: chance.choice(found) for kind, found in ANSWERS.items()}
    many = {f"many {kind}": "\n".join(chance.choices(ANSWERS[kind], k=3)) for kind in columns.ITEMS}
    maybe = {f"{kind} maybe": chance.choice(["", *found]) for kind, found in ANSWERS.items() if kind != "binary"}
    group = {
        f"group.{kind}": chance.choice(ANSWERS[kind])
        for kind in columns.ITEMS
        if kind == "long" or chance.random() < 0.5
    }
    return one | many | maybe | group | {"rows": "1; 2\n3; 4", "named": chance.choice(["", "a: 1\nb: 2"])}


@pytest.fixture
def model(tmp_path):
    """What is known of a model of this signature, as a registration reads it."""
    write(tmp_path / "model", BODY)
    text = DESCRIPTION.split("signature:")[0]
    text += f"signature:\n  inputs: '{json.dumps(SIGNATURE)}'\n  params: '{json.dumps(PARAMS)}'\n"
    (tmp_path / "model" / "MLmodel").write_text(text)
    return facts.inspect_model(tmp_path / "model").plain(), keep(tmp_path / "model")


@pytest.mark.slow
def test_many_rows_arrive_in_the_sandbox_with_the_exact_types_of_the_signature(scorer, model):
    found, known = model
    form = spec.of(found, {})
    chance = random.Random(20261108)
    checked = [answers.check(form, row(chance)) for _ in range(300)]
    assert [one.errors for one in checked] == [{}] * 300
    values = [{name: answer.value for name, answer in one.given.items()} for one in checked]
    sent = [columns.row(found["columns"], one) for one in values]
    scores = Client(str(settings.SCORER_SOCKET)).score(known, sent)

    widths = json.loads(scores.columns["columns"][0])
    assert {kind: widths[kind] for kind in WIDTHS} == WIDTHS
    nullable = WIDTHS | {"long": "Int64", "integer": "Int32", "boolean": "boolean"}
    assert {kind: widths[f"{kind} maybe"] for kind in nullable} == nullable
    for place, text in enumerate(scores.columns["seen"]):
        seen = json.loads(text)
        assert {kind: seen[f"many {kind}"] for kind in WIDTHS} == WIDTHS
        assert (seen["binary"], seen["rows"], seen["string"]) == ("bytes", ["float32", "float32"], "str")
        assert seen["named"] in ("NoneType", {"a": "int32", "b": "int32"})
        assert seen["group"] == {kind: ONE[kind] for kind in columns.ITEMS if f"group.{kind}" in values[place]}
    assert scores.columns["long"] == [one["long"] for one in values]


@pytest.mark.slow
def test_settings_stay_at_their_default_until_a_reviewer_says_otherwise(scorer, model):
    found, known = model

    def told(overlay: dict, **given) -> dict:
        checked = answers.check(spec.of(found, overlay), row(random.Random(1)) | given)
        assert checked.errors == {}
        values = {name: answer.value for name, answer in checked.given.items()}
        asked = Question(values, found["columns"], overlay, Plan(), 0, None)
        scores = Client(str(settings.SCORER_SOCKET)).score(known, asked.rows, params=asked.params)
        return json.loads(scores.columns["params"][0])

    usual = {"cut": ["float", 0.5], "steps": ["int", 3], "word": ["str", "usual"], "weights": ["list", [0.25, 0.75]]}
    assert told({}) == usual
    fixed = told({"params": {"cut": {"fixed": 0.25}, "weights": {"fixed": [0.5]}}})
    assert fixed == usual | {"cut": ["float", 0.25], "weights": ["list", [0.5]]}
    chosen = told({"params": {"steps": {"asked": True, "min": 1, "max": 9}}}, **{"settings.steps": "7"})
    assert chosen == usual | {"steps": ["int", 7]}
    assert (
        answers.check(spec.of(found, {}), {"settings.cut": "0.1"})
        .errors["settings.cut"]
        .startswith("The model does not ask")
    )
