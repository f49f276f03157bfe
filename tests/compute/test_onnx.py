"""ONNX models with inputs of every kind: what the form gives arrives in the graph's own type and shape, or a sentence says why not."""

import json

import onnx
import pytest
from django.conf import settings
from onnx import TensorProto, helper

from portal.compute.runtime.client import Client, ModelRefused
from tests.compute.test_scorer import keep

KINDS = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "long": TensorProto.INT64, "integer": TensorProto.INT32, "boolean": TensorProto.BOOL}  # fmt: skip
PAIR = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}


@pytest.fixture
def client(scorer) -> Client:
    return Client(str(settings.SCORER_SOCKET))


def graph(kind: int, width, name: str = "x"):
    """A model that sums what it is given, as doubles."""
    nodes = [
        helper.make_node("Cast", [name], ["wide"], to=TensorProto.DOUBLE),
        helper.make_node("ReduceSum", ["wide", "axis"], ["y"], keepdims=1),
    ]
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    ends = ([helper.make_tensor_value_info(name, kind, [None, width])], [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, 1])])  # fmt: skip
    made = helper.make_graph(nodes, "g", *ends, [axis])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def model(folder, column: dict, made):
    folder.mkdir()
    onnx.save(made, str(folder / "model.onnx"))
    inputs, outputs = json.dumps(json.dumps([column])), json.dumps(json.dumps([{"type": "double", "name": "y"}]))
    (folder / "MLmodel").write_text(
        f"flavors:\n  onnx:\n    data: model.onnx\nsignature:\n  inputs: {inputs}\n  outputs: {outputs}\n"
    )
    (folder / "requirements.txt").write_text("onnxruntime\nnumpy\n")
    return keep(folder)


@pytest.mark.parametrize(
    ("column", "kind", "width", "given", "sum_of_them"),
    [
        ({"type": "long", "name": "x"}, "long", 1, 2**53 + 2, 2.0**53 + 2),
        ({"type": "integer", "name": "x"}, "integer", 1, 7, 7.0),
        ({"type": "boolean", "name": "x"}, "boolean", 1, True, 1.0),
        ({"type": "array", "items": {"type": "double"}, "name": "x"}, "double", None, [1.5, 2.0, 3.0], 6.5),
        ({"type": "array", "items": {"type": "long"}, "name": "x"}, "long", None, [1, 2], 3.0),
        (PAIR | {"name": "x"}, "float", 2, [1.5, 2.0], 3.5),
        (PAIR, "float", 2, [1.5, 2.0], 3.5),
    ],
)
def test_a_value_of_each_kind_reaches_the_graph(client, tmp_path, column, kind, width, given, sum_of_them):
    found = model(tmp_path / "m", column, graph(KINDS[kind], width, "x" if "name" in column else "anything"))
    scores = client.score(found, [{column.get("name", "values"): given}])
    assert scores.columns == {"y": [sum_of_them]}


@pytest.mark.parametrize("kind", ["long", "integer", "boolean"])
def test_a_blank_that_the_graph_cannot_hold_is_refused_with_its_reason(client, tmp_path, kind):
    found = model(tmp_path / "m", {"type": kind, "name": "x", "required": False}, graph(KINDS[kind], 1))
    with pytest.raises(ModelRefused) as refusal:
        client.score(found, [{"x": None}])
    assert refusal.value.code == "no_blank"
