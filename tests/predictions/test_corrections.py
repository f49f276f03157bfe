"""Every prediction that used an old value says so: as long as a value that it used differs, and only then."""

import json
from dataclasses import asdict
from datetime import timedelta
from itertools import count

import pytest
from django.db import transaction
from django.db.models import Q
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.access import actions as access
from portal.access import reports
from portal.access.actors import SYSTEM
from portal.access.models import Notice
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.problems import Conflict
from portal.predictions import actions, discussion, printing, retraction, worklist
from portal.predictions.models import Prediction, Use
from portal.records import actions as records
from portal.records import imports, sharing
from portal.records.fhir.sources import Entry, Source
from portal.records.models import Condition, Encounter, Observation, Patient
from tests.records.test_corrections import UNVERIFIED, WARD, WRONG, gone, of, person, replaced

pytestmark = pytest.mark.django_db(transaction=True)
_names = count()
CREATININE = {"code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}}


def load(*resources) -> imports.Report:
    """Import resources and deletions as one source, without a file."""
    report = imports.Report()
    entries = [
        Entry("one", item)
        if "resourceType" in item
        else Entry("one", None, deleted=tuple(item["request"]["url"].split("/")))
        for item in resources
    ]
    imports.import_source(by=SYSTEM, source=Source("one.json", entries), report=report)
    return report


def creatinine(value=1.4, unit="mg/dL", key="O", patient="p1", **more) -> dict:
    return of("Observation", key, patient, valueQuantity={"value": value, "code": unit}, **more)


@pytest.fixture
def ward(cast, settings, unplanned, worked):
    """A ward of the clinician with one patient: a creatinine, diabetes, a visit."""
    from tests.conftest import AS_OF

    settings.AS_OF = AS_OF
    load(WARD, person(), creatinine(), of("Condition", "C"), of("Encounter", "E"))
    # However the visit ends, the patient stays on the ward.
    load(of("Encounter", "long-ago", period={"start": "2020-01-01"}))
    ((unit, _),) = records.size_units(by=SYSTEM)
    records.assign(by=SYSTEM, on=unit, person=cast["clinician"])


def patient(key="p1") -> str:
    with guard.unlocked():
        return next(row.public_id for row in Patient.objects.all() if row.person["mrn"] == f"MRN-{key}")


@pytest.fixture
def ask(cast, ward, unplanned):
    def run(key="p1", **inputs) -> str:
        return actions.request(by=cast["clinician"], on=patient(key), version=unplanned, inputs=inputs).prediction

    return run


@pytest.fixture
def marks(cast):
    """The corrections of a prediction as (name, before, now, kind)."""

    def read(prediction):
        found = actions.open_prediction(by=cast["clinician"], on=prediction).corrections
        return [(item["name"], item["before"], item["now"], item["kind"]) for item in found]

    return read


def told() -> int:
    return Notice.objects.filter(kind="result-corrected").count()


@pytest.mark.embedded
def test_a_corrected_value_is_named_with_what_it_was_and_is(cast, ask, marks):
    result = ask()
    report = load(creatinine(1.1, status="corrected"))

    view = actions.open_prediction(by=cast["clinician"], on=result)
    assert (report.updated, marks(result)) == (1, [("creatinine", "1.4 mg/dL", "1.1 mg/dL", "changed")])
    sentence = view.corrections[0]["sentence"]
    assert sentence.startswith("Creatinine was 1.4 mg/dL when this ran; corrected to 1.1 mg/dL on ")
    assert sentence.endswith(". Run again.")
    events = AuditEvent.objects.filter(verb="prediction.corrected").values_list("object_id", "patient")
    assert list(events) == [(result, patient())]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (creatinine(status="entered-in-error"), ("creatinine", "1.4 mg/dL", "", "withdrawn")),
        (gone("Observation", "O"), ("creatinine", "1.4 mg/dL", "", "withdrawn")),
        (of("Condition", "C", **UNVERIFIED), ("diabetes", "Yes", "not on the problem list", "withdrawn")),
        (gone("Condition", "C"), ("diabetes", "Yes", "not on the problem list", "withdrawn")),
        (of("Encounter", "E", **WRONG), ("visits_12m", "1", "0", "changed")),
        (gone("Encounter", "E"), ("visits_12m", "1", "0", "changed")),
        (person(birthDate="1970-02-03"), ("age", "66 years", "56 years", "changed")),
        (person(gender="male"), ("male", "Female", "Male", "changed")),
    ],
)
def test_each_kind_of_value_is_looked_after(change, expected, ask, marks):
    result = ask()
    load(change)
    assert marks(result) == [expected]


@pytest.mark.parametrize(
    "change",
    [
        creatinine(1.4, status="amended"),
        creatinine(123.8, "umol/L"),
        creatinine(0.9, key="newer", effectiveDateTime="2026-05-01T10:00:00Z"),
        of("Condition", "C", clinicalStatus={"coding": [{"code": "resolved"}]}),
        of("Encounter", "E2", period={"start": "2026-03-01T10:00:00Z"}),
        person(birthDate="1960-02-04"),
    ],
)
def test_what_is_the_same_in_another_form_or_came_later_is_no_correction(change, ask, marks):
    result = ask()
    load(change)
    assert marks(result) == []


def test_a_typed_value_is_nobodys_to_correct(ask, marks):
    result = ask(creatinine="1.3")
    load(creatinine(1.1))
    assert marks(result) == []


def test_people_are_told_once_of_each_correction_and_the_mark_goes_when_it_is_undone(cast, ask, marks):
    result = ask()
    for _ in range(2):
        load(creatinine(1.1))
        assert (told(), len(marks(result))) == (1, 1)
    load(creatinine(1.4))
    assert (told(), marks(result)) == (1, [])
    load(creatinine(1.2))
    assert (told(), marks(result)) == (2, [("creatinine", "1.4 mg/dL", "1.2 mg/dL", "changed")])


def test_the_list_and_the_worklist_say_so(cast, ask, worked, scorer):
    result = ask()
    worked()
    load(creatinine(1.1))

    views = actions.list_predictions(by=cast["clinician"], on=patient())
    (line,) = worklist.open_worklist(by=cast["clinician"])
    assert [len(view.corrections) for view in views] == [1]
    assert (line.newest.public_id, line.due, len(line.newest.corrections)) == (result, True, 1)
    retraction.retract(by=cast["clinician"], on=result, code="wrong-input")
    load(creatinine(1.2))
    assert told() == 1


@pytest.fixture
def two(ward):
    load(person("p2"), creatinine(2.2, key="O2", patient="p2", effectiveDateTime="2026-02-01T10:00:00Z"),
         of("Encounter", "E2", "p2"))  # fmt: skip


def test_the_ledger_of_a_record_holds_what_was_done_with_those_merged_into_it_and_nobody_else_s(cast, two):
    load(person("p3"), of("Encounter", "E3", "p3"))
    survivor, merged, third = (patient(key) for key in ("p1", "p2", "p3"))
    for one in (survivor, merged, third):
        records.open_patient(by=cast["clinician"], on=one)
    load(replaced("p2", "p1"))
    officer = cast["auditor"]

    def opened(of) -> set[str]:
        found = reports.patient_report(by=officer, patient=of, filters={})
        return {event.patient for event in found.events if event.verb == "patient.opened"}

    assert (opened(survivor), opened(merged), opened(third)) == ({survivor, merged}, {merged}, {third})
    _, taken = reports.export(by=officer, filters={"patient": survivor}, purpose="PATRQT")
    assert {event.patient for event in taken if event.verb == "patient.opened"} == {survivor, merged}
    # That an officer looked stands with every record that was looked at.
    looked = AuditEvent.objects.filter(verb="audit.patient-reported").order_by("id").values_list("patient", flat=True)
    assert list(looked) == [survivor, merged, merged, third]

    client = Client()
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/oversight/patients/{survivor}/").content.decode()
    assert ("1 earlier record that was merged into this one" in page, merged in page, third in page) == (
        True,
        True,
        False,
    )
    assert f'href="/oversight/patients/{survivor}/"' in client.get(f"/oversight/patients/{merged}/").content.decode()
    load(person("p2"))
    assert opened(survivor) == {survivor}


def test_results_of_a_merged_record_stand_under_the_one_that_goes_on(cast, two, ask):
    earlier = ask("p2")
    merged, survivor = patient("p2"), patient("p1")
    load(replaced("p2", "p1"))

    (view,) = actions.list_predictions(by=cast["clinician"], on=survivor)
    assert (view.public_id, view.patient.public_id, view.corrections) == (earlier, survivor, ())
    assert view.earlier_record.startswith("Run under the earlier record MRN-p2, which was merged into this one on ")
    opened = records.open_patient(by=cast["clinician"], on=merged)
    assert (opened.survivor, opened.measurements) == (survivor, [])
    assert records.open_patient(by=cast["clinician"], on=survivor).earlier_numbers == ("MRN-p2",)
    client = Client(
        HTTP_AUTHORIZATION=f"Bearer {access.issue_token(by=SYSTEM, on=cast['clinician'], scopes=['*'], days=1)}"
    )
    said = client.get(f"/api/v1/patients/{merged}/").json()
    assert (said["mrn"], said["standing"], said["merged_into"]) == ("MRN-p2", "merged", survivor)
    listed = client.get("/api/v1/predictions/").json()["results"]
    assert [(row["patient"], row["corrections"]) for row in listed] == [(survivor, [])]
    with pytest.raises(Conflict) as refusal:
        ask("p2")
    assert refusal.value.code == "not-in-use"


@pytest.mark.parametrize(("given", "other"), [("p2", "p1"), ("p1", "p2")])
def test_a_right_to_one_record_tells_nothing_of_the_one_it_is_merged_with(given, other, cast, two, ask, worked, scorer):
    first, second = ask(other), ask(given)
    worked()
    until, words = clock.now() + timedelta(days=2), "A second look."
    sharing.share(by=cast["clinician"], on=patient(given), username="clinician2", words=words, until=until)
    load(replaced("p2", "p1"))

    own = discussion.open_page(by=cast["clinician"], on=second)
    assert [item.public_id for item in own.trend.earlier] == [first]
    seen = discussion.open_page(by=cast["clinician2"], on=second)
    assert (seen.view.patient.public_id, seen.view.patient.mrn, seen.trend) == (patient(given), f"MRN-{given}", None)
    client = Client()
    client.force_login(cast["clinician2"], backend="allauth.account.auth_backends.AuthenticationBackend")
    answers = [client.get(f"/clinic/predictions/{second}/{part}") for part in ("", "show/")]
    assert [answer.status_code for answer in answers] == [200, 200]
    pages = [answer.content.decode() for answer in answers]
    pages.append(json.dumps([asdict(view) for view in actions.list_predictions(by=cast["clinician2"])], default=str))
    pages.append(json.dumps(printing._gather(by=cast["clinician2"], on=second)))
    secrets = (f"MRN-{other}", f"Leakwell-{other}", patient(other), first)
    assert [secret for page in pages for secret in secrets if secret in page] == []


def test_what_ran_on_a_merged_record_says_so_when_the_records_are_separated(two, ask, marks):
    load(replaced("p2", "p1"))
    between = ask()
    load(person("p2", active=True))
    assert marks(between) == [
        ("visits_12m", "2", "1", "other-person"), ("creatinine", "2.2 mg/dL", "", "other-person"),
    ]  # fmt: skip

    load(replaced("p2", "p1"))
    assert marks(between) == []


def test_a_value_that_turns_out_to_be_somebody_elses_is_named(two, ask, marks):
    result = ask()
    load(creatinine(patient="p2"))
    assert marks(result) == [("creatinine", "1.4 mg/dL", "", "other-person")]


def test_writing_down_what_was_used_takes_one_query(ask, django_assert_num_queries):
    ask()
    with guard.unlocked():
        prediction = Prediction.objects.get()
        uses = Use.objects.filter(prediction=prediction)
        assert uses.count() == 3
        uses.delete()
    from portal.predictions import provenance

    with transaction.atomic(), guard.unlocked(), django_assert_num_queries(1):
        provenance.keep(prediction)


VALUES = st.sampled_from([1.4, 1.1, 2.0])
STEPS = st.one_of(
    st.tuples(st.just("value"), st.sampled_from("ab"), VALUES, st.sampled_from(["final", "corrected", "entered-in-error"])),
    st.tuples(st.just("delete"), st.sampled_from("ab")),
    st.tuples(st.just("problem"), st.booleans()),
    st.tuples(st.just("merge"), st.booleans()),
    st.tuples(st.just("run"),),
)  # fmt: skip


class Hospital:
    """What the sources say now, and what each run used: worked out in the plainest way, beside the portal."""

    def __init__(self, name: str):
        self.name = name
        self.values = {key: (value, "final", False) for key, value in (("a", 1.4), ("b", 2.2))}
        self.problem, self.merged = True, False
        self.runs: list[tuple[str, str, float, bool]] = []

    def key(self, key: str) -> str:
        return f"{self.name}-{key}"

    def resources(self) -> list[dict]:
        """Everything as it is, as one bundle."""
        day = {"a": "2026-01-01", "b": "2026-02-01"}
        found = [person(self.key("a")), self.second(), self.condition()]
        for key, (value, status, deleted) in self.values.items():
            found.append(
                gone("Observation", self.key(key))
                if deleted
                else creatinine(value, key=self.key(key), patient=self.key(key), status=status, effectiveDateTime=f"{day[key]}T10:00:00Z")
            )  # fmt: skip
        return found

    def second(self) -> dict:
        return replaced(self.key("b"), self.key("a")) if self.merged else person(self.key("b"), active=True)

    def condition(self) -> dict:
        return of("Condition", self.key("c"), self.key("a"), **({} if self.problem else UNVERIFIED))

    def usable(self) -> list[str]:
        """The creatinines of the first patient, newest first."""
        own = ["b", "a"] if self.merged else ["a"]
        return [key for key in own if self.values[key][1] != "entered-in-error" and not self.values[key][2]]

    def used(self) -> tuple[str, float, bool]:
        found = next(iter(self.usable()), "")
        return found, self.values[found][0] if found else 0, self.problem

    def differs(self, used: tuple[str, float, bool]) -> set[str]:
        key, value, problem = used
        found = {"diabetes"} if problem and not self.problem else set()
        if key and (key not in self.usable() or self.values[key][0] != value):
            found.add("creatinine")
        return found

    def step(self, step) -> None:
        match step:
            case ("value", key, value, status):
                self.values[key] = (value, status, False)
            case ("delete", key):
                self.values[key] = (*self.values[key][:2], True)
            case ("problem", there):
                self.problem = there
            case ("merge", merged):
                self.merged = merged


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=1, max_size=6), dice=st.randoms(use_true_random=False))
def test_a_result_is_marked_exactly_while_a_value_that_it_used_differs(steps, dice, cast, ward, unplanned, marks):
    with transaction.atomic():
        hospital = Hospital(f"h{next(_names)}")
        load(*hospital.resources(), of("Encounter", hospital.key("e"), hospital.key("a"), period={"start": "2020-01-01"}),
             of("Encounter", hospital.key("f"), hospital.key("b"), period={"start": "2020-01-01"}))  # fmt: skip
        for step in [("run",), *steps]:
            if step[0] == "run":
                asked = actions.request(
                    by=cast["clinician"], on=patient(hospital.key("a")), version=unplanned, inputs={}
                )
                hospital.runs.append((asked.prediction, hospital.used()))
            hospital.step(step)
            bundle = hospital.resources()
            dice.shuffle(bundle)
            load(*bundle)
            before = told()
            again = load(*reversed(bundle))
            assert (again.created, again.updated, again.deleted, again.refused, told()) == (0, 0, 0, [], before)
            found = {prediction: {mark[0] for mark in marks(prediction)} for prediction, _ in hospital.runs}
            assert found == {prediction: hospital.differs(used) for prediction, used in hospital.runs}
        with guard.unlocked():
            mine = Q(patient__in=[row.pk for row in Patient.objects.all() if hospital.name + "-" in row.person["mrn"]])
            kept = [model.objects.filter(mine).count() for model in (Observation, Condition, Encounter)]
        assert kept == [2, 1, 2]
        transaction.set_rollback(True)
