"""One result as a PDF: the sentence, what it rests on, whose model it is, for whom, and who printed it."""

from datetime import datetime

from django.utils.timezone import localtime

from portal.access.action import action
from portal.access.permissions import Permission
from portal.core import clock, days, paper
from portal.core.problems import Conflict
from portal.core.templatetags.doubts import unseen, widest
from portal.predictions import queries
from portal.predictions.models import Prediction
from portal.predictions.states import PredictionState

_SOURCES = {"fixed": "fixed by the reviewers", "typed": "typed"}


@action(Permission.PREDICTION_PRINT, verb="prediction.printed", on=Prediction, rows=queries.related)
def _gather(*, by, on) -> dict:
    """Written down before the file is made: paper leaves the building."""
    view = queries.view_of(on, by)
    if view.state != PredictionState.SUCCEEDED:
        raise Conflict("There is no result to print yet.")
    return values_of(view, by.label)


def print_result(*, by, on) -> bytes:
    """The PDF of one result; raises Conflict when there is no result."""
    return paper.pdf("result", _gather(by=by, on=on))


def values_of(view: queries.PredictionView, printed_by: str) -> dict:
    """What the template is filled with: texts and lists of texts only."""
    envelope, reading = view.envelope, view.envelope["reading"]
    return {
        "title": view.title,
        **_identity(view),
        "printed": _text(clock.now()),
        "printed_by": printed_by,
        "warnings": list(_warnings(view)),
        "sentence": view.sentence,
        "answer": [*_answer(reading), *filter(None, [(widest(envelope) or {}).get("sentence")])],
        "bands": list(_bands(reading)),
        "bands_source": _limits_source(reading),
        "points_head": "After" if reading["kind"] == "survival" else "Possibility",
        "points": [_point(point) for point in reading.get("points") or ()],
        "completeness": _completeness(envelope["completeness"]),
        "missing": [f"{item['label']}. {item['sentence']}" for item in envelope["missing"]],
        "unusual": [item["sentence"] for item in envelope["out_of_range"]],
        "inputs": [_input(row) for row in envelope["inputs"]],
        "contributions": _contributions(envelope.get("contributions")),
        "compared": (envelope.get("contributions") or {}).get("compared", "the average patient of the training data"),
        "facts": _facts(view),
        "cautions": envelope["model"]["cautions"],
    }


def _identity(view: queries.PredictionView) -> dict:
    patient = view.patient
    if patient is None:
        return {"who": "No patient: typed values alone", "identity": ""}
    born = days.said(patient.birth_date) or "not recorded"
    return {"who": patient.name, "identity": f"Born {born} · Record no. {patient.mrn or 'none'} · {patient.ward}"}


def _warnings(view: queries.PredictionView):
    if view.patient and view.patient.practice:
        yield "Practice: invented patient. Nothing here counts."
    if view.banner:
        yield view.banner
    yield from filter(None, (view.earlier_record, *(correction["sentence"] for correction in view.corrections)))
    if view.envelope["model"]["synthetic"]:
        yield "Practice model, trained on invented patients. Never use it for care."
    yield from view.envelope.get("not_validated", ())
    if view.envelope["reading"]["kind"] != "abstained" and (sentence := unseen(view.envelope)):
        yield sentence
    if getattr(view, "stale", False):
        yield f"This result is {view.age}. Run it again before you use it."


def _answer(reading: dict):
    if reading["kind"] == "abstained":
        yield reading.get("then", "")
    if reading.get("percent"):
        yield f"Risk: {reading['percent']}" if reading["kind"] == "risk" else f"{reading['percent']}"
    if reading.get("interval_text"):
        yield f"Likely range: {reading['interval_text']}"
    if reading.get("band") and not reading.get("bands"):
        yield reading["band"].get("text") or reading["band"]["label"]


def _bands(reading: dict):
    for band in reading.get("bands") or ():
        here = "this patient" if band["here"] else "the likely range reaches into it" if band["reached"] else ""
        yield [band["label"], band["limits"], here]


def _limits_source(reading: dict) -> str:
    if not reading.get("bands"):
        return ""
    source = reading["bands_source"]
    return f"Limits: {source}" if source else "Limits set by the model’s author; no source is given."


def _point(point: dict) -> list[str]:
    return [
        point["label"],
        str(point.get("of_100") or point.get("count", "")),
        point.get("interval_text") or "not given",
    ]


def _input(row: dict) -> list[str]:
    value = "; ".join(filter(None, (row["shown"], row["conversion"], row["warning"])))
    source = _SOURCES.get(row["source"]) or row.get("source_text") or "from the record"
    return [row["label"], value, source + (" (old value)" if row.get("stale") else "")]


def _contributions(account: dict | None) -> list[list[str]]:
    if not account or not account.get("adds_up"):
        return []
    return [[row["label"], row["shown"], _part(account, row)] for row in account["rows"]]


def _part(account: dict, row: dict) -> str:
    amount = row["amount"]
    words = account["up"] if amount > 0 else account["down"] if amount < 0 else "changes nothing"
    return " ".join(filter(None, (f"{words} ({amount:+.2f}).", row.get("note"))))


def _facts(view: queries.PredictionView) -> list[list[str]]:
    model = view.envelope["model"]
    return [
        ["Model", f"{model['title']}, version {model['version']}"],
        ["Approved by", ", ".join(model["approved_by"])],
        [
            "Open for practice until" if model["synthetic"] else "Approved until",
            days.said(model["expires_on"] or "") or "not given",
        ],
        ["Run", f"{_text(view.ended_at)} by {view.requested_by}"],
        ["Digest of its files", " ".join(model["digest"][at : at + 16] for at in range(0, 64, 16))],
    ]


def _text(moment: datetime) -> str:
    return f"{localtime(moment):%-d %b %Y, %H:%M}"


def _completeness(found: dict) -> str:
    assumed = found.get("not_listed")
    said = f", {assumed} of them “No” because not on the problem list" if assumed else ""
    return f"{found['given']} of {found['asked']} inputs were known{said}."
