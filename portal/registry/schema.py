"""The form of a version as JSON Schema, for programs."""

from portal.registry import conditions
from portal.registry.spec import Field, FormSpec

_TYPES = {"number": "number", "integer": "integer", "text": "string", "boolean": "boolean", "date": "string", "moment": "string", "file": "string"}  # fmt: skip
_FORMATS = {"date": {"format": "date"}, "moment": {"x-zone": "local unless an offset is given"}, "file": {"contentEncoding": "base64"}}  # fmt: skip


def json_schema(spec: FormSpec, *, title: str) -> dict:
    """JSON Schema (2020-12) of a version's inputs; `x-` members carry units and what the record can fill."""
    asked = [field for field in spec.fields if field.asked]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {field.name: _property(spec, field) for field in asked},
        "required": [field.name for field in asked if _is_needed(field)],
        "additionalProperties": False,
    }


def _is_needed(field: Field) -> bool:
    return field.required and not field.record and not field.when and field.default is None


def _property(spec: FormSpec, field: Field) -> dict:
    shape = {"title": field.label} | _values(field)
    extras = {
        "description": field.help,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "x-unit": field.unit,
        "x-units": list(field.units),
        "x-usual-minimum": field.usual_min,
        "x-usual-maximum": field.usual_max,
        "x-group": field.group,
        "x-required": field.required or None,
        "x-from-record": bool(field.record) or None,
        "x-protected": field.protected or None,
        "x-only-when": conditions.sentence(spec, field),
        "default": field.default,
    }
    return shape | {name: value for name, value in extras.items() if value not in (None, "", [])}


def _values(field: Field) -> dict:
    if field.kind == "choice":
        values = [option.value for option in field.options]
        blank = [None] if not field.required else []
        return {"enum": values + blank, "x-labels": [option.label for option in field.options]}
    if field.is_tracing:
        return _file(field)
    shape = _shape(field)
    return shape if field.required else shape | {"type": [shape["type"], "null"]}


def _shape(field: Field) -> dict:
    if not field.holds_many:
        return {"type": _TYPES[field.kind]} | _FORMATS.get(field.kind, {})
    item = _shape(field.item)
    if field.kind == "pairs":
        return {"type": "object", "additionalProperties": item}
    for size in reversed(field.sizes or ((-1, -1) if field.kind == "rows" else (-1,))):
        item = {"type": "array", "items": item} | ({"minItems": size, "maxItems": size} if size != -1 else {})
    return item


def _file(field: Field) -> dict:
    """A file inside a document: as base64 text, or as an object when a person vouches for whose tracing it is."""
    content = {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/dicom"}
    vouched = {
        "type": "object", "required": ["file"], "additionalProperties": False,
        "properties": {"file": content, "patient_confirmed": {"type": "boolean"}},
    }  # fmt: skip
    return {"oneOf": [content, vouched], "x-lead": field.tracing["lead"]}
