"""The form of an acceptance case: what is asked, and what is read of what was typed."""

from portal.registry import answers, conditions, spec
from portal.registry.spec import FormSpec
from portal.web.clinic import possible
from portal.web.clinic.forms import how

_FOLLOWS = ("absolute", "relative")
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


def questions(form: FormSpec, typed) -> list[dict]:
    """The questions of the form by group, each with what was typed; tracings come with the model's folder alone."""
    return [
        {"title": title, "fields": [_question(form, field, typed) for field in fields if not field.is_file]}
        for title, fields in form.groups()
    ]


def columns(version, typed) -> list[dict]:
    """What the model gives, what the form's output speaks of first; the first of all is its headline, the `head`."""
    named = [column["name"] for column in version.facts["outputs"] if column["name"]] or ["prediction"]
    output = version.overlay.get("output", {})
    headline, told = output.get("column"), _told(output)
    ordered = sorted(named, key=lambda name: (name != headline, name not in told, named.index(name)))
    parts = ("value", *_FOLLOWS)
    return [
        {
            "name": name,
            "key": f"value.{name}",
            "head": name == ordered[0],
            "typed": {part: typed.get(f"{part}.{name}", "") for part in parts},
        }
        for name in ordered
    ]


def others_given(columns: list[dict], errors: dict) -> bool:
    """Whether something was typed for another output than the headline, or is wrong with one."""
    return any(column["key"] in errors or any(column["typed"].values()) for column in columns if not column["head"])


def read(typed, version) -> dict:
    """The case that was typed, as evidence.cases takes it; what is left empty is left out."""
    form, expected = spec.form_of(version), {}
    names = sorted(name for name in form.names if not form[name].is_file)
    kinds = {column["name"] or "prediction": column["type"] for column in version.facts["outputs"]}
    for column in columns(version, typed):
        given = {part: text.strip() for part, text in column["typed"].items() if text.strip()}
        if given:
            kind = kinds.get(column["name"], "")
            expected[column["name"]] = {
                part: _value(text, kind if part == "value" else "double") for part, text in given.items()
            }
    return {
        "name": typed.get("name", ""), "why": typed.get("why", ""),
        "inputs": {name: typed[f"in.{name}"] for name in names if typed.get(f"in.{name}", "").strip()},
        "units": {name: typed[f"unit.{name}"] for name in names if typed.get(f"unit.{name}", "").strip()},
        "expected": expected,
    }  # fmt: skip


def errors_of(found: dict[str, str]) -> dict[str, str]:
    """The errors by the name of the field on the page."""
    names = {"name": "name", "why": "why", "expected": "expected"}
    return {
        names.get(name)
        or (name.replace("expected.", "value.", 1) if name.startswith("expected.") else f"in.{name}"): text
        for name, text in found.items()
    }


def _question(form: FormSpec, field, typed) -> dict:
    units = [field.unit, *field.units] if field.units else []
    return {
        "field": field,
        "value": typed.get(f"in.{field.name}", ""),
        "units": units,
        "unit": typed.get(f"unit.{field.name}", ""),
        "possible": " or ".join(dict.fromkeys(possible.range_of(field, unit) for unit in units or [field.unit])),
        "condition": conditions.sentence(form, field),
        "how": how(field),
    }


def _told(output: dict) -> set[str]:
    several = output.get("columns", [])
    said = [output, *(one for one in several if isinstance(one, dict))]
    return {one[part] for one in said for part in ("column", "lower", "upper") if one.get(part)}


def _value(text: str, kind: str):
    """What was typed as the model's output of this type gives it; as a text where it cannot be read so."""
    if kind.startswith("array("):
        parts = text.replace("\n", ";").split(";")
        return [_value(part.strip(), kind[len("array(") : -1]) for part in parts if part.strip()]
    return _READERS.get(kind, _guess)(text)


def _number(text: str):
    try:
        return answers.number(text)
    except answers.Refusal:
        return text


def _yes_no(text: str):
    return _YES_NO.get(text.casefold(), text)


def _guess(text: str):
    """Where the signature says nothing of an output: a number where it is one, true and false as such, else the text."""
    return _YES_NO[text.casefold()] if text.casefold() in ("true", "false") else _number(text)


_READERS = {
    "boolean": _yes_no, "string": str, "datetime": str,
    **dict.fromkeys(("long", "integer", "double", "float"), _number),
}  # fmt: skip
