"""The job of kind “evaluation”: all rows of an evaluation set through the sandbox, in pieces; only aggregates come back."""

import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from portal.access import policy
from portal.access.action import event
from portal.access.permissions import Permission
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.compute.runtime.client import ModelRefused, ModelSpec, ScorerUnavailable
from portal.core import clock
from portal.core.problems import Conflict, Problem
from portal.datasets import children, store
from portal.datasets.models import DatasetVersion
from portal.datasets.runtime import pages
from portal.datasets.states import VersionState
from portal.registry import answers, scoring, spec
from portal.registry.evidence import overlap, plans
from portal.registry.models import Evaluation

KIND = "evaluation"
PROGRAM = "portal.registry.evidence.runtime"
# Rows that are asked about at once: the scorer holds no more than these.
PIECE = 500


@dataclass(frozen=True)
class EvaluationOrder:
    """What leaves the database: where the rows lie, how they are read, and the model that is tried on them."""

    spec: ModelSpec
    form: spec.FormSpec
    walls: frozenset[str]
    output: dict
    plan: dict
    reader: plans.Reader
    rows: tuple[Path, bytes]
    titles: list[dict]
    ids: tuple | None


@dataclass
class Gathered:
    """What is kept of the rows while they go by: numbers, never a row."""

    columns: dict[str, array] = field(default_factory=dict)
    codes: list[array] = field(default_factory=list)
    left_out: int = 0


class EvaluationExecutor:
    """Tries one version on one evaluation set; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> EvaluationOrder:
        found = _evaluation(job)
        version, named = found.version, found.rows_of
        policy.require(found.asked_by, Permission.MODEL_EVALUATE, version)
        for table in filter(None, (named.table, named.trained_on)):
            policy.require(found.asked_by, Permission.DATASET_COMPUTE, table.dataset)
            if table.state != VersionState.CONFIRMED:
                raise Conflict("The rows are not there any more.", code="gone")
        if named.table.digest != named.digest:
            raise Conflict("The rows are not the ones that were named.", code="gone")
        form, plan = spec.form_of(version), named.content
        categories = {column["name"]: column["categories"] for column in named.table.columns}
        titles = [{"title": name, "labels": [_label(value) for value in categories[name]]} for name in plan["groups"]]
        return EvaluationOrder(
            scoring.spec_of(version), form, scoring.walls_of(version), version.overlay.get("output", {}), plan,
            plans.reader(plan, form, named.table), _place(named.table), titles, _ids(named),
        )  # fmt: skip

    def perform(self, order: EvaluationOrder, within: float | None = None) -> Ended:
        try:
            client = scoring.client()
            if scoring.too_weak(client, order.walls):
                return Ended(ok=False, reason="sandbox_too_weak")
            gathered = _gather(order, client)
        except ScorerUnavailable:
            return Ended(ok=False, reason="scorer-down", retry=True)
        except ModelRefused as refusal:
            return Ended(ok=False, reason=refusal.code)
        if gathered is None:
            return Ended(ok=False, reason="too-many-rows")
        both = overlap.told(overlap.count(*(_values(*one) for one in order.ids))) if order.ids else None
        return _judged(order, gathered, both)

    def conclude(self, job: Job, ended: Ended) -> None:
        found = _evaluation(job)
        found.ended_at, found.answer = clock.now(), ended.result if ended.ok else None
        found.outcome = "told" if ended.ok else ended.result.code if isinstance(ended.result, Problem) else ended.reason
        found.outcome = found.outcome[:20]
        found.save(update_fields=("ended_at", "answer", "outcome"))
        event().also("model.evaluated", found.version, outcome=found.outcome, rows=found.rows_of.public_id)


def _judged(order: EvaluationOrder, gathered: Gathered, both: dict | None) -> Ended:
    groups = [{**title, "codes": list(codes)} for title, codes in zip(order.titles, gathered.codes, strict=True)]
    columns = {name: list(values) for name, values in gathered.columns.items()}
    asked = {"do": "tell", "kind": order.plan["kind"], "columns": columns, "thresholds": order.plan["thresholds"],
             "groups": groups, "memory_mb": settings.DATASET_MEMORY_MB}  # fmt: skip
    answer = children.ask(asked, program=PROGRAM) if any(columns.values()) else {"withheld": "too-few-rows"}
    if "withheld" in answer:
        return Ended(ok=False, reason="withheld")
    if "broken" in answer:
        return Ended(ok=False, reason="not-computed")
    few = 0 < gathered.left_out < overlap.LEAST
    left = {"left_out": None if few else round(gathered.left_out / 10) * 10}
    return Ended(ok=True, result=answer | left | {"kind": order.plan["kind"], "overlap": both})


def _gather(order: EvaluationOrder, client) -> Gathered | None:
    """Ask the model about every row that a form would take; None when that takes longer than a job may."""
    until = time.monotonic() + settings.CELERY_TASK_TIME_LIMIT * 0.6
    found, piece = Gathered(codes=[array("h") for _ in order.titles]), []
    for row in pages.every_row(*order.rows):
        known = _known(order, row)
        if known is None:
            found.left_out += 1
            continue
        piece.append(known)
        if len(piece) == PIECE:
            _ask(order, client, piece, found)
            piece = []
            if time.monotonic() > until:
                return None
    if piece:
        _ask(order, client, piece, found)
    return found


def _known(order: EvaluationOrder, row: list) -> tuple | None:
    """The model's values, what happened, the time and the groups of a row; None where a form would not take it."""
    kind, truth, moment = order.plan["kind"], row[order.reader.label], None
    truth = plans.happened(truth) if kind in ("risk", "survival") else truth
    if kind == "classes":
        truth = _class_of(order, truth)
    if kind == "survival":
        moment = row[order.reader.time]
    if truth is None or (kind == "survival" and moment is None):
        return None
    checked = answers.check(order.form, order.reader.inputs(row))
    if checked.errors:
        return None
    values = {name: answer.value for name, answer in checked.given.items()}
    return values, float(truth), moment, order.reader.codes(row)


def _class_of(order: EvaluationOrder, value) -> int | None:
    text = str(value).casefold()
    named = ({str(one["column"]).casefold(), str(one["label"]).casefold()} for one in order.output["columns"])
    return next((place for place, names in enumerate(named) if text in names), None)


def _ask(order: EvaluationOrder, client, piece: list[tuple], found: Gathered) -> None:
    scores = client.score(
        order.spec, [scoring.row_of(order.spec, values) for values, *_ in piece], params=scoring.params_of(piece[0][0]),
        timeout=order.spec.seconds + 30,
    )  # fmt: skip
    for place, (_, truth, moment, codes) in enumerate(piece):
        answer = _answer(order, {name: column[place] for name, column in scores.columns.items()})
        for name, value in {
            **answer,
            "label": truth,
            **({"time": float(moment)} if moment is not None else {}),
        }.items():
            found.columns.setdefault(name, array("d")).append(value)
        for kept, code in zip(found.codes, codes, strict=True):
            kept.append(code)


def _answer(order: EvaluationOrder, row: dict) -> dict[str, float]:
    """The number that a row is judged by; a column that the form's output promises and the model does not give is a fault."""
    kind, output = order.plan["kind"], order.output
    try:
        if kind == "risk":
            return {"risk": float(row[output["column"]])}
        if kind == "number":
            return {"value": float(row[output["column"]])}
        shares = [float(row[one["column"]]) for one in output["columns"]]
    except (KeyError, TypeError, ValueError):
        raise ModelRefused("bad_output") from None
    if kind == "survival":
        return {"risk": 1 - shares[len(shares) // 2]}
    return {"value": float(shares.index(max(shares)))}


def _place(table: DatasetVersion) -> tuple[Path, bytes]:
    return store.rows(table.stored), store.opened(table.file_key)


def _ids(named) -> tuple | None:
    """Where the patients' numbers stand among the training rows and among these; None where they are not known."""
    if named.trained_on is None:
        return None
    pairs = ((named.trained_on, named.content["training"]), (named.table, named.content["patient"]))
    return tuple((_place(table), next(c["place"] for c in table.columns if c["name"] == name)) for table, name in pairs)


def _values(rows: tuple[Path, bytes], place: int):
    return (row[place] for row in pages.every_row(*rows))


def _label(value) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _evaluation(job: Job) -> Evaluation:
    rows = Evaluation.objects.select_related(
        "version__model__study", "rows_of__table__dataset__study", "rows_of__trained_on__dataset__study", "asked_by"
    )
    return rows.get(public_id=job.subject)
