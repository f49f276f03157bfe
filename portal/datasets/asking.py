"""Verbs on summaries: asking for one, following it, reading it."""

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.compute import actions as compute
from portal.core.ids import new_id
from portal.core.problems import Conflict
from portal.datasets import queries, specs
from portal.datasets.models import DatasetVersion, Summary
from portal.datasets.states import VersionState

MOST_LISTED = 50


def _versions():
    return DatasetVersion.objects.select_related("dataset__study")


def _summaries():
    return Summary.objects.select_related("version__dataset__study", "job", "asked_by")


@action(Permission.DATASET_COMPUTE, verb="summary.form-opened", on=DatasetVersion, rows=_versions)
def open_form(*, by, on) -> tuple[DatasetVersion, dict[str, dict], list[queries.SummaryView]]:
    """What can be asked of a version, and what one asked before."""
    _require_ready(on)
    mine = policy.visible_to(_summaries().filter(version=on), by, Permission.DATASET_COMPUTE).order_by("-id")
    return on, specs.open_columns(on), [queries.summary_view(row) for row in mine[:MOST_LISTED]]


@action(Permission.DATASET_COMPUTE, verb="summary.requested", on=DatasetVersion, rows=_versions)
def request(*, by, on, group: list[str], of: str, where: list[dict]) -> str:
    """Ask for a summary; its job goes into the queue. Returns the summary's public id."""
    _require_ready(on)
    spec = specs.check(on, by=group, of=of, where=where)
    public_id = new_id()
    job = compute.enqueue(by=by, kind="dataset-summary", subject=public_id, purpose="research")
    summary = Summary.objects.create(public_id=public_id, version=on, asked_by=by, job=job, spec=spec)
    event().about(summary)
    event().note(grouped=len(spec["by"]), mean=bool(spec["of"]), conditions=len(spec["where"]))
    return public_id


@action(Permission.DATASET_COMPUTE, verb="summary.opened", on=Summary, rows=_summaries)
def open_summary(*, by, on) -> queries.SummaryView:
    """One summary."""
    return queries.summary_view(on)


@action(Permission.DATASET_COMPUTE, verb="summary.followed", on=Summary, rows=_summaries)
def follow(*, by, on) -> queries.SummaryView:
    """A summary that is being waited for; recorded once, when it has ended."""
    view = queries.summary_view(on)
    if not view.finished:
        event().skip()
    return view


def _require_ready(version: DatasetVersion) -> None:
    if version.state != VersionState.CONFIRMED:
        raise Conflict(
            f"This version is {version.get_state_display()}. It can be computed on once its owner has confirmed its columns."
        )
