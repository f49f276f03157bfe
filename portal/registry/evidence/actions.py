"""Verbs on acceptance cases: adding one, taking one away, running them, reading what came of it."""

from dataclasses import dataclass

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.registry import moving, signing, spec
from portal.registry.evidence import asking, cases, judging, proof
from portal.registry.models import AcceptanceCase, AcceptanceReport, AcceptanceRun, ModelVersion
from portal.registry.states import VersionState

# How often the keeper looks whether the night's runs are due, in seconds.
PAUSE = 60.0
_HISTORY = 30


@dataclass(frozen=True)
class CasesPage:
    """The cases of a version with their last verdicts, whether a run goes on, and the runs before."""

    version: ModelVersion
    cases: list[dict]
    report: AcceptanceReport | None
    current: bool
    run: AcceptanceRun | None
    runs: list[AcceptanceRun]
    open: bool
    evaluation: judging.EvaluationPage

    @property
    def running(self) -> bool:
        """Whether a run waits or goes on."""
        return self.run is not None

    @property
    def sentence(self) -> str:
        """How it stands, for people."""
        if not self.cases:
            return proof.NONE_YET
        if self.running:
            return "The cases are being run."
        if not self.current:
            return proof.NOT_RUN
        if self.report.verdict == "passed":
            return "The only case passed." if len(self.cases) == 1 else f"All {len(self.cases)} cases passed."
        return self.report.content["sentence"]


@action(Permission.MODEL_SEE, verb="model.evidence-opened", on=ModelVersion, rows=judging.versions)
def open_cases(*, by, on) -> CasesPage:
    """The cases of a version and what came of them."""
    return _page(on)


@action(Permission.MODEL_SEE, verb="model.evidence-followed", on=ModelVersion, rows=judging.versions)
def follow(*, by, on) -> CasesPage:
    """The same while a run goes on; written down once, when it has ended."""
    page = _page(on)
    if page.running:
        event().skip()
    return page


@action(Permission.MODEL_PROVE, verb="model.cases-asked", on=ModelVersion, rows=judging.versions)
def run(*, by, on) -> str:
    """Run a version's cases now; the id of the run. Raises Conflict when there is nothing to run."""
    if on.state in (VersionState.REFUSED, VersionState.RETIRED):
        raise Conflict(f"{on} is {on.get_state_display()}; its cases are not run any more.")
    begun = asking.begin(on, "demand", by=by)
    if begun is None:
        raise Conflict(proof.NONE_YET)
    return begun.public_id


@action(Permission.MODEL_PROVE, verb="model.case-added", on=ModelVersion, rows=judging.versions)
def add(*, by, on, case) -> AcceptanceCase:
    """Add a case while nobody has signed; raises BadInput as a clinician's form would."""
    version = _open(on)
    content = cases.check(case, spec.form_of(version), version.facts["outputs"])
    if version.cases.count() >= cases.MOST:
        raise BadInput({"name": f"A version has at most {cases.MOST} cases."})
    made = AcceptanceCase.objects.create(version=version, number=_next(version), content=content, added_by=by)
    event().note(case=made.number)
    _run_again(version, by)
    return made


@action(Permission.MODEL_PROVE, verb="model.case-removed", on=ModelVersion, rows=judging.versions)
def remove(*, by, on, number) -> None:
    """Take a case away while nobody has signed; earlier reports keep what came of it."""
    version = _open(on)
    found = version.cases.filter(number=number).first()
    if found is None:
        raise Conflict("There is no such case any more.")
    event().note(case=found.number)
    found.delete()
    _run_again(version, by)


@action(Permission.MODEL_PROVE, verb="model.cases-night")
def run_due(*, by, on=None) -> int:
    """A duty of the keeper: put the night's runs in the queue; returns how many."""
    begun = [asking.begin(version, "nightly") for version in asking.due()]
    if not begun:
        event().skip()
    event().note(versions=len(begun))
    return len(begun)


def bring(version: ModelVersion, found: list[dict], *, by) -> None:
    """Keep the cases that a model's folder brought, inside its registration."""
    AcceptanceCase.objects.bulk_create(
        AcceptanceCase(version=version, number=number, content=content, brought=True, added_by=by)
        for number, content in enumerate(found, 1)
    )


def may_change(version: ModelVersion) -> bool:
    """Whether cases may still be added and taken away."""
    waits = version.state in (VersionState.DRAFT, VersionState.SUBMITTED)
    return waits and not signing.approvals(version)


def _open(on: ModelVersion) -> ModelVersion:
    """The version with its row held, so that nobody signs meanwhile; raises Conflict once somebody has."""
    version = moving.locked(on)
    if not may_change(version):
        raise Conflict(
            f"The cases are fixed once a reviewer has signed; this version is {version.get_state_display()}."
        )
    return version


def _next(version: ModelVersion) -> int:
    last = version.cases.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _run_again(version: ModelVersion, by) -> None:
    if version.state == VersionState.SUBMITTED:
        asking.begin(version, "change", by=by)


def _page(version: ModelVersion) -> CasesPage:
    kept = list(version.cases.select_related("added_by").order_by("number"))
    runs = list(AcceptanceRun.objects.filter(version=version).select_related("job", "asked_by", "report")[:_HISTORY])
    stands_for = proof.over(version, proof.cases_of(version))
    report = proof.newest(version, stands_for)
    shown = report or AcceptanceReport.objects.filter(version=version).first()
    tried = {case["number"]: case for case in report.content["cases"]} if report else {}
    going = next((run for run in runs if not run.job.ended_at), None)
    rows = [{"case": case, "content": case.content, "tried": tried.get(case.number)} for case in kept]
    return CasesPage(
        version, rows, shown, report is not None, going, runs, may_change(version), judging.page_of(version)
    )
