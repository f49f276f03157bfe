"""No page's own values take the place of what the frame of every page shows."""

import ast
from pathlib import Path

WEB = Path(__file__).parents[2] / "portal" / "web"


def keys(tree) -> set[str]:
    dicts = (node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    return {key.value for node in dicts for key in node.keys if isinstance(key, ast.Constant)}


def frame_keys() -> set[str]:
    tree = ast.parse((WEB / "context.py").read_text())
    (frame,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "frame")
    return keys(frame)


def test_no_view_gives_a_value_under_a_name_of_the_frame():
    wanted = frame_keys()
    assert {"told", "doors", "depth"} <= wanted
    views = [path for path in WEB.rglob("*.py") if path.name != "context.py"]
    assert [(path.name, found) for path in views if (found := keys(ast.parse(path.read_text())) & wanted)] == []
