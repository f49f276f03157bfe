"""What a model's answer is called: which column it is, in which unit, and the columns of its range, as the studio sets them."""

from portal.core.problems import BadInput

# What may be chosen on the page; an answer of another kind (survival, classes, a reading) stays as its file describes it.
KINDS = {
    "": "not said yet", "number": "one number", "risk": "a risk from 0 to 1",
    "table": "every column, as the model gives it",
}  # fmt: skip
_RANGE = ("lower", "upper")
MEMBERS = {"number": ("column", "label", "unit", *_RANGE), "risk": ("column", "outcome", "horizon", *_RANGE)}
SHOWN = "answer.shown"
# What an answer without a name is called on its way from the scorer.
_ONLY = "prediction"
UNSAID = (
    "Nobody has said which of the {count} columns that the model gives is its answer, so clinicians would read them all as they "
    "are. Say it under “The answer” on the form's page."
)


def columns(facts: dict) -> list[str]:
    """The columns that a model gives, by the names of its signature."""
    return [given["name"] for given in facts.get("outputs", ()) if given["name"]] or [_ONLY]


def shown(overlay: dict) -> dict[str, str] | None:
    """What an overlay says of the answer, as texts; None for a kind that the page cannot set."""
    output = overlay.get("output") or {}
    kind = output.get("kind", "")
    if kind not in KINDS:
        return None
    members = {name for names in MEMBERS.values() for name in names}
    return {"kind": kind} | {name: str(output.get(name, "")) for name in sorted(members)}


def read(overlay: dict, posted) -> None:
    """Put what was typed into an overlay, leaving what the page does not show; raises BadInput."""
    before = shown(overlay)
    if before is None or not posted.get(SHOWN):
        return
    kind = posted.get("answer.kind", "")
    if kind not in KINDS:
        offered = ", ".join(f"“{words}”" for name, words in KINDS.items() if name)
        raise BadInput({"answer.kind": f"The answer: choose one of {offered}."})
    typed = {name: posted.get(f"answer.{name}", "").strip() for name in MEMBERS.get(kind, ())}
    if kind == before["kind"] and all(typed[name] == before[name] for name in typed):
        return
    if kind in MEMBERS and not typed["column"]:
        raise BadInput({"answer.column": "The answer: choose the column that it stands in."})
    _put(overlay, kind, typed, keep=kind == before["kind"])


def unsaid(overlay: dict, facts: dict) -> str:
    """That nobody has said what the answer is, as a sentence; empty where there is one column or it was said."""
    count = len(columns(facts))
    return UNSAID.format(count=count) if count > 1 and not (overlay.get("output") or {}).get("kind") else ""


def _put(overlay: dict, kind: str, typed: dict[str, str], *, keep: bool) -> None:
    if not kind:
        overlay.pop("output", None)
        return
    entry = {name: value for name, value in (overlay.get("output") or {}).items() if keep and name not in typed}
    overlay["output"] = entry | {"kind": kind} | {name: value for name, value in typed.items() if value}
