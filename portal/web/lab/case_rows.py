"""Acceptance cases as a table shows them: labels instead of names, numbers at the length at which people read them."""

from decimal import Decimal

from portal.registry import spec
from portal.registry.spec import FormSpec


def of(page) -> list[dict]:
    """Each case with what is asked, and for each column what it must give and what it gave."""
    form = spec.form_of(page.version)
    return [row | {"asked": _asked(form, row["content"]), "columns": _columns(row)} for row in page.cases]


def _asked(form: FormSpec, content: dict) -> list[tuple[str, str]]:
    given = content["inputs"]
    return [
        (field.label, _said(field, given.get(field.name), content["units"])) for field in form.fields if field.asked
    ]


def _said(field, value, units: dict) -> str:
    if value in (None, ""):
        return "not known"
    if isinstance(value, dict):
        return "a tracing in the model's folder"
    label = next((option.label for option in field.options if str(option.value) == str(value)), "")
    return label or f"{value} {units.get(field.name) or field.unit_label}".strip()


def _columns(row: dict) -> list[dict]:
    tried = {column["column"]: column for column in (row["tried"] or {}).get("columns", ())}
    return [
        {"name": name, "wanted": _short(wanted["value"]), "tolerance": _tolerance(wanted),
         "gave": _short(tried[name]["got"]) if name in tried else "", "within": name in tried and tried[name]["within"]}
        for name, wanted in row["content"]["expected"].items()
    ]  # fmt: skip


def _tolerance(wanted: dict) -> str:
    value = wanted["value"]
    if isinstance(value, str | bool):
        return ""
    parts = [_plain(wanted["absolute"])] if wanted["absolute"] else []
    parts += [f"{_plain(wanted['relative'] * 100)} %"] if wanted["relative"] else []
    return " + ".join(parts) or "0"


def _plain(value: float) -> str:
    """A tolerance without an exponent: clinicians read 0.000001, not 1e-06."""
    return f"{Decimal(f'{value:.6g}'):f}"


def _short(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{len(value)} numbers"
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value) or "an empty text"
