"""From plain JSON values to exactly the types of a signature: what a model is given is built here and nowhere else.

A whole number or yes/no that is not known stands as missing in pandas' nullable type of the same width, never as a float.
"""

import base64

import numpy
import pandas

NUMPY = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool"}
NULLABLE = {"long": "Int64", "integer": "Int32", "boolean": "boolean"}
NUMBERS = frozenset({"double", "float", "long", "integer"})
# As many numbers as a list may have, in and out; a minute of an ECG at 500 a second has 30,000.
LONGEST_LIST = 100_000


class BadValue(ValueError):
    """A value that is none of its column."""


def table(rows: list[dict], inputs: list):
    """The rows as a model takes them: a DataFrame, or arrays by name, or the one without a name, where the signature is of tensors."""
    columns = {name: [row.get(name) for row in rows] for name, _ in inputs}
    if inputs and all(is_tensor(kind) for _, kind in inputs):
        arrays = {name: tensor(columns[name], kind) for name, kind in inputs}
        # A signature of one array without a name: the model takes the array itself.
        return arrays[inputs[0][0]] if inputs[0][1].get("bare") else arrays
    return pandas.DataFrame({name: column(columns[name], kind) for name, kind in inputs})


def is_tensor(kind) -> bool:
    """Whether a column is one of a tensor signature."""
    return isinstance(kind, dict) and kind["type"] == "tensor"


def column(values: list, kind):
    """The values of one column in its exact type."""
    kind = _listed(kind)
    if isinstance(kind, dict):
        return _objects([None if value is None else _nested(value, kind) for value in values])
    if kind in NULLABLE and None in values:
        return pandas.array(values, dtype=NULLABLE[kind])
    if kind in NUMPY:
        return numpy.array(values, dtype=NUMPY[kind])
    if kind == "datetime":
        return numpy.array(values, dtype="datetime64[ns]")
    return _objects([None if value is None else scalar(value, kind) for value in values])


def scalar(value, kind: str):
    """One value inside a group or map, as MLflow gives it."""
    if kind in NUMPY:
        return numpy.dtype(NUMPY[kind]).type(value)
    if kind == "datetime":
        return pandas.Timestamp(value)
    if kind == "binary":
        return base64.b64decode(value, validate=True)
    return value


def tensor(values: list, kind: dict):
    """The rows of one tensor."""
    sizes = kind["shape"][1:]
    found = numpy.array(values, dtype=kind["dtype"])
    return found.reshape(len(values), *sizes) if sizes and -1 not in sizes else found


def _listed(kind):
    """A list as MLflow writes its type; versions of before have it as one word."""
    return {"type": "array", "items": "double"} if kind == "array(double)" else kind


def _nested(value, shape):
    if isinstance(shape, str):
        return scalar(value, shape)
    if shape["type"] == "object":
        parts = shape["properties"]
        return {name: _nested(part, parts[name]["type"]) for name, part in value.items()}
    if shape["type"] == "map":
        return {name: _nested(part, shape["values"]) for name, part in value.items()}
    if isinstance(shape["items"], dict):
        return [_nested(part, shape["items"]) for part in value]
    return _list(value, shape["items"])


def _list(value, kind: str):
    if not isinstance(value, list) or not 0 < len(value) <= LONGEST_LIST:
        raise BadValue
    if kind == "string":
        return numpy.array(value, dtype=object)
    found = numpy.array(value, dtype="datetime64[ns]" if kind == "datetime" else NUMPY[kind])
    if found.ndim != 1 or (kind in NUMBERS and not numpy.isfinite(found).all()):
        raise BadValue
    return found


def _objects(values: list):
    found = numpy.empty(len(values), dtype=object)
    found[:] = values
    return pandas.Series(found, dtype=object)
