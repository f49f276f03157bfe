"""Trying a version on rows of the hospital: who names them, what comes back, and what never does."""

import copy

import pytest
from sklearn.metrics import roc_auc_score

from portal.access import policy
from portal.audit.models import AuditEvent
from portal.compute import quotas
from portal.core import guard
from portal.core.ids import new_id
from portal.core.problems import BadInput, Conflict
from portal.datasets import actions as datasets
from portal.datasets import rights
from portal.demo.hospital import simulate_cohort
from portal.registry import scoring
from portal.registry.evidence import actions as evidence
from portal.registry.evidence import judging, overlap
from portal.registry.models import Evaluation, ModelVersion
from portal.registry.review import difference
from tests.datasets.conftest import client_of, fresh, send  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("age", "male", "visits_12m", "heart_failure", "diabetes", "copd", "bmi", "sbp", "creatinine")
COUNT = 700
PLAN = {
    "columns": {name: name for name in NAMES}, "label": "unplanned", "thresholds": "10, 30", "groups": ["ward"], "patient": "mrn",
    "training": "mrn",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_store(tmp_path, settings):
    settings.DATASETS = tmp_path / "datasets"


def people(first: int, count: int, seed: int) -> list[dict]:
    rows = simulate_cohort(count, seed=seed)
    return [
        row | {"male": int(row["sex"] == "male"), "mrn": f"ZEBRA-{first + place}", "unplanned": int(row["label"]),
               "ward": "attic" if place < 6 else "north" if place % 2 else "south"}
        for place, row in enumerate(rows)
    ]  # fmt: skip


def table(rows: list[dict]) -> bytes:
    heads = [*NAMES, "mrn", "ward", "unplanned"]

    def cell(value):
        return "" if value is None else str(int(value) if isinstance(value, bool) else value)

    return "\n".join([",".join(heads), *(",".join(cell(row[name]) for name in heads) for row in rows)]).encode()


@pytest.fixture
def tables(cast, studies, send):  # noqa: F811
    """The hospital's rows and those that the model is said to be trained on; 23 patients are in both."""
    found = {}
    for name, rows in (("tried", people(0, COUNT, 77)), ("trained", people(COUNT - 23, 100, 78))):
        made = datasets.create(
            by=cast["scientist2"], on=studies["other"], title=f"Rows {name}", description="x", classification="identified"
        )  # fmt: skip
        version = send(made, table(rows), by="scientist2")
        holds = dict.fromkeys(range(len(version.columns)), "none") | {len(NAMES): "mrn"}
        datasets.confirm(
            by=cast["scientist2"], on=version.public_id, holds=holds, classification="identified", names_are_names=True
        )
        rights.give(
            by=cast["scientist2"], on=made, person=cast["reviewer"], right="compute", words="to try models on it"
        )
        found[name] = fresh(version)
    return found


def test_a_reviewer_has_a_version_tried_and_reads_aggregates_alone(cast, unplanned, tables, worked, client_of):  # noqa: F811
    given = {"by": cast["reviewer"], "on": unplanned.public_id}
    judging.name(**given, table=tables["tried"].public_id, trained_on=tables["trained"].public_id, plan=PLAN)
    before = quotas.taken_today(cast["reviewer"].pk)
    judging.evaluate(**given)
    assert evidence.open_cases(**given).evaluation.going is not None
    worked()

    page = evidence.open_cases(by=cast["scientist"], on=unplanned.public_id).evaluation
    answer = page.shown.answer
    assert (page.shown.outcome, answer["whole"]["n"], answer["left_out"]) == ("told", COUNT, 0)
    assert quotas.taken_today(cast["reviewer"].pk) == before

    shown = client_of("reviewer").get(f"/lab/versions/{unplanned.public_id}/evidence/").content.decode()
    assert "Of two, one with it and one without" in shown and "About 20 of these patients are also among" in shown

    rows = people(0, COUNT, 77)
    inputs = [{name: None if row.get(name) is None else float(row[name]) for name, _ in scoring.spec_of(unplanned).inputs} | {
        "cholesterol": None, "hba1c": None, "haemoglobin": None} for row in rows]  # fmt: skip
    risk = scoring.client().score(scoring.spec_of(unplanned), inputs).columns["probability"]
    truth = roc_auc_score([row["unplanned"] for row in rows], risk)
    assert answer["whole"]["metrics"]["auroc"][0] == round(truth, 3)
    assert [one["threshold"] for one in answer["whole"]["at"]] == [0.1, 0.3]
    assert answer["whole"]["at"][0]["alerts"][0] == round(sum(one >= 0.1 for one in risk) / COUNT, 3)

    # The attic has six: neither it nor what would tell of it is shown.
    cells = answer["groups"][0]["cells"]
    assert {cell["label"] for cell in cells} == {"north", "south"}
    assert [cell["n"] for cell in cells].count(None) == 1
    assert answer["overlap"] == {"none": False, "count": 20}
    assert "ZEBRA" not in str(answer) and "attic" not in str(answer)
    told = AuditEvent.objects.filter(verb__in=("model.rows-named", "model.evaluation-asked", "model.evaluated"))
    assert sorted(told.values_list("verb", flat=True)) == [
        "model.evaluated",
        "model.evaluation-asked",
        "model.rows-named",
    ]
    assert "ZEBRA" not in str(list(told.values_list("payload", flat=True)))


def test_the_next_version_is_laid_beside_with_what_was_worked_out_of_both(cast, unplanned, tables, worked, client_of):  # noqa: F811
    judging.name(by=cast["reviewer"], on=unplanned, table=tables["tried"].public_id, plan=PLAN | {"training": ""})
    judging.evaluate(by=cast["reviewer"], on=unplanned)
    worked()
    first = Evaluation.objects.get()
    after = copied(ModelVersion.objects.get(pk=unplanned.pk), number=2, approved_at=None)
    assert "figures" not in {section.key for section in difference.of(after).sections}

    answer = copy.deepcopy(first.answer)
    answer["whole"]["metrics"]["brier"] = [0.05, 0.04, 0.06]
    copied(first, version=after, job=copied(first.job, subject=new_id()), answer=answer)
    found = {section.key: section for section in difference.of(after).sections}["figures"]
    (change,) = found.changes
    assert (change.what, change.after) == ("Squared error (Brier)", "0.05 (0.04 to 0.06)")
    assert change.before.startswith(f"{first.answer['whole']['metrics']['brier'][0]:.3g} (")
    shown = client_of("reviewer").get(f"/lab/versions/{after.public_id}/review/").content.decode()
    assert "Figures on the same rows of this hospital" in shown and "0.05 (0.04 to 0.06)" in shown


def copied(row, **changed):
    """Another row like this one, made past every action."""
    with guard.unlocked():
        row = type(row).objects.get(pk=row.pk)
        row.pk, row.public_id, row._state.adding = None, new_id(), True
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(force_insert=True)
    return row


def test_rows_that_a_form_would_not_take_are_left_out_and_counted(cast, unplanned, studies, send, worked):  # noqa: F811
    rows = people(0, 300, 5)
    for row in rows[:30]:
        row["age"] = 400
    made = datasets.create(
        by=cast["scientist2"], on=studies["other"], title="Odd", description="x", classification="identified"
    )
    version = send(made, table(rows), by="scientist2")
    holds = dict.fromkeys(range(len(version.columns)), "none") | {len(NAMES): "mrn"}
    datasets.confirm(
        by=cast["scientist2"], on=version.public_id, holds=holds, classification="identified", names_are_names=True
    )
    rights.give(by=cast["scientist2"], on=made, person=cast["reviewer"], right="compute", words="to try models on it")
    judging.name(
        by=cast["reviewer"], on=unplanned, table=version.public_id, plan=PLAN | {"patient": "", "training": ""}
    )
    judging.evaluate(by=cast["reviewer"], on=unplanned)
    worked()
    answer = Evaluation.objects.get().answer
    assert (answer["whole"]["n"], answer["left_out"], answer["overlap"]) == (270, 30, None)


def test_who_may_not_have_the_rows_computed_on_names_nothing(cast, unplanned, tables):
    for name in ("reviewer2",):
        with pytest.raises(BadInput, match="choose a table that its owner lets you compute on"):
            judging.name(by=cast[name], on=unplanned, table=tables["tried"].public_id, plan=PLAN)
        assert judging.open_form(by=cast[name], on=unplanned, table=tables["tried"].public_id).columns == []
    for name in ("clinician", "scientist2"):
        with pytest.raises(policy.Denied):
            judging.name(by=cast[name], on=unplanned, table=tables["tried"].public_id, plan=PLAN)


def test_nobody_names_the_patients_that_their_own_model_is_tried_on(cast, unplanned, tables):
    with pytest.raises(Conflict) as refusal:
        judging.name(by=cast["scientist"], on=unplanned, table=tables["tried"].public_id, plan=PLAN)
    assert refusal.value.code == "own-model"


def test_a_right_that_ended_meanwhile_tells_nothing(cast, unplanned, tables, worked):
    judging.name(by=cast["reviewer"], on=unplanned, table=tables["tried"].public_id, plan=PLAN | {"training": ""})
    judging.evaluate(by=cast["reviewer"], on=unplanned)
    grant = rights.view(by=cast["scientist2"], on=tables["tried"].dataset)[1][0].grant
    rights.end(by=cast["scientist2"], on=tables["tried"].dataset, grant=grant.public_id)
    worked()
    found = Evaluation.objects.get()
    assert (found.outcome, found.answer) == ("denied", None)


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        ({"columns": {**PLAN["columns"], "age": "mrn"}}, "column.age"),
        ({"columns": {name: name for name in NAMES if name != "copd"}}, "column.copd"),
        ({"label": "ward"}, "label"), ({"label": "mrn"}, "label"), ({"thresholds": "ten"}, "thresholds"),
        ({"thresholds": "0"}, "thresholds"), ({"groups": ["mrn"]}, "groups"), ({"patient": "nothing"}, "patient"),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_fit_is_refused_by_its_field(cast, unplanned, tables, spoil, field):
    with pytest.raises(BadInput) as refusal:
        judging.name(
            by=cast["reviewer"], on=unplanned, table=tables["tried"].public_id, plan=PLAN | {"training": ""} | spoil
        )
    assert list(refusal.value.errors) == [field]


def test_patients_in_both_are_counted_once_and_nobody_is_no_patient():
    trained, tried = ["A1", "b2", None, "", "c3", "c3"], [" a1 ", "B2", "B2", None, "", "d4"]
    assert overlap.count(trained, tried) == 2
    assert [overlap.told(number) for number in (None, 0, 3, 10, 11, 26)] == [
        None, {"none": True, "count": None}, {"none": False, "count": None}, {"none": False, "count": None},
        {"none": False, "count": 10}, {"none": False, "count": 30},
    ]  # fmt: skip
