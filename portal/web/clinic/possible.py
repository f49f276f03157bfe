"""What an answer can be at all, in the unit in which it is being given."""

from dataclasses import replace

from portal.records import units as measures
from portal.registry import answers
from portal.registry.spec import Field


def range_of(field: Field, unit: str) -> str:
    """The hard range in that unit, in the model's own where it cannot be told in it; empty where nothing bounds it."""
    if field.minimum is None and field.maximum is None:
        return ""
    line = None if unit == field.unit else measures.line(unit, field.unit, field.analyte or None)
    if not line:
        return answers.allowed(field)
    low, high = (_back(bound, *line) for bound in (field.minimum, field.maximum))
    return answers.allowed(replace(field, minimum=low, maximum=high, unit_label=measures.display_unit(unit)))


def _back(bound: float | None, factor: float, offset: float) -> float | None:
    return None if bound is None else float(f"{(bound - offset) / factor:.4g}")
