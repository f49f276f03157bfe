"""Acceptance cases: what is taken, what a run finds, what holds an approval back, what stops a version."""

import json
import shutil
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings
from hypothesis import given
from hypothesis import strategies as st

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.accounts.factors import Proof
from portal.audit.models import AuditEvent
from portal.compute import actions as compute
from portal.compute import quotas, work
from portal.compute.models import Job
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.registry import actions, bundle, scoring, signing
from portal.registry.evidence import actions as evidence
from portal.registry.evidence import asking, cases, proof
from portal.registry.models import AcceptanceCase, AcceptanceReport, AcceptanceRun, ModelEnvironment, ModelVersion
from portal.registry.studio import actions as studio
from tests import evidence as proving
from tests import reviewing

pytestmark = pytest.mark.django_db
SLUG = "unplanned-admission"


def wanting(version) -> list[str]:
    """What the evidence of a version holds back an approval for."""
    return [one.sentence for one in bundle.missing(version) if one.part == "evidence"]


@pytest.fixture
def draft(cast, studies, trained):
    return actions.register(by=cast["scientist"], on=studies["demo"], slug=SLUG, folder=trained[SLUG])


@pytest.fixture
def run(cast, monkeypatch, scorer):
    """Run a version's cases for a reason, as a worker would."""
    monkeypatch.setattr(compute, "nudge", lambda job: None)

    def go(version, why="demand"):
        with guard.unlocked():
            begun = asking.begin(version, why, by=None if why == "nightly" else cast["scientist"])
        # A heartbeat of another connection would not see a job that a test's transaction holds.
        with patch.object(work, "_heartbeat", lambda lease: nullcontext()):
            work.run(begun.job.public_id)
        return AcceptanceReport.objects.filter(run=begun).first()

    return go


def change(version, number: int, **members) -> None:
    """Change a case as nobody may: past every action."""
    with guard.unlocked():
        case = AcceptanceCase.objects.get(version=version, number=number)
        case.content = case.content | members
        case.save()


def off(version, number: int = 1) -> None:
    """Let a case ask for another answer than the model gives."""
    content = AcceptanceCase.objects.get(version=version, number=number).content
    change(version, number, expected={"probability": {"value": 0.9, "absolute": 0.01, "relative": 0}} | {})
    assert content["expected"]["probability"]["value"] != 0.9


def test_every_model_of_the_demonstration_brings_cases_that_it_passes(cast, studies, trained, prove):
    for slug, folder in trained.items():
        version = actions.register(by=cast["scientist"], on=studies["demo"], slug=slug, folder=folder)
        prove(version)
        report = version.acceptance_reports.get()
        least = 2 if slug == "irregular-rhythm" else 5
        assert (slug, report.verdict, len(report.content["cases"]) >= least) == (slug, "passed", True)
        assert {"rlimits", "no_new_privs"} <= set(report.content["layers"])
        assert report.content["digest"] == version.digest


def test_a_submission_runs_the_cases_and_takes_nothing_of_a_persons_day(cast, draft, worked, monkeypatch):
    asked = []
    monkeypatch.setattr(compute, "nudge", asked.append)
    before = quotas.taken_today(cast["scientist"].pk)
    actions.submit(by=cast["scientist"], on=draft)

    job = Job.objects.get(kind="acceptance")
    assert (job.subject, quotas.taken_today(cast["scientist"].pk)) == (AcceptanceRun.objects.get().public_id, before)
    assert wanting(draft) == [proof.RUNNING]
    assert evidence.open_cases(by=cast["scientist"], on=draft).running is True


def test_nobody_signs_before_the_cases_have_passed_over_exactly_these(cast, draft, run, tried):
    actions.submit(by=cast["scientist"], on=draft)
    tried(draft)
    sign = {"by": cast["reviewer"], "on": draft, "reason": "Read it.", "proof": Proof(cast["reviewer"].pk, clock.now())}
    with pytest.raises(Conflict) as refusal:
        reviewing.approve(**sign)
    assert refusal.value.code == "not-ready"
    run(draft, "change")
    assert wanting(draft) == []

    studio.change_form(
        by=cast["reviewer"], on=draft, overlay=draft.overlay | {"summary": "Other words."}, why="Plainer words."
    )
    draft.refresh_from_db()
    assert wanting(draft) == [proof.RUNNING]
    run(draft, "change")
    assert wanting(draft) == []
    assert reviewing.approve(**sign).meaning == "approval"


def test_a_version_without_cases_waits_for_some(cast, studies, trained, tmp_path, scorer):
    folder = tmp_path / "bare"
    shutil.copytree(trained[SLUG], folder)
    (folder / "acceptance.json").unlink()
    version = actions.register(by=cast["scientist"], on=studies["demo"], slug="bare", folder=folder)
    actions.submit(by=cast["scientist"], on=version)
    version.refresh_from_db()

    assert (AcceptanceRun.objects.count(), wanting(version)) == (0, [proof.NONE_YET])
    with pytest.raises(Conflict, match="It has no acceptance cases"):
        evidence.run(by=cast["scientist"], on=version)
    made = evidence.add(by=cast["reviewer"], on=version, case=proving.plain_case(version, age=50))
    assert (made.number, AcceptanceRun.objects.get().why) == (1, "change")


def test_a_case_that_does_not_hold_is_named_with_what_came_instead(cast, draft, run):
    actions.submit(by=cast["scientist"], on=draft)
    off(draft, 2)
    report = run(draft, "change")

    found = [(case["number"], case["within"]) for case in report.content["cases"]]
    assert (report.verdict, found) == ("failed", [(1, True), (2, False), (3, True), (4, True), (5, True), (6, True)])
    told = report.content["sentence"]
    assert told.startswith("1 of 6 acceptance cases failed. “A woman of 30 who is well”: probability should be 0.9, ")
    assert wanting(draft) == [told]
    assert list(Notice.objects.values_list("kind", "person__username")) == [("cases-failed", "scientist")]


def test_a_nightly_run_that_passes_leaves_every_signature(cast, unplanned, run):
    before = signing.payload_sha256(unplanned)
    report = run(unplanned, "nightly")

    assert (report.verdict, unplanned.acceptance_reports.count()) == ("passed", 2)
    assert len(set(unplanned.acceptance_reports.values_list("verdict_sha256", flat=True))) == 1
    assert signing.payload_sha256(unplanned) == before


def test_a_changed_case_voids_every_signature(unplanned):
    assert signing.enough(signing.approvals(unplanned)) is True
    change(unplanned, 1, why="Another reason.")
    assert signing.approvals(unplanned) == []


def answer_otherwise(monkeypatch, by: float) -> None:
    """Let the scorer answer with other numbers, as after a new version of a library below it."""
    client, asked = scoring.client(), scoring.client().score

    def score(spec, rows, **more):
        found = asked(spec, rows, **more)
        found.columns["probability"] = [value + by for value in found.columns["probability"]]
        return found

    monkeypatch.setattr(client, "score", score)


def test_evidence_holds_for_the_software_that_it_ran_with_alone(unplanned):
    report = unplanned.acceptance_reports.first()
    assert report.content["environment"] == unplanned.environment.digest != ""
    with guard.unlocked():
        ModelEnvironment.objects.filter(pk=unplanned.environment_id).update(digest="f" * 64)
    unplanned = ModelVersion.objects.get(pk=unplanned.pk)
    assert (wanting(unplanned), signing.approvals(unplanned)) == ([proof.NOT_RUN], [])


def test_three_nights_without_a_run_tell_people_once(cast, unplanned, run, monkeypatch):
    def nights(count: int) -> list[int]:
        return [run(unplanned, "nightly") and Notice.objects.filter(kind="cases-not-run").count() for _ in range(count)]

    with monkeypatch.context() as weak:
        weak.setattr(scoring, "too_weak", lambda client, walls: True)
        assert nights(5) == [0, 0, 3, 3, 3]
    told = Notice.objects.filter(kind="cases-not-run").values_list("person__username", "about")
    assert set(told) == {(name, unplanned.public_id) for name in ("reviewer", "reviewer2", "scientist")}
    unplanned.refresh_from_db()
    assert (unplanned.state, nights(1)) == ("approved", [3])


def test_the_night_counts_and_writes_down_only_the_runs_that_it_begins(cast, unplanned):
    due = lambda: evidence.run_due(by=SYSTEM)  # noqa: E731
    with guard.unlocked():
        AcceptanceRun.objects.filter(version=unplanned).update(asked_at=clock.now() - timedelta(days=2))
    assert (due(), due(), due()) == (1, 0, 0)
    with guard.unlocked():
        # It waits for days: nothing new is begun, and nothing is written down each minute.
        AcceptanceRun.objects.filter(version=unplanned).update(asked_at=clock.now() - timedelta(days=2))
    assert due() == 0
    with guard.unlocked():
        Job.objects.filter(kind="acceptance").update(state="failed")
        AcceptanceCase.objects.filter(version=unplanned).delete()
    assert due() == 0
    assert AuditEvent.objects.filter(verb="model.cases-night").count() == 1


def test_a_version_in_use_that_fails_at_night_stops_by_itself_and_people_are_told(cast, unplanned, run, monkeypatch):
    answer_otherwise(monkeypatch, 0.2)
    report = run(unplanned, "nightly")

    unplanned.refresh_from_db()
    assert (report.verdict, unplanned.state, unplanned.stopped_by) == ("failed", "suspended", None)
    assert "“A man of 64 with diabetes”: probability should be" in unplanned.stop_reason
    told = Notice.objects.filter(kind="cases-failed").values_list("person__username", "about")
    assert set(told) == {(name, unplanned.public_id) for name in ("reviewer", "reviewer2", "scientist")}


def test_what_failed_runs_again_only_after_its_cases_pass(cast, unplanned, run, monkeypatch):
    with monkeypatch.context() as otherwise:
        answer_otherwise(otherwise, 0.2)
        run(unplanned, "nightly")
    unplanned.refresh_from_db()
    resume = {
        "by": cast["reviewer"],
        "on": unplanned,
        "reason": "Looks fine to me.",
        "proof": Proof(cast["reviewer"].pk, clock.now()),
    }
    with pytest.raises(Conflict) as refusal:
        actions.resume(**resume, seen=reviewing.seen(unplanned))
    assert refusal.value.code == "not-ready"
    run(unplanned)
    actions.resume(**resume, seen=reviewing.seen(unplanned))
    unplanned.refresh_from_db()
    assert unplanned.state == "approved"


def test_a_scorer_that_is_away_stops_nothing_and_is_asked_again(cast, unplanned, run, monkeypatch):
    monkeypatch.setattr(scoring, "client", lambda: scoring.Client("/nowhere/scorer.sock"))
    assert run(unplanned, "nightly") is None

    unplanned.refresh_from_db()
    job = AcceptanceRun.objects.first().job
    assert (unplanned.state, job.state, job.reason) == ("approved", "pending", "scorer-down")
    page = evidence.open_cases(by=cast["reviewer"], on=unplanned)
    assert (page.running, page.run.job.sentence) == (
        True,
        "The part that runs models does not answer. The job waits and tries again.",
    )


def test_a_machine_that_lacks_a_wall_stops_nothing_and_says_so(cast, unplanned, run, settings):
    settings.SCORER_MINIMUM = ["rlimits", "a moat"]
    report = run(unplanned, "nightly")
    unplanned.refresh_from_db()
    assert (unplanned.state, report.verdict) == ("approved", "not-run")
    assert (
        report.content["sentence"] == "The protections required for clinical runs are not all in force on this machine."
    )


def test_files_that_changed_after_approval_fail_the_night_and_stop_the_version(unplanned, run):
    path = django_settings.ARTIFACTS / unplanned.digest / "requirements.txt"
    before = path.read_bytes()
    path.chmod(0o644)
    try:
        path.write_text("onnxruntime\n# touched\n")
        run(unplanned, "nightly")
    finally:
        path.write_bytes(before)
        path.chmod(0o444)
    unplanned.refresh_from_db()
    assert unplanned.state == "suspended"
    assert "not the ones that were approved" in unplanned.stop_reason


def test_the_night_asks_once_for_every_approved_version(unplanned, monkeypatch, settings):
    monkeypatch.setattr(compute, "nudge", lambda job: None)
    settings.CASES_AT = "03:00"
    with guard.unlocked():
        AcceptanceRun.objects.update(asked_at=clock.now() - timedelta(days=2))
    assert evidence.run_due(by=SYSTEM) == 1
    assert evidence.run_due(by=SYSTEM) == 0
    found = AcceptanceRun.objects.first()
    assert (found.why, found.asked_by, found.job.purpose) == ("nightly", None, "evidence")


def test_a_report_is_written_once(unplanned):
    report = AcceptanceReport.objects.get()
    report.verdict = "failed"
    with pytest.raises(TypeError, match="written once"):
        report.save()


def test_cases_are_fixed_once_somebody_has_signed(cast, unplanned):
    case = AcceptanceCase.objects.get(version=unplanned, number=1).content
    for change_it in (lambda: evidence.add(by=cast["reviewer"], on=unplanned, case=case),
                      lambda: evidence.remove(by=cast["reviewer"], on=unplanned, number=1)):  # fmt: skip
        with pytest.raises(Conflict, match="fixed once a reviewer has signed"):
            change_it()


def test_who_belongs_to_neither_study_nor_committee_runs_nothing(cast, draft):
    for name, status in (("scientist2", 404), ("reviewer", 404), ("clinician", 404)):
        with pytest.raises(policy.Denied) as refusal:
            evidence.run(by=cast[name], on=draft.public_id)
        assert (name, refusal.value.status) == (name, status)


CASE = {"name": "One", "why": "Any.", "inputs": {}, "expected": {"probability": {"value": 0.5, "absolute": 0.1}}}
GOOD = {"age": 50, "male": 1.0, "visits_12m": 1, "heart_failure": 0.0, "diabetes": 0.0, "copd": 0.0}


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({"inputs": GOOD | {"age": 500}}, "500 years is not possible"),
        ({"inputs": GOOD | {"shoe": 44}}, "The model does not ask for “shoe”"),
        ({"inputs": {"age": 50}}, "is needed: the model gives no answer without it"),
        ({"inputs": GOOD | {"creatinine": 90}, "units": {"creatinine": "stone"}}, "the unit stone is not offered"),
        ({"name": "  "}, "needs a name"),
        ({"why": ""}, "says why it is a case"),
        ({"expected": {}}, "say for at least one column"),
        ({"expected": {"chance": {"value": 1, "absolute": 0}}}, "chance: the model gives"),
        ({"expected": {"probability": {"value": 1}}}, "a number needs a tolerance"),
        ({"expected": {"probability": {"value": 1, "absolute": -1}}}, "a tolerance is a number from 0"),
        ({"expected": {"probability": {"value": None, "absolute": 1}}}, "the value must be a number"),
        ({"colour": "red"}, "no other members"),
    ],
)
def test_what_a_clinicians_form_or_the_model_would_not_take_is_no_case(cast, draft, spoil, sentence):
    with pytest.raises(BadInput, match=sentence):
        evidence.add(by=cast["scientist"], on=draft, case={**CASE, "inputs": GOOD, **spoil})
    assert draft.cases.count() == 6


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[", "must be a JSON object"),
        ('{"cases": 3}', "must be a list of at most 200"),
        ('{"cases": [7]}', "Case 1 must have no other members"),
        (json.dumps({"cases": [CASE | {"inputs": GOOD | {"sbp": "high"}}]}), "“high” is not a number"),
    ],
)
def test_a_folder_with_wrong_cases_is_not_registered(cast, studies, trained, tmp_path, text, sentence):
    folder = tmp_path / "wrong"
    shutil.copytree(trained[SLUG], folder)
    (folder / "acceptance.json").write_text(text)
    with pytest.raises(BadInput, match=sentence):
        actions.register(by=cast["scientist"], on=studies["demo"], slug="wrong", folder=folder)
    assert ModelVersion.objects.count() == 0


@pytest.mark.parametrize("name", ["../secret.dcm", "/etc/hostname", "acceptance/none.dcm"])
def test_a_tracing_of_a_case_lies_in_the_models_own_folder(cast, studies, trained, tmp_path, name):
    folder = tmp_path / "wrong"
    shutil.copytree(trained["irregular-rhythm"], folder)
    found = json.loads((folder / "acceptance.json").read_text())
    found["cases"][0]["inputs"]["ecg"]["file"] = name
    (folder / "acceptance.json").write_text(json.dumps(found))
    with pytest.raises(BadInput, match="the folder has no file"):
        actions.register(by=cast["scientist"], on=studies["demo"], slug="wrong", folder=folder)


NUMBERS = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
SIZES = st.floats(0, 10)


@given(NUMBERS, NUMBERS, SIZES, SIZES)
def test_an_answer_is_within_exactly_when_numpy_calls_it_close(wanted, got, absolute, relative):
    import numpy

    expected = {"y": {"value": wanted, "absolute": absolute, "relative": relative}}
    (found,) = cases.compare(expected, {"y": got})
    assert found["within"] == bool(numpy.isclose(got, wanted, atol=absolute, rtol=relative))


@given(st.text(max_size=5) | st.booleans() | NUMBERS | st.none() | st.lists(NUMBERS, max_size=3))
def test_a_text_is_met_by_the_same_text_alone(got):
    (found,) = cases.compare({"y": {"value": "yes", "absolute": 0, "relative": 0}}, {"y": got})
    assert found["within"] == (got == "yes")
    (absent,) = cases.compare({"y": {"value": "yes", "absolute": 0, "relative": 0}}, {"x": got})
    assert absent["within"] is False
