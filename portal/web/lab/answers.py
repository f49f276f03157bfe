"""The answer on the studio's page: what may be said of it, and how a clinician will read it."""

from portal.predictions import reading
from portal.registry.studio import answer
from portal.web.lab.panels import Control, Panel

_LABELS = {
    "column": ("Column of the answer", ""),
    "label": ("Label", "What the number is, in a few words."),
    "unit": ("Unit as people read it", ""),
    "outcome": ("What happens to them", "As the end of “of 100 patients like this one, 12 …”: are admitted again."),
    "horizon": ("Within which time", "For example: within 12 months."),
    "lower": ("Column of the range's lower end", "Empty where the model gives none."),
    "upper": ("Column of the range's upper end", ""),
}
_COLUMNS = ("column", "lower", "upper")
# For the example that the preview shows.
_INVENTED = {"risk": (0.12, 0.07, 0.2), "number": (12.3, 10.1, 14.9)}


def panel(on, overlay: dict, typed, errors: dict[str, str]) -> Panel | None:
    """The panel of the answer; None for a kind that is described in the model's file alone."""
    now = answer.shown(overlay)
    if now is None:
        return None
    if typed is not None and typed.get(answer.SHOWN):
        now = {name: typed.get(f"answer.{name}", value) for name, value in now.items()}
    columns = [("", "–"), *((name, name) for name in answer.columns(on.facts))]
    kind = Control("answer.kind", "What it is", "choice", now["kind"], "", errors.get("answer.kind", ""), tuple(answer.KINDS.items()))  # fmt: skip
    said = {member: _control(member, now[member], errors, columns) for member in _LABELS}
    parts = [("Its kind", [kind, said["column"]]), ("One number", [said["label"], said["unit"]])]
    parts += [("A risk", [said["outcome"], said["horizon"]]), ("Its range", [said["lower"], said["upper"]])]
    notes = [answer.KINDS[now["kind"]]] if now["kind"] in answer.KINDS else []
    return Panel("answer", "The answer", "", notes, parts, error=errors.get("output", ""))


def example(facts: dict, overlay: dict) -> str:
    """The sentence that a clinician will read, with invented numbers; empty for kinds that are more than a sentence."""
    output = overlay.get("output") or {}
    kind = output.get("kind", "")
    if kind not in _INVENTED or not output.get("column"):
        return ""
    row = dict.fromkeys(answer.columns(facts), [0.0]) | {
        output[member]: [value] for member, value in zip(_COLUMNS, _INVENTED[kind], strict=True) if output.get(member)
    }
    try:
        return reading.read(output, row)["sentence"]
    except reading.NotReadable:
        return ""


def _control(member: str, value: str, errors: dict, columns: list) -> Control:
    label, hint = _LABELS[member]
    choices = tuple(columns) if member in _COLUMNS else ()
    return Control(f"answer.{member}", label, "choice" if choices else "text", value, hint, errors.get(f"answer.{member}", ""), choices)  # fmt: skip
