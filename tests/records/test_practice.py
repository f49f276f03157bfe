"""The practice ward: every clinician runs approved models there, and nothing of it counts or shows anywhere else."""

import json

import pytest
from django.test import Client

from portal.access import actions as access
from portal.access import policy
from portal.access.actors import SYSTEM
from portal.audit.models import AuditEvent
from portal.compute import actions as jobs
from portal.compute import quotas
from portal.compute.models import Job, LedgerEntry
from portal.core import guard
from portal.core.problems import BadInput, Conflict, Exhausted
from portal.predictions import actions, discussion, feedback, incidents, retraction, worklist
from portal.predictions.models import Incident
from portal.records import actions as records
from portal.records import emergency, grantable, imports, invented, practice, sharing, staff
from portal.records.fhir.sources import Entry, Source
from portal.records.models import CareUnit, Patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ward(cast, wards) -> dict[str, str]:
    """The ids of the practice patients by what each is there to show."""
    found = practice.open_ward(by=cast["clinician"])
    return {one.key: lesson.patient.public_id for one, lesson in zip(invented.PEOPLE, found, strict=True)}


@pytest.fixture
def run(cast, unplanned, worked, scorer):
    """Run the approved model for a practice patient as somebody."""

    def ask(person: str, patient: str) -> str:
        made = actions.request(by=cast[person], on=patient, version=unplanned, inputs={}).prediction
        worked()
        return made

    return ask


def taken(person) -> int:
    return quotas.taken_today(person.pk)


def page_of(name: str, cast) -> Client:
    client = Client()
    client.force_login(cast[name], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.embedded
def test_the_ward_is_made_once_and_by_the_importer(cast, wards):
    first = practice.prepare(by=SYSTEM)
    again = practice.prepare(by=SYSTEM)

    imported = AuditEvent.objects.filter(verb="record.imported", purpose="HTEST")
    assert (first, again, imported.exists()) == (True, False, True)
    assert [lesson.patient.mrn for lesson in practice.open_ward(by=cast["clinician"])] == [
        one.mrn for one in invented.PEOPLE
    ]


def test_old_values_are_measured_anew(cast, wards, settings, monkeypatch):
    practice.prepare(by=SYSTEM)
    monkeypatch.setattr(practice, "RENEWED_AFTER", practice.RENEWED_AFTER * 0)
    settings.AS_OF = settings.AS_OF.replace(year=settings.AS_OF.year + 1)

    assert practice.prepare(by=SYSTEM) is True
    (ada, *_) = practice.open_ward(by=cast["clinician"])
    record = records.open_patient(by=cast["clinician"], on=ada.patient.public_id)
    assert {found.days_old for found in record.measured} == {1}


@pytest.mark.parametrize("key", [one.key for one in invented.PEOPLE])
def test_the_approved_model_answers_for_each_and_shows_what_the_patient_is_for(key, cast, ward, run):
    envelope = actions.open_prediction(by=cast["clinician2"], on=run("clinician2", ward[key])).envelope

    rows = envelope["inputs"]
    shown = {
        "full": not envelope["missing"] and not envelope["out_of_range"],
        "gaps": len(envelope["missing"]) >= 4,
        "beyond": len(envelope["out_of_range"]) >= 2,
        "stale": any(row["stale"] for row in rows),
        "units": any("converted from 70.7" in row.get("source_text", "") for row in rows),
    }
    assert shown[key]


def test_what_a_person_runs_there_is_theirs_alone(cast, ward, run):
    mine = run("clinician", ward["full"])
    run("clinician2", ward["full"])

    listed = actions.list_predictions(by=cast["clinician"], on=ward["full"])
    assert [view.public_id for view in listed] == [mine]
    with pytest.raises(policy.Denied) as refusal:
        discussion.open_page(by=cast["clinician2"], on=mine)
    assert refusal.value.hidden
    assert discussion.open_page(by=cast["clinician"], on=mine).trend is None


def test_earlier_practice_runs_of_others_are_no_trend(cast, ward, run):
    run("clinician2", ward["full"])
    first = run("clinician", ward["full"])
    second = run("clinician", ward["full"])

    assert [view.public_id for view in discussion.open_page(by=cast["clinician"], on=second).trend.earlier] == [first]


def test_it_takes_nothing_of_the_day_even_when_the_day_is_used_up(cast, ward, run):
    jobs.set_quota(by=SYSTEM, on=cast["clinician"], daily_limit=0)
    before = jobs.view_system(by=cast["admin"])["ended today"]
    run("clinician", ward["full"])

    job = Job.objects.get(kind="prediction")
    assert (job.purpose, job.state, taken(cast["clinician"])) == ("practice", "succeeded", 0)
    assert not LedgerEntry.objects.exists()
    assert jobs.view_system(by=cast["admin"])["ended today"] == before


@pytest.mark.parametrize("within", [0, 5])
def test_practice_runs_take_machines_so_there_is_an_end_to_them(
    within, cast, ward, unplanned, worked, scorer, settings
):
    settings.PREDICTIONS_A_DAY = 2
    ask = lambda name: actions.request(by=cast[name], on=ward["full"], version=unplanned, inputs={}, within=within)  # noqa: E731
    ask("clinician"), ask("clinician")
    with pytest.raises(Exhausted) as refusal:
        ask("clinician")
    assert refusal.value.sentence.startswith("Your 2 practice runs for today are used.")
    assert ask("clinician2").prediction
    assert taken(cast["clinician"]) == 0


def test_the_fast_lane_takes_nothing_either(cast, ward, unplanned, scorer):
    made = actions.request(by=cast["clinician"], on=ward["full"], version=unplanned, inputs={}, within=5)

    assert made.view.state == "succeeded"
    assert (taken(cast["clinician"]), LedgerEntry.objects.count()) == (0, 0)


def test_every_event_about_it_is_marked_as_a_test(cast, ward, run):
    found = run("clinician", ward["full"])
    records.open_patient(by=cast["clinician"], on=ward["full"])
    discussion.open_page(by=cast["clinician"], on=found)

    events = AuditEvent.objects.filter(patient__in=ward.values())
    assert {"prediction.requested", "patient.opened", "prediction.page-opened", "job.ended"} <= set(
        events.values_list("verb", flat=True)
    )
    assert set(events.values_list("purpose", flat=True)) == {"HTEST"}


def test_feedback_and_retraction_work_and_are_in_no_statistics(cast, ward, run, monkeypatch):
    monkeypatch.setattr(feedback, "SMALLEST", 1)
    found = run("clinician", ward["full"])
    feedback.give(by=cast["clinician"], on=found, verdict="disagree", code="picture")
    assert len(discussion.open_page(by=cast["clinician"], on=found).opinions) == 1
    retraction.retract(by=cast["clinician"], on=found, code="wrong-input")

    assert feedback.override_rates(by=cast["reviewer"]) == []


def test_a_report_alarms_nobody(cast, ward, run):
    found = run("clinician", ward["full"])

    with pytest.raises(Conflict, match="nothing was sent"):
        incidents.report(by=cast["clinician"], on=found, kind="harm", words="Something went wrong here.")
    assert not Incident.objects.exists()


def test_practice_patients_are_in_no_list_and_no_search(cast, ward, run):
    run("clinician", ward["full"])
    ids = set(ward.values())
    everywhere = {
        "list": {found.public_id for found in records.list_patients(by=cast["clinician"])},
        "search": {found.public_id for found in records.list_patients(by=cast["clinician"], search="Practice")},
        "worklist": {line.patient.public_id for line in worklist.open_worklist(by=cast["clinician"])},
        "results": {view.patient.public_id for view in actions.list_predictions(by=cast["clinician"])},
        "named": {
            found.public_id
            for found in records.identify_patients(by=cast["auditor"], name="Practice", purpose="HOPERAT")
        },
        "report": {records.seek_patient(by=cast["auditor"], number="PRACTICE-FULL")},
        "number": {records.seek_patient(by=cast["auditor"], number=ward["full"])},
        "wards": {unit.name for unit, _ in records.size_units(by=SYSTEM)},
        "staffed": {unit.name for unit in staff.units(cast["admin"])},
    }
    wards_known = {"Practice ward"}

    assert {name: found & (ids | wards_known) for name, found in everywhere.items()} == dict.fromkeys(everywhere, set())
    assert len(everywhere["list"]) > 0


def test_nobody_is_let_in_to_the_ward_by_another_road(cast, ward):
    with guard.unlocked():
        unit = CareUnit.objects.get(practice=True)
        ada = Patient.objects.get(public_id=ward["full"])
        named = {"mrn": "PRACTICE-FULL", "birth_date": ada.person["birth_date"]}

        assert grantable._find_patient(named) is None
        assert grantable._find_unit({"name": unit.name}) is None
    with pytest.raises(BadInput, match="No patient has"):
        emergency.find(by=cast["clinician"], **named)
    for who in (SYSTEM, cast["admin"]):
        with pytest.raises(policy.Denied):
            records.assign(by=who, on=unit, person=cast["clinician2"])
    with pytest.raises(policy.Denied):
        sharing.open_shares(by=cast["clinician"], on=ward["full"])
    with pytest.raises(Conflict, match="nobody's list"):
        records.mark(by=cast["clinician"], on=ward["full"])


@pytest.mark.parametrize("name", ["scientist", "reviewer", "admin", "auditor"])
def test_only_clinicians_practise(name, cast, ward):
    with pytest.raises(policy.Denied):
        practice.open_ward(by=cast[name])
    with pytest.raises(policy.Denied):
        records.open_patient(by=cast[name], on=ward["full"])


def test_a_version_that_is_not_approved_is_not_run_there(cast, ward, studies, trained):
    from portal.registry import actions as registry

    version = registry.register(
        by=cast["scientist"], on=studies["demo"], slug="raw", folder=trained["unplanned-admission"]
    )

    with pytest.raises(policy.Denied):
        actions.request(by=cast["clinician"], on=ward["full"], version=version, inputs={})


def test_a_program_neither_sees_nor_runs_it(cast, ward, run):
    found = run("clinician", ward["full"])
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    body = json.dumps({"model": "unplanned-admission", "patient": ward["full"], "inputs": {}})
    asked = {
        "patient": client.get(f"/api/v1/patients/{ward['full']}/").status_code,
        "result": client.get(f"/api/v1/predictions/{found}/").status_code,
        "run": client.post("/api/v1/predictions/", body, content_type="application/json").status_code,
    }
    lists = [client.get(f"/api/v1/{name}/").content.decode() for name in ("patients", "predictions")]

    assert asked == {"patient": 404, "result": 404, "run": 404}
    assert not any(ward["full"] in text for text in lists)


def test_a_real_record_cannot_land_on_the_ward(cast, ward):
    stranger = {
        "resourceType": "Patient", "id": "formulary-practice-full", "name": [{"family": "Real", "given": ["Somebody"]}],
        "birthDate": "1950-01-01", "gender": "female", "identifier": [{"value": "MRN-1"}],
    }  # fmt: skip
    stay = {
        "resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/formulary-practice-full"},
    }  # fmt: skip
    report = imports.Report()
    source = Source("odd.json", [Entry("a", stranger), Entry("b", stay)])
    imports.import_source(by=SYSTEM, source=source, report=report)

    assert [row["path"] for row in report.refused] == ["a", "b"]
    assert records.open_patient(by=cast["clinician"], on=ward["full"]).patient.name == "Ada Practice"


def test_every_page_for_a_practice_patient_says_so(cast, ward, run, unplanned):
    found, client = run("clinician", ward["full"]), page_of("clinician", cast)
    pages = [
        "/clinic/practice/", f"/clinic/patients/{ward['full']}/", f"/clinic/predictions/{found}/",
        f"/clinic/patients/{ward['full']}/models/unplanned-admission/",
    ]  # fmt: skip
    real = records.list_patients(by=cast["clinician"])[0].public_id

    texts = {path: client.get(path).content.decode() for path in pages}
    assert {path: "Nothing here counts." in text for path, text in texts.items()} == dict.fromkeys(pages, True)
    assert "takes none of your runs" in texts[pages[3]]
    assert "Nothing here counts." not in client.get(f"/clinic/patients/{real}/").content.decode()


def test_a_real_record_is_never_joined_to_one_of_the_ward_nor_deletes_from_it(cast, ward):
    joined = {
        "resourceType": "Patient", "id": "somebody", "name": [{"family": "Real", "given": ["Somebody"]}],
        "birthDate": "1950-01-01", "gender": "female", "identifier": [{"value": "MRN-1"}],
        "link": [{"type": "replaced-by", "other": {"reference": "Patient/formulary-practice-full"}}],
    }  # fmt: skip
    report = imports.Report()
    gone = Entry("b", None, deleted=("Observation", "formulary-practice-full-creatinine"))
    imports.import_source(by=SYSTEM, source=Source("odd.json", [Entry("a", joined), gone]), report=report)

    assert sorted(row["path"] for row in report.refused) == ["a", "b"]
    record = records.open_patient(by=cast["clinician"], on=ward["full"])
    assert "Creatinine" in {found.label for found in record.measured}
