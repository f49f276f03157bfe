"""From a form to an answer, and every way in which there is none."""

import pytest
from django.conf import settings as django_settings

from portal.access import policy
from portal.accounts.factors import Proof
from portal.audit.models import AuditEvent
from portal.compute import actions as jobs
from portal.compute import quotas
from portal.compute.models import Job, LedgerEntry
from portal.core import clock
from portal.core.problems import BadInput, Conflict, Exhausted
from portal.predictions import actions
from portal.registry import actions as registry
from portal.registry import scoring
from portal.registry.evidence import actions as evidence
from tests import reviewing

pytestmark = pytest.mark.django_db(transaction=True)
embedded = pytest.mark.embedded


@pytest.fixture
def ask(cast, patient, unplanned):
    """Request a prediction for the clinician's patient."""

    def run(**changes):
        asked = {"by": cast["clinician"], "on": patient, "version": unplanned, "inputs": {}}
        return actions.request(**asked | changes).prediction

    return run


def view(cast, prediction):
    return actions.open_prediction(by=cast["clinician"], on=prediction)


@embedded
def test_a_model_answers_from_the_record_alone(cast, ask, worked, scorer, unplanned):
    prediction = ask()
    assert view(cast, prediction).state == "pending"

    assert worked() == 1

    found = view(cast, prediction)
    assert (found.state, found.reason) == ("succeeded", "done")
    assert found.sentence.endswith("patients like this one have an unplanned hospital stay within 12 months.")
    envelope = found.envelope
    assert (envelope["model"]["digest"], envelope["model"]["version"]) == (unplanned.digest, 1)
    assert envelope["model"]["approved_by"] == ["Ruth Adler", "Tomás Vega"]
    assert {row["source"] for row in envelope["inputs"]} == {"record"}
    assert envelope["completeness"]["asked"] == 12
    unlisted = [row["name"] for row in envelope["inputs"] if row["source_text"] == "not on the problem list"]
    assert (len(unlisted) > 0, envelope["completeness"]["not_listed"]) == (True, len(unlisted))
    assert sorted(envelope["output"]) == ["lower", "probability", "upper"]


def test_typed_values_win_over_the_record_and_say_so(cast, ask, worked, scorer):
    prediction = ask(inputs={"bmi": "31.5", "hba1c": ""})
    worked()

    envelope = view(cast, prediction).envelope
    rows = {row["name"]: row for row in envelope["inputs"]}
    assert (rows["bmi"]["value"], rows["bmi"]["source"]) == (31.5, "typed")
    assert "hba1c" in {item["name"] for item in envelope["missing"]}


def test_a_value_outside_training_is_named_on_the_result(cast, ask, worked, scorer):
    prediction = ask(inputs={"bmi": "70"})
    worked()

    assert [item["name"] for item in view(cast, prediction).envelope["out_of_range"]] == ["bmi"]


def test_bad_input_creates_nothing(cast, ask, worked):
    with pytest.raises(BadInput) as refusal:
        ask(inputs={"bmi": "heavy", "colour": "red"})

    assert sorted(refusal.value.errors) == ["bmi", "colour"]
    assert (Job.objects.filter(kind="prediction").count(), LedgerEntry.objects.count(), worked.waiting) == (0, 0, [])


def test_another_wards_clinician_reaches_nothing_of_it(cast, ask, worked, scorer):
    prediction = ask()
    worked()

    for attempt in (
        lambda: ask(by=cast["clinician2"]),
        lambda: actions.open_prediction(by=cast["clinician2"], on=prediction),
        lambda: actions.cancel(by=cast["clinician2"], on=prediction),
        lambda: jobs.open_job(by=cast["clinician2"], on=Job.objects.get(kind="prediction").public_id),
    ):
        with pytest.raises(policy.Denied) as refusal:
            attempt()
        assert refusal.value.status == 404
    denied = AuditEvent.objects.filter(actor="clinician2", outcome="denied")
    assert denied.exclude(patient="").count() == 4


def test_a_stopped_version_starts_nothing_and_refuses_what_waits(cast, ask, worked, unplanned):
    waiting = ask()
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Gives odd answers since Monday.")
    unplanned.refresh_from_db()
    worked()

    found = view(cast, waiting)
    assert (found.state, found.reason) == ("refused", "refused")
    assert "Gives odd answers since Monday." in found.sentence
    assert quotas.taken_today(cast["clinician"]) == 0
    with pytest.raises(Conflict, match="was stopped"):
        ask()


def test_past_results_of_a_stopped_version_carry_a_banner(cast, ask, worked, scorer, unplanned):
    prediction = ask()
    worked()
    registry.stop(by=cast["reviewer"], on=unplanned, reason="Gives odd answers since Monday.")

    assert "was stopped by Ruth Adler" in view(cast, prediction).banner


def test_changed_files_refuse_the_run_stop_the_version_and_leave_an_event(cast, ask, worked, scorer, unplanned):
    file = django_settings.ARTIFACTS / unplanned.digest / "model.onnx"
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    try:
        prediction = ask()
        worked()
    finally:
        file.write_bytes(whole)

    unplanned.refresh_from_db()
    assert (view(cast, prediction).state, view(cast, prediction).reason) == ("refused", "digest_mismatch")
    assert unplanned.state == "suspended"
    assert AuditEvent.objects.filter(verb="model.stopped", actor="system").count() == 1


def test_a_lost_assignment_refuses_the_queued_run(cast, ask, worked):
    from portal.access.actors import SYSTEM
    from portal.records import actions as records

    prediction = ask()
    records.end_assignment(by=SYSTEM, on=cast["clinician"].care_relationships.get())
    worked()

    assert Job.objects.get(kind="prediction").state == "failed"
    assert prediction == Job.objects.get(kind="prediction").subject


def test_a_silent_scorer_keeps_the_job_waiting(cast, ask, worked, settings, tmp_path):
    settings.SCORER_SOCKET = tmp_path / "none.sock"
    prediction = ask()
    worked()

    found = view(cast, prediction)
    assert (found.state, found.reason, Job.objects.get(kind="prediction").attempt) == ("pending", "scorer-down", 0)


def test_the_same_key_returns_the_same_prediction_and_another_body_is_refused(ask):
    first = ask(key="k1", body={"a": 1})

    assert ask(key="k1", body={"a": 1}) == first
    assert Job.objects.filter(kind="prediction").count() == 1
    with pytest.raises(actions.KeyReused):
        ask(key="k1", body={"a": 2})


def test_the_quota_refuses_with_its_number(cast, ask):
    jobs.set_quota(by=cast["admin"], on=cast["clinician"], daily_limit=2)
    ask()
    ask()

    with pytest.raises(Exhausted, match="Your 2 predictions"):
        ask()
    assert Job.objects.filter(kind="prediction").count() == 2


def test_a_cancelled_job_gives_its_reservation_back(cast, ask, worked):
    prediction = ask()
    actions.cancel(by=cast["clinician"], on=prediction)

    assert view(cast, prediction).state == "cancelled"
    assert quotas.taken_today(cast["clinician"]) == 0
    assert worked() == 1
    with pytest.raises(Conflict):
        actions.cancel(by=cast["clinician"], on=prediction)


def test_no_health_data_leaves_in_the_ledger_or_the_message(cast, ask, worked, scorer):
    from portal.records.actions import list_patients

    name = list_patients(by=cast["clinician"])[0].name
    prediction = ask(inputs={"bmi": "43.21"})
    assert worked.waiting == [Job.objects.get(kind="prediction").public_id]
    worked()

    written = " ".join(AuditEvent.objects.values_list("payload", flat=True))
    assert (name in written, "43.21" in written, prediction in written) == (False, False, True)


PICKLED = """flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: 3.11.7
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.9.1
mlflow_version: 3.17.2
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
  outputs: '[{"type": "double", "name": "y"}]'
"""


class Trap:
    """Unpickled, it writes into a folder of the host."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return (exec, (f"open({self.target!r}, 'w').write('reached')",))


@pytest.fixture
def trap(tmp_path):
    import pickle

    folder = tmp_path / "trap"
    folder.mkdir()
    (folder / "MLmodel").write_text(PICKLED)
    (folder / "requirements.txt").write_text("mlflow\n")
    (folder / "model.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "reached")))
    return folder


@pytest.mark.slow
def test_a_pickle_that_executes_code_reaches_nothing_and_is_never_approved(
    cast, studies, trap, worked, scorer, monkeypatch, tmp_path
):
    # The scan would have refused it; the sandbox must hold even where a scan is deceived.
    monkeypatch.setattr("portal.compute.runtime.scanner.dangers", lambda report: [])
    version = registry.register(by=cast["scientist"], on=studies["demo"], slug="trap", folder=trap)
    case = {"name": "One", "why": "Any.", "inputs": {"x": 1}, "expected": {"y": {"value": 1, "absolute": 0}}}
    evidence.add(by=cast["scientist"], on=version, case=case)
    registry.submit(by=cast["scientist"], on=version)
    worked()

    assert version.facts["flags"] == ["pickle"]
    assert not (tmp_path / "reached").exists()
    assert version.acceptance_reports.get().verdict in ("failed", "not-run")
    with pytest.raises(Conflict) as refusal:
        reviewing.approve(
            by=cast["reviewer"], on=version, reason="I want it.", proof=Proof(cast["reviewer"].pk, clock.now())
        )
    assert refusal.value.code == "not-ready"


def test_a_pickle_is_not_taken_where_that_is_forbidden(cast, studies, trap, settings):
    settings.ALLOW_PICKLE = False

    with pytest.raises(BadInput, match="holds a pickle"):
        registry.register(by=cast["scientist"], on=studies["demo"], slug="trap", folder=trap)


def test_code_of_a_model_s_own_needs_the_outer_wall_in_production(unplanned, settings):
    assert scoring.walls_of(unplanned) == {"rlimits", "no_new_privs"}
    settings.SCORER_MINIMUM_CODE = ["bubblewrap"]
    assert "bubblewrap" not in scoring.walls_of(unplanned)
    unplanned.engine = "pyfunc"
    assert "bubblewrap" in scoring.walls_of(unplanned)


def test_a_machine_without_the_required_walls_runs_nothing(cast, ask, worked, scorer, settings):
    settings.SCORER_MINIMUM = ["rlimits", "a moat"]
    prediction = ask()
    worked()

    assert (view(cast, prediction).state, view(cast, prediction).reason) == ("refused", "sandbox_too_weak")
