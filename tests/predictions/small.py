"""Very small models of every kind, as folders that the real scorer runs: each column is a line through x and y."""

import json
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

_FLAVOR = """flavors:
  onnx:
    data: model.onnx
    onnx_version: {version}
    providers: [CPUExecutionProvider]
mlflow_version: 3.17.2
signature:
  inputs: '{inputs}'
  outputs: '{outputs}'
"""
INPUTS = [{"type": "double", "name": "x", "required": True}, {"type": "double", "name": "y", "required": False}]


def write(folder: Path, columns: dict[str, tuple[float, float, float]], overlay: dict, link: str = "Identity") -> Path:
    """A model folder: column = link(a·x + b·y + c), with 2 in place of a missing y; Softmax goes over all columns."""
    folder.mkdir()
    (folder / "model.onnx").write_bytes(_graph(columns, link).SerializeToString())
    outputs = json.dumps([{"type": "double", "name": name} for name in columns])
    text = _FLAVOR.format(version=onnx.__version__, inputs=json.dumps(INPUTS), outputs=outputs)
    (folder / "MLmodel").write_text(text)
    (folder / "formulary.json").write_text(json.dumps(overlay))
    return folder


def _graph(columns: dict, link: str):
    lines = numpy.array(list(columns.values()), dtype=float)
    held = {"slopes": lines[:, :2].T, "offset": lines[:, 2][None, :], "two": numpy.array([[2.0]])}
    weights = [numpy_helper.from_array(value, name) for name, value in held.items()]
    nodes = [
        helper.make_node("IsNaN", ["y"], ["gone"]),
        helper.make_node("Where", ["gone", "two", "y"], ["filled"]),
        helper.make_node("Concat", ["x", "filled"], ["both"], axis=1),
        helper.make_node("MatMul", ["both", "slopes"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["scores"]),
        helper.make_node(link, ["scores"], ["linked"], **({"axis": 1} if link == "Softmax" else {})),
        helper.make_node("Split", ["linked"], list(columns), axis=1),
    ]
    double = TensorProto.DOUBLE
    inputs = [helper.make_tensor_value_info(name, double, [None, 1]) for name in ("x", "y")]
    outputs = [helper.make_tensor_value_info(name, double, [None, 1]) for name in columns]
    graph = helper.make_graph(nodes, "small", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
