"""What stands above a form and above its button: what is to correct, what is known, and whether too much is missing."""

from portal.core import shares
from portal.predictions import abstention
from portal.web.clinic import forms


def summary(grouped: list[tuple[str, list[forms.Question]]], errors: dict) -> dict[str, list[tuple[str, str]]]:
    """(element id, sentence) for the top of the page: what is to correct, apart from what may be right and waits for a tick."""
    may_be = {q.name.removeprefix(forms.PREFIX) for _, questions in grouped for q in questions if q.to_confirm}
    found = {"correct": [], "confirm": []}
    for name, sentence in errors.items():
        found["confirm" if name in may_be else "correct"].append((f"f-{name}", sentence))
    return found


def tally(grouped: list[tuple[str, list[forms.Question]]], overlay: dict) -> dict:
    """How many answers are there, and which are not: the line above the button."""
    all_questions = [question for _, questions in grouped for question in questions]
    asked = [question for question in all_questions if not question.hidden]
    gone = [question for question in asked if not question.known and not question.to_correct]
    share, most = sum(question.weight for question in gone), abstention.most_missing(overlay)
    return {
        "asked": len(asked),
        "spared": len(all_questions) - len(asked),
        "known": sum(question.known for question in asked),
        "needed": [question.in_sentence for question in gone if question.required],
        "missing": [question.in_sentence for question in gone if not question.required],
        "correct": [question.in_sentence for question in asked if question.to_correct],
        "not_listed": sum(question.not_listed and not question.changed for question in asked),
        "limit": most,
        "share": shares.beside(share, most).removesuffix(" %"),
        "most": shares.threshold(most),
        "relied": bool(share),
        "over": shares.clean(share) > most,
        "unticked": [question.in_sentence for question in asked if question.to_confirm],
    }


def is_ready(tally: dict) -> bool:
    """Whether nothing is left but to press the button."""
    return not (tally["needed"] or tally["correct"] or tally["unticked"] or tally["over"])
