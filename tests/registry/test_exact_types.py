"""Whatever a form accepts reaches the model with exactly the type of its signature, all the way through the casts."""

import base64
import json
from datetime import datetime

import numpy
import pandas
import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from mlflow.models.utils import _enforce_schema
from mlflow.types.schema import Schema

from portal.compute.runtime import casts, columns
from portal.registry import answers, spec

SCALARS = columns.SCALARS
WIDTHS = {
    "double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool", "string": "object",
    "binary": "object", "datetime": "datetime64[ns]",
}  # fmt: skip
MISSING = WIDTHS | {"long": "Int64", "integer": "Int32", "boolean": "boolean"}
PYTHON = {
    "double": numpy.float64, "float": numpy.float32, "long": numpy.int64, "integer": numpy.int32, "boolean": numpy.bool_,
    "string": str, "binary": bytes, "datetime": pandas.Timestamp,
}  # fmt: skip
# Near the ends of every type, beyond them, and what people write.
ENDS = [
    0,
    -1,
    2**24,
    2**24 + 1,
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) - 1,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63),
    10**30,
]
NUMBER = (
    st.sampled_from(ENDS) | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False) | st.sampled_from([1e-46, 3.5e38])
)
ODD = st.text(max_size=12) | st.booleans() | st.none() | st.sampled_from(["1,5", "unknown", "yes", "No", "2026-02-30"])
OFFSETS = st.sampled_from(["", "Z", "+02:00", "-05:00", "+14:00", "-12:00"])
DATES = st.datetimes() | st.datetimes(datetime(1677, 1, 1), datetime(2262, 12, 31)) | st.sampled_from([datetime.min, datetime.max]).map(lambda at: at.replace(microsecond=0))  # fmt: skip
MOMENT = st.tuples(DATES, OFFSETS).map(lambda pair: f"{pair[0].isoformat()}{pair[1]}") | DATES.map(lambda at: at.date().isoformat())  # fmt: skip
ZONES = ["", "local", "UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"]
TYPED = {
    "string": st.text(max_size=20), "boolean": st.sampled_from(["yes", "no", True, False, "True"]), "datetime": MOMENT,
    "binary": st.binary(max_size=20).map(lambda content: base64.b64encode(content).decode()),
}  # fmt: skip


def scalar(kind: str):
    return st.just(kind)


def shapes():
    """The JSON of one column of a signature, of every kind that a form can ask for."""
    kinds = st.sampled_from(SCALARS).map(lambda kind: {"type": kind})
    items = st.sampled_from(columns.ITEMS).map(lambda kind: {"type": kind})
    lists = items.map(lambda item: {"type": "array", "items": item})
    rows = lists.map(lambda one: {"type": "array", "items": one})
    maps = items.map(lambda item: {"type": "map", "values": item})
    leaf = st.one_of(kinds, lists, rows, maps)
    part = st.tuples(leaf, st.booleans()).map(lambda pair: pair[0] | {"required": pair[1]})
    groups = st.dictionaries(st.sampled_from(["a", "b", "c d"]), part, min_size=1).map(
        lambda parts: {"type": "object", "properties": parts}
    )
    return st.one_of(leaf, groups)


@st.composite
def signatures(draw):
    names = draw(st.lists(st.sampled_from(["x", "y z", "ä"]), min_size=1, max_size=3, unique=True))
    return [draw(shapes()) | {"name": name, "required": draw(st.booleans())} for name in names]


def typed(question: dict):
    """What somebody could send for a question: mostly of its kind, sometimes not, as text and as JSON."""
    word = question["type"].split("(")[-1].rstrip(")")
    one = TYPED.get(word, NUMBER | NUMBER.map(str)) | ODD
    if question["type"].startswith("array(array"):
        return st.lists(st.lists(one, max_size=3), max_size=3)
    if question["type"].startswith("array"):
        return st.lists(one, max_size=4) | st.lists(one.map(str), max_size=4).map("\n".join)
    if question["type"].startswith("map"):
        return st.dictionaries(st.text("ab", min_size=1, max_size=2), one, max_size=3)
    return one


@st.composite
def forms(draw):
    signature = draw(signatures())
    taken = [columns.read(column) for column in signature]
    questions = [question for column in taken for question in columns.questions(column)]
    rows = [{question["name"]: draw(typed(question)) for question in questions} for _ in range(draw(st.integers(1, 3)))]
    return signature, taken, questions, rows


def as_sent(form: spec.FormSpec, rows: list[dict], taken: list[dict]) -> list[dict]:
    """The rows that leave for the scorer: what the form accepts, put together, over the wire."""
    found = [answers.check(form, row) for row in rows]
    values = [{name: answer.value for name, answer in one.given.items()} for one in found if not one.errors]
    sent = [columns.row(taken, one) for one in values]
    return json.loads(json.dumps(sent, allow_nan=False))


def exact(value, shape) -> None:
    """Whether a value inside a group, list or map has the very type of its place."""
    if isinstance(shape, str):
        assert type(value) is PYTHON[shape], (value, shape)
    elif shape["type"] == "object":
        assert isinstance(value, dict) and set(value) <= set(shape["properties"])
        for name, part in shape["properties"].items():
            assert name in value or not part["required"]
            if name in value:
                exact(value[name], part["type"])
    elif shape["type"] == "map":
        assert isinstance(value, dict)
        for one in value.values():
            exact(one, shape["values"])
    elif isinstance(shape["items"], dict):
        assert isinstance(value, list)
        for one in value:
            exact(one, shape["items"])
    else:
        assert str(value.dtype) == WIDTHS[shape["items"]]


def as_mlflow_asks(value):
    """A value inside a group as MLflow wants it before it makes of it what ours is already: it refuses its own moments."""
    if isinstance(value, dict):
        return {name: as_mlflow_asks(part) for name, part in value.items()}
    return value.to_datetime64() if isinstance(value, pandas.Timestamp) else value


@pytest.mark.slow
@limits(max_examples=400)
@given(forms())
def test_any_accepted_answer_reaches_the_model_with_the_exact_type_of_the_signature(drawn):
    signature, taken, questions, rows = drawn
    form = spec.build(questions, {})
    sent = as_sent(form, rows, taken)
    if not sent:
        return
    table = casts.table(sent, [(column["name"], column["type"]) for column in taken])

    for column in taken:
        given, shape = table[column["name"]], column["type"]
        gaps = any(row[column["name"]] is None for row in sent)
        assert not (gaps and column["required"])
        if isinstance(shape, str):
            assert str(given.dtype) == (MISSING if gaps else WIDTHS)[shape]
        for value in given:
            if value is None or value is pandas.NA or (not isinstance(shape, dict) and pandas.isna(value)):
                assert gaps
            elif isinstance(shape, dict):
                exact(value, shape)
    whole = [column for column in taken if all(row[column["name"]] is not None for row in sent)]
    if len(whole) == len(taken):
        asked = table.copy()
        for name in [column["name"] for column in taken if isinstance(column["type"], dict)]:
            asked[name] = pandas.Series([as_mlflow_asks(value) for value in table[name]], dtype=object)
        enforced = _enforce_schema(asked, Schema.from_json(json.dumps(signature)))
        assert list(enforced.dtypes) == list(table.dtypes)


GROUP = {"type": "object", "properties": {"a": {"type": "long", "required": False}, "in": {
    "type": "object", "required": True, "properties": {"b": {"type": "long", "required": False}}}}}  # fmt: skip


@pytest.mark.parametrize(
    ("required", "given", "arrives"),
    [
        (True, {}, {"in": {}}),
        (False, {}, None),
        (False, {"g.a": 1}, {"a": 1, "in": {}}),
        (True, {"g.in.b": 2}, {"in": {"b": 2}}),
    ],
)
def test_a_group_that_is_needed_arrives_even_when_none_of_its_parts_is_known(required, given, arrives):
    column = columns.read(GROUP | {"name": "g", "required": required})
    assert columns.row([column], given) == {"g": arrives}


# Every kind of question, those of a number also with units: of a factor, with an offset, and of powers of ten.
UNITS = {"kg": ["g", "[lb_av]"], "Cel": ["[degF]", "K"], "g": ["kg"], "ng": ["kg"]}
ASKED = [
    *({"type": kind, "over": {"unit": unit, "units": others}} for kind in ("double", "float", "long", "integer") for unit, others in UNITS.items()),
    *({"type": "double", "over": {"unit": unit, "units": others, "integer": True}} for unit, others in UNITS.items()),
    *({"type": "datetime", "over": {"zone": zone}} for zone in ZONES), {"type": "datetime", "over": {"day_only": True}},
    {"type": "string", "over": {}}, {"type": "boolean", "over": {}}, {"type": "binary", "over": {}},
    {"type": "long", "over": {"options": [{"value": 1, "label": "One"}]}},
    *({"type": shape.format(kind), "over": {}} for shape in ("array({})", "array(array({}))", "map({})") for kind in columns.ITEMS),
]  # fmt: skip
LARGE = st.sampled_from(["1e308", "-1e308", 1.7e308, 10**39, 10**350, "9" * 350, "1e-320", "1e9999"])
ONE = MOMENT | NUMBER | NUMBER.map(str) | LARGE | ODD
JSON = st.recursive(ONE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6)  # fmt: skip
ODD_UNITS = ["", "furlong", 5, None, ["g"]]


@st.composite
def sendings(draw):
    """A question with something that could be sent for it, mostly of its kind, and a unit, mostly one that it offers."""
    asked = draw(st.sampled_from(ASKED))
    near = {"datetime": MOMENT, "string": ONE}.get(asked["type"], LARGE | NUMBER.map(str))
    offered = asked["over"].get("units", [])
    return asked, draw(near | JSON), draw(st.sampled_from(offered or ODD_UNITS) | st.sampled_from(ODD_UNITS))


@limits(max_examples=600)
@given(sendings(), st.sampled_from(ZONES[2:]))
def test_nothing_that_is_sent_raises_and_what_is_accepted_is_finite(sending, clock):
    asked, sent, unit = sending
    form = spec.build([{"name": "x", "type": asked["type"], "required": True}], {"x": asked["over"]})
    with override_settings(TIME_ZONE=clock):
        found = answers.check(form, {"x": sent}, {"x": unit})

    assert bool(found.errors) != bool(found.given)
    json.dumps([answer.value for answer in found.given.values()], allow_nan=False)


BEYOND = [
    ("datetime", {"zone": "Asia/Tokyo"}, "9999-12-31T23:59-05:00", "", "X: the year 9999 is not possible. Allowed: 1678 to 2261."),
    ("datetime", {"zone": "Asia/Tokyo"}, "0001-01-01T00:00+05:00", "", "X: the year 1 is not possible. Allowed: 1678 to 2261."),
    ("long", {"unit": "g", "units": ["kg"]}, "1e308", "kg", "X: 1e+308 kg is too large to be a measurement."),
    ("double", {"unit": "g", "units": ["kg"]}, "1e308", "kg", "X: 1e+308 kg is too large to be a measurement."),
    ("double", {}, 10**350, "", "X: 10000000000000000000 is too large to be a measurement."),
    ("double", {"unit": "g", "units": ["kg"]}, "1", 5, "X: the unit 5 is not offered. Allowed: g, kg."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "over", "sent", "unit", "sentence"), BEYOND)
def test_what_is_beyond_all_clocks_and_scales_is_refused_with_a_sentence(kind, over, sent, unit, sentence):
    form = spec.build([{"name": "x", "type": kind, "required": True}], {"x": over})
    assert answers.check(form, {"x": sent}, {"x": unit}).errors == {"x": sentence}


@given(NUMBER)
def test_a_number_that_is_accepted_is_the_number_that_arrives(number):
    form = spec.build([{"name": kind, "type": kind, "required": True} for kind in ("integer", "long", "double")], {})
    for kind in ("integer", "long", "double"):
        found = answers.check(form, {kind: str(number) if isinstance(number, int) else number}).given.get(kind)
        if found:
            assert casts.column([found.value], kind)[0] == number


TENSORS = [
    ({"dtype": "float32", "shape": [-1, 3]}, "1; 2; 3", (1, 3)),
    ({"dtype": "float64", "shape": [-1]}, "4.5", (1,)),
    ({"dtype": "int64", "shape": [-1, 1]}, "7", (1, 1)),
    ({"dtype": "int32", "shape": [-1, 2, 2]}, "1; 2\n3; 4", (1, 2, 2)),
    ({"dtype": "bool", "shape": [-1, 2]}, "yes\nno", (1, 2)),
    ({"dtype": "float64", "shape": [-1, -1]}, "1\n2\n3\n4", (1, 4)),
]


@pytest.mark.parametrize(("described", "answer", "shape"), TENSORS)
def test_a_named_tensor_is_asked_as_a_list_and_arrives_as_an_array_of_its_own_type(described, answer, shape):
    column = columns.read({"type": "tensor", "tensor-spec": described, "name": "t"})
    form = spec.build(columns.questions(column), {})
    (row,) = as_sent(form, [{"t": answer}], [column])
    found = casts.table([row], [(column["name"], column["type"])])["t"]

    assert (str(found.dtype), found.shape) == (described["dtype"], shape)
    assert answers.check(form, {"t": "1; 2; 3; 4; 5"}).errors or -1 in shape or described["shape"] == [-1, -1]


def test_the_one_tensor_without_a_name_is_asked_as_a_list_and_arrives_as_the_array_itself():
    column = columns.read({"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}})
    (question,) = columns.questions(column)
    (row,) = as_sent(spec.build([question], {}), [{"values": "1.5; 2"}], [column])
    found = casts.table([row], [(column["name"], column["type"])])

    assert (question["name"], str(found.dtype), found.tolist()) == ("values", "float32", [[1.5, 2.0]])


LISTS = [
    ("array(double)", "1.5\n2", [1.5, 2.0], ""),
    ("array(double)", "1.5, 2", [1.5, 2.0], ""),
    ("array(double)", "1,5", None, "X: value 1: write 1.5 with a point; you wrote 1,5."),
    ("array(long)", "1; 2.5", None, "X: value 2: 2.5 is not a whole number."),
    ("array(string)", "pain, left\nnone", ["pain, left", "none"], ""),
    ("array(boolean)", "yes\nno", [True, False], ""),
    ("array(array(long))", "1; 2\n3", [[1, 2], [3]], ""),
    ("map(double)", "pulse: 72\ntemp = 37.5", {"pulse": 72.0, "temp": 37.5}, ""),
    ("map(double)", "pulse 72", None, "X: write a name, a colon and the value on each line, as “pulse: 72”."),
    ("array(double)", [], None, "X: give 1 to 20000 values."),
    ("array(double)", [1, None], None, "X: value 2: is empty."),
    ("integer", "2147483648", None, "X: 2147483648 is beyond what the model can take: −2\u202f147\u202f483\u202f648 to 2\u202f147\u202f483\u202f647."),
    ("long", "9007199254740993", 9007199254740993, ""),
    ("float", "1e39", None, "X: 1e+39 is too large for the model."),
    ("float", "1e-45", None, "X: 1e-45 is too small for the model; it would take it for 0."),
    ("datetime", "2026-11-08T14:02+05:00", "2026-11-08T10:02:00", ""),
    ("datetime", "2026-11-08 14:02", "2026-11-08T14:02:00", ""),
    ("datetime", "1600-01-01", None, "X: the year 1600 is not possible. Allowed: 1678 to 2261."),
    ("datetime", "soon", None, "X: “soon” is not a date with a time. Write it as 2026-11-08 14:02, or 2026-11-08T14:02+01:00."),
    ("binary", "not base64!", None, "X: send a file of at most 1 MB; a program sends it as base64 text."),
    ("binary", "AAEC", "AAEC", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "entered", "value", "sentence"), LISTS)
def test_how_each_kind_is_read(kind, entered, value, sentence, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    found = answers.check(spec.build([{"name": "x", "type": kind, "required": True}], {}), {"x": entered})

    assert (found.errors, [one.value for one in found.given.values()]) == (
        ({"x": sentence}, []) if sentence else ({}, [value])
    )
    if not sentence:
        assert repr(found.given["x"].value) == repr(value)


def test_a_model_with_a_clock_of_its_own_is_given_the_same_moment(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    form = spec.build([{"name": "x", "type": "datetime", "required": True}], {"x": {"zone": "UTC"}})
    at_noon = answers.check(form, {"x": "2026-07-01T12:00"}).given["x"]

    assert (at_noon.value, at_noon.conversion) == (
        "2026-07-01T10:00:00", "1 Jul 2026, 12:00 (CEST) = 1 Jul 2026, 10:00 (UTC)"
    )  # fmt: skip
    assert answers.check(form, {"x": "2026-10-25T02:30"}).errors["x"] == (
        "X: at that time the clocks were put back, so it came twice. Write 2026-10-25T02:30+02:00 for the first (CEST), "
        "2026-10-25T02:30+01:00 for the second (CET)."
    )
    assert answers.check(form, {"x": "2026-03-29T02:30"}).errors["x"] == (
        "X: at that time the clocks were put forward, so it never came. Write what they showed then."
    )
    assert answers.check(form, {"x": "2026-10-25T02:30+01:00"}).given["x"].value == "2026-10-25T01:30:00"


def test_a_group_that_may_be_left_out_is_left_out_whole_or_given_with_what_it_needs():
    shape = {"type": "object", "properties": {"pulse": {"type": "long", "required": True}, "note": {"type": "string", "required": False}}}  # fmt: skip
    column = columns.read(shape | {"name": "vitals", "required": False})
    form = spec.build(columns.questions(column), {})

    assert as_sent(form, [{}], [column]) == [{"vitals": None}]
    assert as_sent(form, [{"vitals.pulse": "72"}], [column]) == [{"vitals": {"pulse": 72}}]
    assert answers.check(form, {"vitals.note": "calm"}).errors == {
        "vitals.pulse": "Vitals.pulse is needed, because others of its group are given."
    }
