"""Building the envelope: where every input came from, what was missing or unusual, and whose model answered."""

import base64
from datetime import datetime
from hashlib import sha256

from portal.core import days, shares
from portal.datasets.signals import Signal
from portal.predictions import before, tracings
from portal.predictions.found import Found
from portal.predictions.prefill import NOT_LISTED, Prefilled
from portal.registry import conditions
from portal.registry.answers import Answer, Answers
from portal.registry.models import ModelVersion, Signature
from portal.registry.spec import Field, FormSpec

# A result is old after so many days where its model's form says nothing else.
STALE_AFTER_DAYS = 30


def inputs_of(form: FormSpec, found: Answers, prefilled: dict[str, Prefilled], from_record: set[str]) -> dict:
    """What the model will be given and where each value came from; JSON values only."""
    shown_ones = {name: answer for name, answer in found.given.items() if form[name].asked or not form[name].setting}
    rows = [_row(form[name], answer, prefilled, from_record) for name, answer in shown_ones.items()]
    return {
        "values": {name: answer.value for name, answer in found.given.items()},
        "rows": sorted(rows, key=lambda row: form[row["name"]].order),
        "missing": [_missing(form[name], prefilled.get(name)) for name in found.missing],
        "not_asked": [_not_asked(form, form[name]) for name in found.hidden],
        "used": [{"name": row["name"], **used} for row in rows if (used := _used(row, prefilled))],
        "out_of_range": [
            {"name": name, "sentence": f"{form[name].label}: {text}"} for name, text in found.warnings.items()
        ],
    }


def finish(inputs: dict, *, about: dict, found: Found, facts: dict) -> dict:
    """The whole envelope of an answer; `output` is None where the model gave no number."""
    asked = len(inputs["rows"]) + len(inputs["missing"])
    return {
        "reading": found.reading,
        "output": found.output,
        "inputs": inputs["rows"],
        "signals": inputs.get("signals", []),
        "missing": [_spanned(item, found) for item in inputs["missing"]],
        "not_asked": inputs.get("not_asked", []),
        "span": found.spans.get(""),
        "out_of_range": inputs["out_of_range"],
        "distance": found.distance,
        "contributions": _named(found.contributions, inputs),
        "not_validated": inputs.get("not_validated", []),
        "unchecked": inputs.get("unchecked", []),
        "completeness": {"given": len(inputs["rows"]), "asked": asked, "not_listed": _not_listed(inputs["rows"])},
        "model": about,
        "run": facts,
    }


def _not_listed(rows: list[dict]) -> int:
    """How many inputs are “No” for no other reason than that the problem is not on the list."""
    return sum(row["source"] == "record" and row.get("source_text") == NOT_LISTED for row in rows)


def _spanned(item: dict, found: Found) -> dict:
    if found.output is None:
        # Nothing stood in for it: there is no answer.
        return {"name": item["name"], "label": item["label"], "sentence": "Not known."}
    return item | ({"span": found.spans[item["name"]]} if item["name"] in found.spans else {})


def _named(account: dict | None, inputs: dict) -> dict | None:
    """The account with each input's label and value; an input that was not known says what stood for it."""
    if account is None:
        return None
    known = {row["name"]: row for row in inputs["rows"]}
    gone = {item["name"]: item for item in inputs["missing"]}
    rows = []
    for part in account["rows"]:
        if "label" in part:  # a feature of a tracing, which says itself what it is
            rows.append(part)
            continue
        row = known.get(part["name"]) or gone.get(part["name"]) or {"label": part["name"]}
        rows.append(part | {
            "label": row["label"], "missing": part["name"] in gone,
            "shown": row.get("shown") or _stand_in(row),
        })  # fmt: skip
    return account | {"rows": rows}


def _stand_in(row: dict) -> str:
    return f"not known; {row['stood_in']} stood in" if row.get("stood_in") else "not known"


def about(version: ModelVersion, signed: tuple[Signature, ...]) -> dict:
    """Whose model it is: name, version, digest, approvers and last day."""
    return {
        "slug": version.model.slug,
        "title": version.model.title,
        "version": version.number,
        "digest": version.digest,
        "approved_by": [signature.printed_name for signature in signed],
        "approved_at": version.approved_at.isoformat() if version.approved_at else None,
        "expires_on": version.expires_on.isoformat() if version.expires_on else None,
        "synthetic": bool(version.overlay.get("synthetic")),
        "intended_use": version.overlay.get("intended_use", ""),
        "cautions": version.overlay.get("cautions", []),
        "not_considered": version.overlay.get("not_considered", []),
        "stale_after_days": version.overlay.get("stale_after_days", STALE_AFTER_DAYS),
    }


def _row(field: Field, answer: Answer, prefilled: dict[str, Prefilled], from_record: set[str]) -> dict:
    if isinstance(answer.entered, Signal):
        return _file_row(field, answer.entered)
    if field.kind == "file":
        return _bytes_row(field, answer)
    known = prefilled.get(field.name)
    used = field.name in from_record or (known is not None and known.value == answer.value)
    row = {
        "name": field.name,
        "label": field.label,
        "value": answer.value,
        "shown": shown(field, answer.value),
        "entered": answer.entered,
        "unit": field.unit_label,
        "conversion": answer.conversion,
        "source": _origin(field, known if used else None),
        "warning": answer.warning,
    }
    return row | (_provenance(known) if known and used else {})


def _origin(field: Field, known: Prefilled | None) -> str:
    if not field.asked:
        return "fixed"
    return "typed" if known is None else "proposed" if known.proposed else "record"


def _not_asked(form: FormSpec, field: Field) -> dict:
    return {"name": field.name, "label": field.label, "sentence": conditions.sentence(form, field)}


def _bytes_row(field: Field, answer: Answer) -> dict:
    content = base64.b64decode(answer.value)
    shown = f"a file of {max(1, round(len(content) / 1000))} kB"
    return {
        "name": field.name, "label": field.label, "value": sha256(content).hexdigest(), "shown": shown, "entered": None,
        "unit": "", "conversion": "", "source": "file", "warning": "", "source_text": "sent along with the form",
    }  # fmt: skip


def _used(row: dict, prefilled: dict[str, Prefilled]) -> dict | None:
    known = prefilled[row["name"]] if row["source"] == "record" else None
    return known.used | {"value": known.value} if known and known.used else None


def _file_row(field: Field, signal: Signal) -> dict:
    shown = f"{signal.seconds:g} s of lead {signal.lead}"
    return {
        "name": field.name, "label": field.label, "value": signal.upload.digest, "shown": shown, "entered": None, "unit": "",
        "conversion": "", "source": "file", "warning": "", "source_text": tracings.source_text(signal),
    }  # fmt: skip


def _provenance(known: Prefilled) -> dict:
    return {
        "source_text": known.source,
        "code": known.code,
        "at": known.at.isoformat() if known.at else None,
        "stale": known.stale,
    }


def _missing(field: Field, known: Prefilled | None) -> dict:
    note = f"{known.note} " if known and known.note else ""
    value = (field.imputed or {}).get("value")
    return {
        "name": field.name,
        "label": field.label,
        "stood_in": "" if value is None else shown(field, value),
        "method": before.filling(field.imputed) if field.imputed else "",
        "sentence": note + _filled(field),
    }


def _filled(field: Field) -> str:
    if not field.imputed:
        return "Not known; the model answered without it, and does not say how it fills the gap."
    value = field.imputed.get("value")
    return f"Not known; instead the model used {before.filling(field.imputed)}{'' if value is None else f', {shown(field, value)}'}."


def shown(field: Field, value) -> str:
    """A value as people read it, with its unit."""
    if field.holds_many:
        return several(field, value)
    if field.kind == "moment":
        return days.moment(datetime.fromisoformat(value))
    labels = {option.value: option.label for option in field.options if option.value == value}
    text = labels.get(value, shares.number(value, 6) if isinstance(value, float) else str(value))
    return f"{text} {field.unit_label}".strip()


# So many values of a list are named; of a longer one only the first.
NAMED = 6


def several(field: Field, value) -> str:
    """The values of a list, rows of them, or values under names, as people read them."""
    if field.kind == "rows":
        return f"{len(value)} rows of {len(value[0])}"
    item = field.item
    one = {name: shown(item, inner) for name, inner in (value.items() if isinstance(value, dict) else enumerate(value))}
    texts = [f"{name} {text}" if isinstance(value, dict) else text for name, text in one.items()]
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return f"{', '.join(texts[:NAMED])}{more} {field.unit_label}".strip()
