"""Reads of datasets as plain values, each told as much as its reader's rights allow. Call these inside actions only."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.access import policy
from portal.access.permissions import Permission
from portal.datasets.models import Dataset, DatasetVersion, Summary
from portal.datasets.runtime import identifiers
from portal.datasets.runtime.profiles import LEAST
from portal.datasets.states import WITHHELD, VersionState


@dataclass(frozen=True)
class Rights:
    """What somebody may do with a dataset."""

    compute: bool
    rows: bool
    own: bool


@dataclass(frozen=True)
class VersionView:
    """A version as one person may see it."""

    public_id: str
    number: int
    state: str
    state_words: str
    rows: int | None
    kind: str
    size: int
    digest: str
    uploaded_by: str
    uploaded_at: datetime
    confirmed_by: str
    columns: list[dict] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether it may be computed on."""
        return self.state == VersionState.CONFIRMED


@dataclass(frozen=True)
class DatasetView:
    """A dataset with its versions, newest first."""

    dataset: Dataset
    rights: Rights
    versions: list[VersionView]


@dataclass(frozen=True)
class SummaryView:
    """A summary and what of it may be told; `table` has a header and lines of texts."""

    public_id: str
    version: DatasetVersion
    state: str
    sentence: str
    title: str
    asked_at: datetime
    total: int | None = None
    header: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    hidden: bool = False
    answer: dict | None = None
    spec: dict = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("pending", "running")

    @property
    def words(self) -> str:
        """The state as people say it."""
        return {"succeeded": "done", "refused": "not told", "pending": "waiting"}.get(self.state, self.state)


def rights_on(by, dataset: Dataset) -> Rights:
    """What somebody may do with a dataset."""
    wanted = (Permission.DATASET_COMPUTE, Permission.DATASET_ROWS, Permission.DATASET_OWN)
    return Rights(*(policy.decide(by, permission, dataset).allowed for permission in wanted))


def dataset_view(by, dataset: Dataset) -> DatasetView:
    """A dataset as this person may see it; versions that were not taken are their owner's alone."""
    rights = rights_on(by, dataset)
    rows = DatasetVersion.objects.filter(dataset=dataset).select_related("uploaded_by", "confirmed_by")
    if not rights.own:
        rows = rows.exclude(state=VersionState.REFUSED)
    return DatasetView(dataset, rights, [version_view(row, rights) for row in rows.order_by("-number")])


def version_view(version: DatasetVersion, rights: Rights) -> VersionView:
    """A version as somebody with these rights may see it."""
    # Before a person has looked, a “header” may well be somebody's row.
    looked = version.state == VersionState.CONFIRMED or rights.own
    return VersionView(
        public_id=version.public_id,
        number=version.number,
        state=version.state,
        state_words=version.get_state_display(),
        rows=version.rows if rights.rows or version.rows >= LEAST else None,
        kind=version.kind,
        size=version.size,
        # Whoever knows all but one value of a small table could find that one by trying digests.
        digest=version.digest if rights.rows else "",
        uploaded_by=version.uploaded_by.label,
        uploaded_at=version.uploaded_at,
        confirmed_by=version.confirmed_by.label if version.confirmed_by else "",
        columns=[_column(column, rights) for column in version.columns] if looked else [],
        faults=version.faults if rights.own else [],
    )


def _column(column: dict, rights: Rights) -> dict:
    holds = column["holds"]
    told = {"name": column["name"], "kind": column["kind"], "holds": holds, "guess": "", "profile": None, "full": False}
    told["holds_words"] = identifiers.KINDS.get(holds, "No identifier" if holds else "not confirmed")
    if rights.own and not holds:
        told["guess"] = column["guess"]
    if rights.rows:
        told |= {"profile": column["full"], "full": True}
    elif rights.compute and holds == identifiers.NONE:
        told["profile"] = column["open"]
    return told


def summary_view(summary: Summary) -> SummaryView:
    """A summary as the person who asked for it sees it."""
    version, job = summary.version, summary.job
    state = {"told": "succeeded", "cancelled": "cancelled"}.get(summary.outcome) or (
        "refused" if summary.outcome else job.state
    )
    answer = summary.answer
    shown = _table(summary.spec, answer) if answer else {}
    sentence = WITHHELD.get(summary.outcome) or ("Done." if answer else job.sentence)
    return SummaryView(
        public_id=summary.public_id, version=version, state=state, sentence=sentence, title=title_of(summary.spec),
        asked_at=summary.asked_at, answer=answer, spec=summary.spec, **shown,
    )  # fmt: skip


def title_of(spec: dict) -> str:
    """A specification in words."""
    what = f"Mean, spread and quarters of {spec['of']}" if spec["of"] else "Number of rows"
    groups = f" by {' and '.join(spec['by'])}" if spec["by"] else ""
    words = {"is": "is", "is-not": "is not", "at-least": "is at least", "below": "is below"}
    where = " and ".join(f"{one['column']} {words[one['test']]} {_plain(one['value'])}" for one in spec["where"])
    return f"{what}{groups}{', where ' + where if where else ''}"


def _table(spec: dict, answer: dict) -> dict:
    counts = {tuple(wish): count for wish, count in answer["counts"]}
    figures = {tuple(wish): found for wish, found in answer.get("figures", ())}
    sides = answer["sides"]
    whole = (None,) * len(sides)
    shown = {"total": counts.get(whole)}
    if spec["of"]:
        lines = [whole, *((place,) for place in range(len(sides[0])))] if sides else [whole]
        shown["header"] = [*(spec["by"] or [""]), "rows", "mean", "standard deviation", "quarter below", "half below", "three quarters below"]  # fmt: skip
        shown["table"] = [[_label(sides, wish), *_line(wish, counts, figures)] for wish in lines]
    elif len(sides) == 2:
        shown["header"] = [f"{spec['by'][0]} \\ {spec['by'][1]}", *map(_plain, sides[1]), "all"]
        places = [*range(len(sides[0])), None]
        shown["table"] = [[_side(sides[0], place), *(_count(counts.get((place, other))) for other in [*range(len(sides[1])), None])] for place in places]  # fmt: skip
    else:
        lines = [*((place,) for place in range(len(sides[0]))), whole] if sides else [whole]
        shown["header"] = [*(spec["by"] or [""]), "rows"]
        shown["table"] = [[_label(sides, wish), _count(counts.get(wish))] for wish in lines]
    shown["hidden"] = any("–" in line for line in shown["table"])
    return shown


def _line(wish: tuple, counts: dict, figures: dict) -> list[str]:
    found = figures.get(wish, {})
    names = ("mean", "sd", "quarter", "half", "three_quarters")
    return [_count(counts.get(wish)), *(_plain(found[name]) if name in found else "–" for name in names)]


def _label(sides: list, wish: tuple) -> str:
    return "all" if not sides or wish[0] is None else _plain(sides[0][wish[0]])


def _side(side: list, place: int | None) -> str:
    return "all" if place is None else _plain(side[place])


def _count(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _plain(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
