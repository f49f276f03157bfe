"""The job of kind “acceptance”: every case through the form's checks and the production sandbox, and a report of it."""

import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from portal.access import notices
from portal.access.action import event
from portal.access.actors import SYSTEM
from portal.accounts.models import User
from portal.compute import reasons
from portal.compute.executors import Ended
from portal.compute.models import Job
from portal.compute.runtime.client import Client, ModelRefused, ModelSpec, ScorerUnavailable
from portal.core.problems import Conflict
from portal.core.signed import digest
from portal.datasets import signals, uploads
from portal.datasets.signals import Signal, Unreadable
from portal.registry import actions, answers, artifacts, moving, scoring, spec
from portal.registry.evidence import cases, proof
from portal.registry.models import AcceptanceReport, AcceptanceRun, ModelVersion
from portal.registry.states import VersionState

# What is wrong with the machine rather than with the model: nothing is known of it then.
_OURS = frozenset({"environment_unavailable", "sandbox_too_weak"})
# After so many nights in a row in which the cases could not be run, people are told.
NIGHTS = 3
_ONCE_MORE = frozenset({"crashed", "timed_out", "out_of_memory"})


class NotRun(Exception):
    """The cases cannot be run here; the text is a reason of portal.compute.reasons."""


@dataclass(frozen=True)
class AcceptanceOrder:
    """What leaves the database for the scorer."""

    spec: ModelSpec
    form: spec.FormSpec
    walls: frozenset[str]
    cases: list[dict]
    over: str
    about: dict


class AcceptanceExecutor:
    """Runs the cases of one version; see compute.executors.Executor for the three steps."""

    def prepare(self, job: Job) -> AcceptanceOrder:
        version = _run_of(job).version
        if version.state in (VersionState.REFUSED, VersionState.RETIRED):
            raise Conflict(f"{version} is {version.get_state_display()}; its cases are not run any more.")
        found = proof.cases_of(version)
        about = {"digest": version.digest, "overlay_sha256": digest(version.overlay),
                 "environment": proof.environment_of(version)}  # fmt: skip
        return AcceptanceOrder(
            scoring.spec_of(version), spec.form_of(version), scoring.walls_of(version), found, proof.over(version, found), about
        )  # fmt: skip

    def perform(self, order: AcceptanceOrder, within: float | None = None) -> Ended:
        began, layers = time.monotonic(), []
        try:
            client = scoring.client()
            if scoring.too_weak(client, order.walls):
                raise NotRun("sandbox_too_weak")
            tried = [_try(client, order, case, layers, began) for case in order.cases]
        except ScorerUnavailable:
            return Ended(ok=False, reason="scorer-down", retry=True)
        except NotRun as problem:
            reason = str(problem)
            return Ended(ok=False, reason=reason, result=_report(order, [], layers, began, reasons.sentence(reason)))
        wrong = sum(not case["within"] for case in tried)
        return Ended(ok=True, result=_report(order, tried, layers, began), facts={"cases": len(tried), "failed": wrong})

    def conclude(self, job: Job, ended: Ended) -> None:
        run, found = _run_of(job), ended.result
        version = moving.locked(run.version)
        if not isinstance(found, dict):
            _tell_of_nights(version, run)
            return
        report = AcceptanceReport.objects.create(run=run, version=version, **found)
        event().also("model.cases-ran", version, verdict=report.verdict, why=run.why, report=report.public_id)
        if report.verdict == "failed":
            _answer(version, report)
        _tell_of_nights(version, run)


def _answer(version: ModelVersion, report: AcceptanceReport) -> None:
    """A version that is used and fails its own cases stops by itself; whoever answers for it is told."""
    people = _answerable(version)
    current = report.over == proof.over(version, proof.cases_of(version))
    if version.state == VersionState.APPROVED and current:
        actions.stop(by=SYSTEM, on=version, reason=report.content["sentence"][: moving.REASON_LIMIT])
        people = people | _committee()
    notices.tell(people.filter(is_active=True).distinct(), "cases-failed", version.public_id)


def _tell_of_nights(version: ModelVersion, run: AcceptanceRun) -> None:
    """Once, in the night that makes it so many in a row, tell people that nobody knows whether the cases still hold."""
    if run.why != "nightly":
        return
    last = AcceptanceRun.objects.filter(version=version, why="nightly").select_related("report")[: NIGHTS + 1]
    told = [hasattr(one, "report") and one.report.verdict != "not-run" for one in last]
    if len(told) >= NIGHTS and not any(told[:NIGHTS]) and all(told[NIGHTS:]):
        people = (_answerable(version) | _committee()).filter(is_active=True).distinct()
        notices.tell(people, "cases-not-run", version.public_id)


def _answerable(version: ModelVersion):
    return User.objects.filter(pk__in={version.created_by_id, version.model.owner_id} - {None})


def _committee():
    return User.objects.filter(groups__name="reviewer")


def _try(client: Client, order: AcceptanceOrder, case: dict, layers: list, began: float) -> dict:
    """One case: what was expected, what came, whether it is within, and a sentence when it could not be asked at all."""
    told = {"number": case["number"], "name": case["name"], "columns": [], "within": False, "sentence": ""}
    if time.monotonic() - began > settings.CELERY_TASK_TIME_LIMIT / 2:
        return told | {"sentence": "The cases before it took so long that this one was not run."}
    found = answers.check(order.form, _inputs(order, case), case["units"])
    if found.errors:
        return told | {"sentence": " ".join(found.errors.values())[:400]}
    try:
        scores = _score(client, order.spec, {name: answer.value for name, answer in found.given.items()})
    except ModelRefused as refusal:
        if refusal.code in _OURS:
            raise NotRun(refusal.code) from None
        return told | {"sentence": reasons.sentence(refusal.code)}
    layers[:] = scores.layers
    columns = cases.compare(case["expected"], {name: values[0] for name, values in scores.columns.items()})
    return told | {"columns": columns, "within": all(column["within"] for column in columns)}


def _score(client: Client, asked: ModelSpec, values: dict):
    row, params = scoring.row_of(asked, values), scoring.params_of(values)
    try:
        return client.score(asked, [row], params=params, timeout=asked.seconds + 30)
    except ModelRefused as refusal:
        if refusal.code not in _ONCE_MORE:
            raise
        # A machine that is short of memory for a moment is no fault of the model.
        return client.score(asked, [row], params=params, timeout=asked.seconds + 30)


def _inputs(order: AcceptanceOrder, case: dict) -> dict:
    files = {field.name: field for field in order.form.fields if field.is_tracing and cases.file_of(case, field.name)}
    read = {
        name: _tracing(order.spec.digest, cases.file_of(case, name), tuple(sorted(field.tracing.items())))
        for name, field in files.items()
    }
    # What the reviewers fixed is not asked any more; a case that says the same still stands.
    fixed = {field.name: str(field.fixed) for field in order.form.fields if not field.asked}
    given = {name: value for name, value in case["inputs"].items() if fixed.get(name) != str(value)}
    return {**given, **read}


@lru_cache(maxsize=16)
def _tracing(digest: str, name: str, wanted: tuple) -> Signal | Unreadable:
    """The tracing of a case; the same files hold the same one."""
    path = artifacts.path_of(digest) / name
    content = path.read_bytes() if path.is_file() and path.stat().st_size <= settings.SIGNAL_MAX_BYTES else b""
    upload = uploads.receive(content)
    try:
        found = signals.read(upload, dict(wanted), confirmed=True)
    finally:
        upload.close()
    if isinstance(found, Unreadable) and found.code == "broken":
        raise NotRun("error")
    return found


def _report(order: AcceptanceOrder, tried: list[dict], layers: list, began: float, sentence: str = "") -> dict:
    wrong = [case for case in tried if not case["within"]]
    verdict = "not-run" if sentence else "failed" if wrong or not tried else "passed"
    sentence = sentence or (_why(wrong, len(tried)) if verdict == "failed" else "")
    told = [[case["number"], case["within"]] for case in tried]
    return {
        "over": order.over, "verdict": verdict,
        "verdict_sha256": digest({"over": order.over, "verdict": verdict, "cases": told}),
        "milliseconds": round((time.monotonic() - began) * 1000),
        "content": {**order.about, "layers": list(layers), "cases": tried, "sentence": sentence},
    }  # fmt: skip


def _why(wrong: list[dict], count: int) -> str:
    """Which case failed and how, in one sentence that people who stop a model may quote."""
    if not wrong:
        return proof.NONE_YET
    first, more = wrong[0], len(wrong) - 1
    others = f" So did {more} more." if more else ""
    return f"{len(wrong)} of {count} acceptance cases failed. “{first['name']}”: {first['sentence'] or _off(first)}{others}"


def _off(case: dict) -> str:
    column = next(column for column in case["columns"] if not column["within"])
    return f"{column['column']} should be {_shown(column['value'])}, the model gave {_shown(column['got'])}."


def _shown(value) -> str:
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:60]


def _run_of(job: Job) -> AcceptanceRun:
    rows = AcceptanceRun.objects.select_related("version__model__study", "version__created_by", "version__environment")
    return rows.get(public_id=job.subject)
