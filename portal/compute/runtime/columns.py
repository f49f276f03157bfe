"""The columns of an MLflow signature, and the questions that a form makes of each.

A column is `name`, `type`, `required`; its type is one word (SCALARS) or, for what is nested, an object as MLflow writes it.
A question is a column that is one word or a list of them, or a part of a column, named by its path (`vitals.pulse`).
"""

SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")
# What may stand in a list, and what a tensor's numbers are called as a column.
ITEMS = tuple(kind for kind in SCALARS if kind != "binary")
TENSORS = {"float64": "double", "float32": "float", "int64": "long", "int32": "integer", "bool": "boolean", "str": "string", "object": "string"}  # fmt: skip
DEEPEST = 6
# What the one tensor of a signature is called here when it has no name: MLflow makes such a signature of an array.
UNNAMED = "values"


class Unaskable(ValueError):
    """A column that no form can ask for; the sentence says why and what to do."""


def read(column: dict) -> dict:
    """A column as the scorer needs it, from a signature's JSON."""
    kind, name = column.get("type", ""), column.get("name")
    if kind == "tensor":
        spec = column.get("tensor-spec") or {}
        kind = {"type": "tensor", "dtype": str(spec.get("dtype", "")), "shape": list(spec.get("shape", []))}
        if name is None:
            kind["bare"], name = True, UNNAMED
    elif kind in ("array", "object", "map"):
        kind = _nested(column, 0)
    return {
        "name": "" if name is None else str(name),
        "type": kind if isinstance(kind, dict) else str(kind),
        "required": bool(column.get("required", True)),
    }


def _nested(shape: dict, depth: int) -> dict | str:
    kind = shape["type"]
    if depth > DEEPEST:
        raise Unaskable("it is nested too deeply")
    if kind == "array":
        return {"type": "array", "items": _nested(shape["items"], depth + 1)}
    if kind == "map":
        return {"type": "map", "values": _nested(shape["values"], depth + 1)}
    if kind == "object":
        parts = {
            str(name): {"type": _nested(part, depth + 1), "required": bool(part.get("required", True))}
            for name, part in shape["properties"].items()
        }
        return {"type": "object", "properties": parts}
    return str(kind)


def questions(column: dict) -> list[dict]:
    """What a form asks to fill a column: each `name`, `type`, `required`, and where it matters `sizes` and `within`.

    Raises Unaskable for a column that no form can ask for.
    """
    return _ask(column["name"], column["type"], column["required"], "")


def _ask(path: str, shape, required: bool, within: str) -> list[dict]:
    if isinstance(shape, dict) and shape["type"] == "object":
        if not shape["properties"]:
            raise Unaskable("it is a group without parts")
        inner = within or ("" if required else path)
        return [
            asked
            for name, part in shape["properties"].items()
            for asked in _ask(f"{path}.{name}", part["type"], part["required"], inner)
        ]
    found = {"name": path, "required": required and not within} | _one(shape)
    # A part that is needed as soon as any other of its group is given.
    return [found | ({"within": within} if within and required else {})]


def _one(shape) -> dict:
    if isinstance(shape, str):
        return {"type": _scalar(shape, SCALARS)}
    if shape["type"] == "tensor":
        return _tensor(shape)
    if shape["type"] == "map":
        if not isinstance(shape["values"], str):
            raise Unaskable(
                "it holds groups under names that the model does not fix. Give each name a column of its own"
            )
        return {"type": f"map({_scalar(shape['values'], ITEMS)})"}
    items = shape["items"]
    if isinstance(items, dict) and items["type"] == "array" and isinstance(items["items"], str):
        return {"type": f"array(array({_scalar(items['items'], ITEMS)}))"}
    if isinstance(items, dict):
        raise Unaskable("it is a list of groups. Give each part of a group a list, or a column, of its own")
    return {"type": f"array({_scalar(items, ITEMS)})"}


def _scalar(kind: str, allowed: tuple[str, ...]) -> str:
    if kind in allowed:
        return kind
    if kind == "any":
        raise Unaskable("its type is “any”, which does not say what to ask. Give it the type that the model takes")
    if kind == "binary":
        raise Unaskable("it is a list of files; a form takes one file for a column")
    raise Unaskable(f"of the type {kind or '(none)'} nothing can be asked. Give it one of: {', '.join(SCALARS)}")


def _tensor(shape: dict) -> dict:
    kind, (rows, *sizes) = TENSORS.get(shape["dtype"]), shape["shape"] or [0]
    if kind is None:
        raise Unaskable(f"its numbers are {shape['dtype'] or 'unnamed'}. Take one of: {', '.join(TENSORS)}")
    if rows != -1:
        raise Unaskable("its first dimension is not -1, so it does not take one patient after the other")
    if len(sizes) > 2:
        raise Unaskable("it has more than two dimensions, which nobody can type. Let the model read a file")
    sizes = [] if sizes == [1] else sizes
    word = kind
    for _ in sizes:
        word = f"array({word})"
    return {"type": word} | ({"sizes": sizes} if sizes else {})


def row(columns: list[dict], values: dict) -> dict:
    """One row for the scorer: what was answered, put together as the model's columns; None where nothing is known."""
    return {column["name"]: _put_together(column["name"], column, values) for column in columns}


def _put_together(path: str, column: dict, values: dict):
    shape = column["type"]
    if not isinstance(shape, dict) or shape["type"] != "object":
        return values.get(path)
    # A group that the model needs is there even when none of its parts is, as long as it needs none of them.
    if not column["required"] and not _is_given(path, shape, values):
        return None
    parts = {name: _put_together(f"{path}.{name}", part, values) for name, part in shape["properties"].items()}
    return {name: value for name, value in parts.items() if value is not None}


def _is_given(path: str, shape, values: dict) -> bool:
    if not isinstance(shape, dict) or shape["type"] != "object":
        return values.get(path) is not None
    return any(_is_given(f"{path}.{name}", part["type"], values) for name, part in shape["properties"].items())
