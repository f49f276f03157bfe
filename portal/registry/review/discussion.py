"""What reviewers, author and owner say to each other about a version: told to the others, never changed."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.access import notices
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core.problems import BadInput
from portal.registry.models import CommitteeSeat, ModelVersion, ReviewComment
from portal.registry.states import VersionState

LIMIT = 4000


@dataclass(frozen=True)
class Remark:
    """One comment with the answers to it."""

    id: str
    author: str
    words: str
    said_at: datetime
    replies: list["Remark"] = field(default_factory=list)


@action(Permission.MODEL_DISCUSS, verb="model.commented", on=ModelVersion)
def comment(*, by, on, words, answers="") -> ReviewComment:
    """Say something about a version, or answer a comment; everybody else who takes part is told."""
    text = words.strip()
    if not 1 <= len(text) <= LIMIT:
        raise BadInput({"words": f"Write at least a word, and at most {LIMIT} characters."})
    above = on.comments.filter(public_id=answers, answers=None).first() if answers else None
    if answers and above is None:
        raise BadInput({"words": "The comment that you answer is not here. Read the page again."})
    people = taking_part(on)
    said = keep(on, by, text, told=people, answers=above)
    event().note(comment=said.public_id, told=len([person for person in people if person.pk != by.pk]))
    return said


def keep(version: ModelVersion, by, words: str, *, told, answers=None) -> ReviewComment:
    """Write down what was said and tell these people, as far as they are here and did not say it; call inside actions."""
    said = ReviewComment.objects.create(version=version, author=by, answers=answers, words=words)
    people = {person.pk: person for person in told if person and person.is_active and person.pk != by.pk}
    notices.tell(people.values(), "review-comment", version.public_id)
    return said


def remarks(version: ModelVersion) -> list[Remark]:
    """What was said about a version, oldest first, answers under what they answer."""
    found: dict[int, Remark] = {}
    for row in version.comments.select_related("author"):
        said = Remark(row.public_id, row.author.label, row.words, row.said_at)
        found[row.pk] = said
        if row.answers_id:
            found[row.answers_id].replies.append(said)
    answered = set(version.comments.exclude(answers=None).values_list("pk", flat=True))
    return [said for key, said in found.items() if key not in answered]


def taking_part(version: ModelVersion) -> list[User]:
    """Author, owner, those who hold a seat once it is submitted, and whoever has said something; people who have left are not among them."""
    keys = {version.created_by_id, version.model.owner_id}
    if version.state != VersionState.DRAFT:
        keys |= set(CommitteeSeat.objects.filter(ended_at=None).values_list("person_id", flat=True))
    keys |= set(version.comments.values_list("author_id", flat=True))
    return list(User.objects.filter(pk__in=keys - {None}, is_active=True))
