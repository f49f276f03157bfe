"""The points that each reviewer answers before signing an approval; a signature takes the answers with it."""

from dataclasses import dataclass

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.registry import moving, signing
from portal.registry.models import ModelVersion, ReviewAnswer

NOTE_LIMIT = 1000
ANSWERS = dict(ReviewAnswer.ANSWERS)
POINTS = {
    "use": "It is clear whom the model is for, whom it is not for, and what is decided with it.",
    "data": "The data it was made and tested with fit our patients, and no patient is in both.",
    "measures": "The measures suffice for this use, with their uncertainty and for each group of people.",
    "fair": "It was looked at whether some people are served worse, and what was found is acceptable.",
    "form": "The questions, units and ranges of the form fit how the values are written down here.",
    "answer": "Who reads the answer will understand it, its limits, and what to do with it.",
    "wrong": "It was thought through what happens when it is wrong, and a person can always decide otherwise.",
    "watch": "It is settled who watches over it, and the last day comes early enough to look at it again.",
}


@dataclass(frozen=True)
class Point:
    """One point with what a reviewer answered; empty when they have not."""

    key: str
    statement: str
    answer: str = ""
    note: str = ""

    @property
    def said(self) -> str:
        """The answer in words."""
        return ANSWERS.get(self.answer, "")


@action(Permission.MODEL_REVIEW, verb="model.checklist-answered", on=ModelVersion)
def answer(*, by, on, answers) -> int:
    """Keep a reviewer's answers, `{point: (answer, note)}`; returns how many points are still open.

    A “no” and a “does not apply” need a note; raises BadInput naming the points, Conflict once they are signed.
    """
    version = moving.locked(on)
    if any(one.signer_id == by.pk for one in signing.decisions(version) if one.meaning != "withdrawal"):
        raise Conflict("You have signed with these answers; they stay as they are.", code="signed")
    _check(answers)
    for point, (said, note) in answers.items():
        ReviewAnswer.objects.update_or_create(
            version=version, reviewer=by, point=point,
            defaults={"answer": said, "note": note.strip(), "answered_at": clock.now()},
        )  # fmt: skip
    event().note(points=len(answers))
    return len(still_open(version, by))


def points(version: ModelVersion, reviewer) -> list[Point]:
    """Every point in its order with this reviewer's answer."""
    rows = {row.point: row for row in version.review_answers.filter(reviewer_id=reviewer.pk)}
    return [
        Point(key, statement, rows[key].answer, rows[key].note) if key in rows else Point(key, statement)
        for key, statement in POINTS.items()
    ]


def still_open(version: ModelVersion, reviewer) -> list[Point]:
    """The points that this reviewer has not answered."""
    return [point for point in points(version, reviewer) if not point.answer]


def check(version: ModelVersion, reviewer) -> None:
    """That every point is answered; raises Conflict."""
    left = len(still_open(version, reviewer))
    if left:
        raise Conflict(
            f"Your checklist has {left} open point{'' if left == 1 else 's'}. Answer {'it' if left == 1 else 'them'}, then sign.",
            code="checklist-open",
        )


def snapshot(version: ModelVersion, reviewer) -> dict:
    """What a signature takes with it: statement, answer and note of every answered point."""
    return {
        point.key: {"statement": point.statement, "answer": point.said, "note": point.note}
        for point in points(version, reviewer)
        if point.answer
    }


def _check(answers: dict) -> None:
    errors = {}
    for point, (said, note) in answers.items():
        if point not in POINTS or said not in ANSWERS:
            errors[point] = "Choose yes, no or does not apply."
        elif said != "yes" and len(note.strip()) < 3:
            errors[f"{point}-note"] = f"“{POINTS[point]}” – say in a few words why not."
        elif len(note) > NOTE_LIMIT:
            errors[f"{point}-note"] = f"A note has at most {NOTE_LIMIT} characters."
    if errors:
        raise BadInput(errors)
