"""Giving and ending the three rights on a dataset, and what cannot be taken back any more."""

from dataclasses import dataclass
from datetime import datetime

from portal.access import grants, notices
from portal.access.action import action, event
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.access.states import GrantKind
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.audit.purposes import RESEARCH
from portal.core import clock
from portal.core.problems import BadInput, Conflict
from portal.datasets.models import COMPUTE, KNOW, READ, Dataset, DatasetVersion, Summary

RIGHTS = {
    "know": (KNOW, "Know of it", "sees that it exists, its columns and their types; no value"),
    "compute": (COMPUTE, "Compute without seeing", "gets counts and means of at least 11 rows; sees no row"),
    "read": (READ, "Read rows", "reads and downloads every row"),
}
_WORDS = {codename: title for codename, title, _ in RIGHTS.values()}
_SEEN = ("dataset.rows-read", "dataset.exported")
WORDS_AT_LEAST, WORDS_AT_MOST = 5, 300


@dataclass(frozen=True)
class Held:
    """One right that somebody was given, and what they have seen through it."""

    grant: Grant
    title: str
    live: bool
    views: int
    downloads: int
    summaries: int
    last: datetime | None

    @property
    def seen(self) -> bool:
        """Whether anything went out that cannot be taken back."""
        return bool(self.views or self.downloads or self.summaries)


def _datasets():
    return Dataset.objects.select_related("study", "owner")


@action(Permission.DATASET_OWN, verb="dataset.right-given", on=Dataset, rows=_datasets)
def give(*, by, on, person: User, right: str, words: str, until=None) -> Grant:
    """Let a colleague know of a dataset, compute on it or read it, for a stated purpose, until a moment or for good."""
    words = words.strip()
    _check(on, person, right, words, until)
    codename = RIGHTS[right][0]
    held = _live(on).filter(person=person, codename=codename).first()
    if held:
        raise Conflict(f"{person.label} holds this right already. End it first to give it for another time.")
    grant = grants.give(
        codename, to=person, on=on, until=until, kind=GrantKind.SHARE, purpose=RESEARCH, by=by, words=words
    )
    notices.tell([person], "dataset-right", grant.public_id)
    event().note(person=person.public_id, right=right, until=str(until or ""))
    return grant


@action(Permission.DATASET_OWN, verb="dataset.right-ended", on=Dataset, rows=_datasets)
def end(*, by, on, grant: str) -> Held:
    """End a right now; returns what its holder has seen, which cannot be taken back."""
    found = _live(on).filter(public_id=grant).exclude(person_id=on.owner_id).select_related("person").first()
    if found is None:
        raise Conflict("This right has ended already, or it is the owner's own.")
    grants.end_one(found, by=by)
    event().note(person=found.person.public_id, right=found.codename)
    return _WentOut.of(on).through(found)


@action(Permission.DATASET_OWN, verb="dataset.rights-viewed", on=Dataset, rows=_datasets)
def view(*, by, on) -> tuple[Dataset, list[Held]]:
    """Everyone who was given a right, those in force first."""
    rows = _all(on).select_related("person", "given_by", "ended_by").order_by("-id")
    went_out = _WentOut.of(on)
    found = [went_out.through(grant) for grant in rows]
    event().note(shown=len(found))
    return on, sorted(found, key=lambda one: not one.live)


@action(
    Permission.DATASET_OWN,
    verb="dataset.reach-counted",
    on=DatasetVersion,
    rows=lambda: DatasetVersion.objects.select_related("dataset__study"),
)
def reach(*, by, on) -> dict[str, int]:
    """How many hold rights to a version's dataset, and what of the version went out already."""
    seen = AuditEvent.objects.filter(object_id=on.public_id, outcome="ok")
    event().skip()
    return {
        "people": _live(on.dataset).exclude(person_id=on.dataset.owner_id).values("person").distinct().count(),
        "views": seen.filter(verb="dataset.rows-read").count(),
        "downloads": seen.filter(verb="dataset.exported").count(),
        "summaries": Summary.objects.filter(version=on, outcome="told").count(),
    }


def _all(on: Dataset):
    return Grant.objects.filter(object_type=Dataset._meta.model_name, object_id=on.public_id, person__isnull=False)


def _live(on: Dataset):
    return _all(on).exclude(until__lte=clock.now())


@dataclass(frozen=True)
class _WentOut:
    """Everything that went out of a dataset: looks at rows and downloads by user name, summaries by person."""

    looks: list[tuple[str, str, datetime]]
    told: list[tuple[int, datetime]]

    @classmethod
    def of(cls, on: Dataset) -> "_WentOut":
        versions = list(DatasetVersion.objects.filter(dataset=on).values_list("public_id", flat=True))
        looks = AuditEvent.objects.filter(object_id__in=versions, verb__in=_SEEN, outcome="ok")
        told = Summary.objects.filter(version__dataset=on, outcome="told")
        return cls(
            list(looks.values_list("actor", "verb", "recorded_at")), list(told.values_list("asked_by_id", "ended_at"))
        )

    def through(self, grant: Grant) -> Held:
        """What went out to a grant's holder while it was in force."""

        def within(moment: datetime) -> bool:
            return grant.since <= moment and (grant.until is None or moment <= grant.until)

        looks = [(verb, at) for actor, verb, at in self.looks if actor == grant.person.username and within(at)]
        return Held(
            grant=grant, title=_WORDS[grant.codename], live=grant.live,
            views=sum(verb == "dataset.rows-read" for verb, _ in looks),
            downloads=sum(verb == "dataset.exported" for verb, _ in looks),
            summaries=sum(person == grant.person_id and within(at) for person, at in self.told),
            last=max((at for _, at in looks), default=None),
        )  # fmt: skip


def _check(on: Dataset, person: User | None, right: str, words: str, until) -> None:
    errors = {}
    roles = person.role_names if person is not None and person.is_active else frozenset()
    if not roles & {"scientist", "reviewer"}:
        errors["person"] = "Who: choose a scientist or a reviewer with an open account."
    elif "scientist" not in roles and right != "compute":
        errors["right"] = "Right: a reviewer may be let compute on a dataset, to try a model on it, and no more."
    elif person.pk == on.owner_id:
        errors["person"] = "Who: the owner holds every right already."
    if right not in RIGHTS:
        errors["right"] = f"Right: choose {', '.join(title for _, title, _ in RIGHTS.values())}."
    if not WORDS_AT_LEAST <= len(words) <= WORDS_AT_MOST:
        errors["words"] = f"What for: {WORDS_AT_LEAST} to {WORDS_AT_MOST} characters; the audit officer reads it."
    if until is not None and until <= clock.now():
        errors["until"] = "Until: choose a moment that lies ahead, or leave it empty."
    if errors:
        raise BadInput(errors)
