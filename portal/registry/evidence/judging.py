"""Verbs on evaluations: naming the rows that a model is tried on, trying a version on them, reading what came of it."""

from dataclasses import dataclass

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.compute import actions as compute
from portal.compute.reasons import sentence
from portal.compute.states import FINAL
from portal.core.ids import new_id
from portal.core.problems import BadInput, Conflict
from portal.datasets import specs
from portal.datasets.models import Dataset, DatasetVersion
from portal.datasets.states import VersionState as TableState
from portal.registry import spec
from portal.registry.evidence import evaluating, plans
from portal.registry.models import Evaluation, EvaluationSet, ModelVersion
from portal.registry.states import VersionState

_REFUSED = {
    "gone": "The rows that were named are not there any more. Name others.",
    "denied": "Whoever asked may not have these rows computed on any more.",
}


@dataclass(frozen=True)
class Choice:
    """A table that somebody may have computed on."""

    id: str
    title: str


@dataclass(frozen=True)
class RowsForm:
    """What can be named: the tables, and for a chosen one its columns."""

    version: ModelVersion
    kind: str
    tables: list[Choice]
    columns: list[str]
    groups: list[str]
    every: list[str]
    training: list[str]
    mine: bool


@dataclass(frozen=True)
class EvaluationPage:
    """The rows that count, the last evaluation on them, and whether one goes on."""

    version: ModelVersion
    named: EvaluationSet | None
    rows: int
    shown: Evaluation | None
    going: Evaluation | None
    kind: str

    @property
    def failed(self) -> str:
        """Why the last evaluation told nothing; empty when it did."""
        if self.shown is None or self.shown.answer:
            return ""
        return _REFUSED.get(self.shown.outcome) or sentence(self.shown.outcome)


def versions():
    """The rows that the pages of evidence and their verbs are about."""
    return ModelVersion.objects.select_related("model__study", "created_by", "stopped_by", "environment")


@action(Permission.MODEL_EVALUATE, verb="model.rows-asked", on=ModelVersion, rows=versions)
def open_form(*, by, on, table="", trained_on="") -> RowsForm:
    """The tables that this person may have computed on, and the columns of the chosen ones."""
    chosen, training = _table(by, table), _table(by, trained_on)
    known = specs.open_columns(chosen) if chosen else {}
    return RowsForm(
        on, plans.kind_of(on.overlay), _choices(by), list(known), specs.categorical(known), _names(chosen), _names(training),
        by.pk in (on.created_by_id, on.model.owner_id),
    )  # fmt: skip


@action(Permission.MODEL_EVALUATE, verb="model.rows-named", on=ModelVersion, rows=versions)
def name(*, by, on, table, plan, trained_on="") -> EvaluationSet:
    """Name the rows that versions of a model are tried on; raises BadInput saying what does not fit."""
    if by.pk in (on.created_by_id, on.model.owner_id):
        raise Conflict(
            "You answer for this model; somebody else names the patients that it is tried on.", code="own-model"
        )
    chosen, training = _table(by, table), _table(by, trained_on)
    if chosen is None:
        raise BadInput({"table": "Rows: choose a table that its owner lets you compute on."})
    if trained_on and training is None:
        raise BadInput({"trained_on": "Training rows: choose a table that its owner lets you compute on."})
    content = plans.check(plan, spec.form_of(on), on.overlay, chosen, training)
    made = EvaluationSet.objects.create(
        model=on.model, table=chosen, trained_on=training, digest=chosen.digest, content=content, named_by=by
    )
    event().note(rows=made.public_id, dataset=chosen.dataset.public_id, number=chosen.number)
    return made


@action(Permission.MODEL_EVALUATE, verb="model.evaluation-asked", on=ModelVersion, rows=versions)
def evaluate(*, by, on) -> str:
    """Try a version on the rows that were named last; its job goes into the queue. Returns the evaluation's id."""
    if on.state in (VersionState.REFUSED, VersionState.RETIRED):
        raise Conflict(f"{on} is {on.get_state_display()}; it is not evaluated any more.")
    named = _newest(on)
    if named is None:
        raise Conflict("Nobody has named rows to try this model on.")
    policy.require(by, Permission.DATASET_COMPUTE, named.table.dataset)
    going = Evaluation.objects.filter(version=on).exclude(job__state__in=FINAL).first()
    if going:
        return going.public_id
    public_id = new_id()
    job = compute.enqueue(by=by, kind=evaluating.KIND, subject=public_id, purpose="evidence")
    Evaluation.objects.create(public_id=public_id, version=on, rows_of=named, job=job, asked_by=by)
    event().note(rows=named.public_id)
    return public_id


@action(Permission.MODEL_SEE, verb="model.evaluation-followed", on=ModelVersion, rows=versions)
def follow(*, by, on) -> EvaluationPage:
    """How the evaluation of a version stands; written down once, when it has ended."""
    page = page_of(on)
    if page.going:
        event().skip()
    return page


def page_of(version: ModelVersion) -> EvaluationPage:
    """The evaluation of a version, inside an action; a number that was told on other rows than count now is not shown."""
    named = _newest(version)
    rows = Evaluation.objects.filter(version=version, rows_of=named).select_related("job", "asked_by", "rows_of")
    going = rows.filter(ended_at=None).first()
    shown = rows.exclude(ended_at=None).first()
    count = round(named.table.rows / 10) * 10 if named else 0
    return EvaluationPage(version, named, count, shown, going, plans.kind_of(version.overlay))


def _newest(version: ModelVersion) -> EvaluationSet | None:
    rows = EvaluationSet.objects.select_related("table__dataset__study", "named_by")
    return rows.filter(model_id=version.model_id).order_by("-id").first()


def _tables(by):
    reached = policy.visible_to(Dataset.objects.order_by(), by, Permission.DATASET_COMPUTE)
    rows = DatasetVersion.objects.select_related("dataset__study").filter(state=TableState.CONFIRMED)
    return rows.filter(dataset__in=reached.values("pk"))


def _table(by, public_id: str) -> DatasetVersion | None:
    return _tables(by).filter(public_id=public_id).first() if public_id else None


def _choices(by) -> list[Choice]:
    rows = _tables(by).order_by("dataset__title", "-number")[:200]
    return [Choice(row.public_id, f"{row.dataset.title}, version {row.number}") for row in rows]


def _names(table: DatasetVersion | None) -> list[str]:
    return [column["name"] for column in table.columns] if table else []
