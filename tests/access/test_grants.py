"""Grants: the why and until of every access; the rows, the lists and the decisions tell the same story."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from portal.access import actions, grantable, holdings, notices, policy, post, requests, settling
from portal.access.actors import SYSTEM
from portal.access.models import Grant, Notice
from portal.access.permissions import Permission
from portal.accounts.factors import Proof
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.records import actions as records
from portal.records import emergency, sharing
from portal.records.models import TREAT, CareUnitUserPermission, Encounter, Patient, PatientUserPermission, WardStay

pytestmark = pytest.mark.django_db
WHY = "Asked for a second opinion on the heart failure."
LATER = timedelta(days=7)


def in_days(days: float):
    return clock.now() + timedelta(days=days)


def sees(person, patient: str) -> bool:
    try:
        records.open_patient(by=person, on=patient)
    except policy.Denied as refusal:
        assert refusal.status == 404
        return False
    return True


def identifiers(patient: str) -> dict:
    with guard.unlocked():
        person = Patient.objects.get(public_id=patient).person
    return {"mrn": person["mrn"], "birth_date": person["birth_date"]}


def ask_for(person, patient: str, days=5, **changes):
    named = identifiers(patient) | changes
    return requests.ask(by=person, what="patient", named=named, purpose="TREAT", words=WHY, until=in_days(days))


def test_a_standing_assignment_is_a_grant_with_its_row(cast, wards):
    grant = Grant.objects.get(person=cast["clinician"], codename=TREAT)

    row = CareUnitUserPermission.objects.get(grant=grant)
    assert (grant.kind, grant.purpose, grant.given_by, grant.state) == ("relationship", "TREAT", None, "in force")
    assert (row.user, row.content_object.public_id, row.until) == (cast["clinician"], grant.object_id, None)


def test_an_assignment_that_begins_tomorrow_opens_nothing_today(cast, patient):
    ward = cast["clinician"].care_relationships.get().care_unit
    made = records.assign(by=cast["admin"], on=ward, person=cast["clinician2"], since=in_days(1), until=in_days(2))

    assert (sees(cast["clinician2"], patient), made.grant.state) == (False, "to come")


def test_a_share_opens_one_patient_to_one_colleague_until_its_day(cast, patient, monkeypatch):
    others = {row.public_id for row in records.list_patients(by=cast["clinician2"])}

    sharing.share(by=cast["clinician"], on=patient, username="clinician2", words=WHY, until=in_days(7))

    assert sees(cast["clinician2"], patient)
    assert {row.public_id for row in records.list_patients(by=cast["clinician2"])} == others | {patient}
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=7, seconds=1))
    assert not sees(cast["clinician2"], patient)
    assert Grant.objects.get(kind="share").ended_at is None  # the query ended it, no sweep has run


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "scientist"}, "colleague"), ({"username": "nobody-here"}, "colleague"),
        ({"username": "clinician"}, "colleague"), ({"words": "because"}, "words"),
        ({"until": timedelta(days=32)}, "until"), ({"until": timedelta(days=-1)}, "until"),
    ],
)  # fmt: skip
def test_a_share_names_the_field_that_is_wrong(changes, field, cast, patient):
    asked = {"username": "clinician2", "words": WHY, "until": timedelta(days=7)} | changes
    with pytest.raises(BadInput) as problem:
        sharing.share(by=cast["clinician"], on=patient, **(asked | {"until": clock.now() + asked["until"]}))

    assert (list(problem.value.errors), PatientUserPermission.objects.count()) == ([field], 0)


def test_a_shared_patient_is_not_shared_on(cast, patient):
    sharing.share(by=cast["clinician"], on=patient, username="clinician2", words=WHY, until=in_days(7))

    with pytest.raises(policy.Denied) as refusal:
        sharing.share(by=cast["clinician2"], on=patient, username="clinician", words=WHY, until=in_days(1))
    assert refusal.value.status == 403


def test_taking_a_share_back_says_how_often_the_colleague_has_looked(cast, patient):
    grant = sharing.share(by=cast["clinician"], on=patient, username="clinician2", words=WHY, until=in_days(7))
    records.open_patient(by=cast["clinician2"], on=patient)
    records.open_patient(by=cast["clinician2"], on=patient)

    assert holdings.end_grant(by=cast["clinician"], on=grant.public_id) == 2
    assert not sees(cast["clinician2"], patient)
    assert [row.kind for row in notices.list_notices(by=cast["clinician2"], unread=True)] == [
        "share-ended",
        "share-made",
    ]
    with pytest.raises(Conflict):
        holdings.end_grant(by=cast["clinician"], on=grant.public_id)


def test_only_those_concerned_end_a_share(cast, patient):
    grant = sharing.share(by=cast["clinician"], on=patient, username="clinician2", words=WHY, until=in_days(7))

    for name in ("scientist", "reviewer"):
        with pytest.raises(policy.Denied) as refusal:
            holdings.end_grant(by=cast[name], on=grant.public_id)
        assert refusal.value.status == 404
    holdings.end_grant(by=cast["clinician2"], on=grant.public_id)


def test_a_request_reads_the_same_whether_or_not_there_is_such_a_patient(cast, patient):
    real = ask_for(cast["clinician2"], patient)
    wrong_day = ask_for(cast["clinician2"], patient, birth_date="1901-01-01")
    unknown = ask_for(cast["clinician2"], patient, mrn="INV-000000")

    assert (real.state, wrong_day.state, unknown.state) == ("pending",) * 3
    assert (bool(real.object_id), wrong_day.object_id, unknown.object_id) == (True, "", "")
    asked = AuditEvent.objects.filter(verb="access-request.made", actor="clinician2")
    assert {(event.patient, event.object_type) for event in asked} == {("", "accessrequest")}
    assert [row.pk for row in requests.read_inbox(by=cast["clinician"])] == [real.pk]
    assert requests.read_inbox(by=cast["admin"]) == []


def test_a_request_that_is_granted_opens_the_patient_until_the_day_that_was_decided(cast, patient):
    request = ask_for(cast["clinician2"], patient, days=5)
    with pytest.raises(BadInput):
        requests.decide(by=cast["clinician"], on=request, granted=True, words=WHY, until=in_days(6))

    requests.decide(by=cast["clinician"], on=request, granted=True, words=WHY, until=in_days(2))

    assert sees(cast["clinician2"], patient)
    grant = Grant.objects.get(kind="request")
    assert (grant.given_by, grant.until < in_days(2), grant.purpose) == (cast["clinician"], True, "TREAT")
    with pytest.raises(Conflict):
        requests.decide(by=cast["clinician"], on=request, granted=False, words=WHY)


def test_nobody_decides_about_their_own_request_or_another_wards(cast, patient):
    request = ask_for(cast["clinician2"], patient)

    for name in ("clinician2", "scientist", "admin"):
        with pytest.raises(policy.Denied):
            requests.decide(by=cast[name], on=request, granted=True, words=WHY)
    assert not sees(cast["clinician2"], patient)


def test_a_ward_and_a_study_are_asked_for_by_name_and_their_leads_decide(cast, wards, studies):
    ward = cast["clinician"].care_relationships.get().care_unit
    first = requests.ask(
        by=cast["clinician2"],
        what="ward",
        named={"name": ward.name.upper()},
        purpose="TREAT",
        words=WHY,
        until=in_days(3),
    )
    second = requests.ask(
        by=cast["scientist2"], what="study", named={"name": "demo"}, purpose="HRESCH", words=WHY, until=in_days(90)
    )
    requests.decide(by=cast["clinician"], on=first, granted=True, words=WHY)
    requests.decide(by=cast["scientist"], on=second, granted=True, words=WHY)

    assert len(records.list_patients(by=cast["clinician2"])) == 8
    assert policy.sees(cast["scientist2"], studies["demo"])


def test_a_late_request_is_remembered_once_and_the_mail_says_nothing_about_anybody(cast, patient, monkeypatch):
    User.objects.filter(username="clinician").update(email="amara@example.org")
    ask_for(cast["clinician2"], patient)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=4))

    assert [settling.settle(by=SYSTEM), settling.settle(by=SYSTEM)] == [1, 0]
    post.mail(by=SYSTEM)

    assert [message.to for message in mail.outbox] == [["amara@example.org"]]
    text = " ".join(message.subject + message.body for message in mail.outbox)
    for secret in (*identifiers(patient).values(), patient, "Jonas", "heart failure"):
        assert secret not in text
    assert Notice.objects.filter(mailed_at__isnull=True, due_at__isnull=False).count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_two_people_do_in_the_same_moment_counts_once(cast, patient):
    asked, person = ask_for(cast["clinician2"], patient), cast["clinician2"]
    other = next(row.public_id for row in records.list_patients(by=cast["clinician"]) if row.public_id != patient)

    granted = at_once(lambda: requests.decide(by=cast["clinician"], on=asked.public_id, granted=True, words=WHY))
    opened = at_once(
        lambda: emergency.start(by=person, on=other, code="consult", attested=True, proof=Proof(person.pk, clock.now()))
    )

    assert (granted, Grant.objects.filter(kind="request").count()) == (["Conflict"] * 4 + ["done"], 1)
    assert (opened, Grant.objects.filter(kind="break-glass").count()) == (["Conflict"] * 4 + ["done"], 1)


def at_once(work) -> list[str]:
    outcomes = []

    def run():
        try:
            work()
            outcomes.append("done")
        except Exception as problem:
            outcomes.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_a_granted_access_is_renewed_in_one_action(cast, patient):
    request = ask_for(cast["clinician2"], patient, days=5)
    requests.decide(by=cast["clinician"], on=request, granted=True, words=WHY)
    grant = Grant.objects.get(kind="request")

    again = requests.renew(by=cast["clinician2"], on=grant.public_id)
    requests.decide(by=cast["clinician"], on=again, granted=True, words=WHY)

    held = Grant.objects.get(grantable.live(), kind="request")
    assert (in_days(9.9) < held.until < in_days(10.1), Grant.objects.filter(kind="request").count()) == (True, 2)


def test_a_patient_who_left_the_ward_stays_within_reach_for_the_days_that_count(cast, patient, settings):
    """Today on another ward, eight days ago on ours: within 30 days yes, within 5 no, and with 0 the stay alone counts."""
    ours = cast["clinician"].care_relationships.get().care_unit
    theirs = cast["clinician2"].care_relationships.get().care_unit
    with guard.unlocked():
        row = Patient.objects.get(public_id=patient)
        row.care_unit = theirs
        row.save()
        day = clock.now().date() - timedelta(days=8)
        WardStay.objects.create(patient=row, care_unit=ours, first_on=day, last_on=day)
    found = {}
    for days in (30, 5, 0):
        settings.RELATIONSHIP_DAYS = days
        listed = patient in {row.public_id for row in records.list_patients(by=cast["clinician"])}
        found[days] = (sees(cast["clinician"], patient), listed)
    assert found == {30: (True, True), 5: (False, False), 0: (False, False)}


def test_a_stay_that_is_planned_counts_before_it_begins(cast, patient, settings):
    settings.RELATIONSHIP_DAYS = 30
    ward = cast["clinician2"].care_relationships.get().care_unit
    found = {}
    for days in (29, 31):
        day = clock.now().date() + timedelta(days=days)
        with guard.unlocked():
            WardStay.objects.all().delete()
            WardStay.objects.create(
                patient=Patient.objects.get(public_id=patient), care_unit=ward, first_on=day, last_on=day
            )
        found[days] = sees(cast["clinician2"], patient)
    assert found == {29: True, 31: False}


def test_the_import_keeps_the_days_of_every_stay(cast, wards):
    with guard.unlocked():
        kept = {
            (row.patient_id, row.care_unit_id, str(row.first_on), str(row.last_on)) for row in WardStay.objects.all()
        }
        stays = Encounter.objects.filter(care_unit__isnull=False)
        told = {
            (
                row.patient_id,
                row.care_unit_id,
                row.content["since"][:10],
                (row.content["until"] or row.content["since"])[:10],
            )
            for row in stays
        }
    assert (kept, len(kept) > 8) == (told, True)


def test_a_person_who_is_shut_out_loses_every_grant(cast, patient):
    sharing.share(by=cast["clinician"], on=patient, username="clinician2", words=WHY, until=in_days(7))
    actions.deactivate(by=cast["admin"], on=cast["clinician2"])

    assert {row.state for row in Grant.objects.filter(person=cast["clinician2"])} == {"over"}
    assert not sees(cast["clinician2"], patient)


def test_the_number_of_queries_does_not_grow_with_grants_or_patients(cast, wards):
    records.list_patients(by=cast["clinician2"])
    one = queries_of_listing(cast["clinician2"])
    for row in records.list_patients(by=cast["clinician"]):
        sharing.share(by=cast["clinician"], on=row.public_id, username="clinician2", words=WHY, until=in_days(7))

    assert len(records.list_patients(by=cast["clinician2"])) == 8
    assert queries_of_listing(cast["clinician2"]) == one


def test_the_list_of_grants_takes_the_same_queries_for_one_and_for_many(cast, wards):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            holdings.list_grants(by=cast["clinician2"], held_by=cast["clinician2"])
        return len(captured)

    patients = [row.public_id for row in records.list_patients(by=cast["clinician"])]
    sharing.share(by=cast["clinician"], on=patients[0], username="clinician2", words=WHY, until=in_days(7))
    count()
    one = count()
    for patient in patients[1:]:
        sharing.share(by=cast["clinician"], on=patient, username="clinician2", words=WHY, until=in_days(7))
    assert count() == one


def queries_of_listing(person) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        records.list_patients(by=person)
    return len(captured)


class Model:
    """Who may see what, as plain lists: (person, patient or ward, since, until, in an emergency)."""

    def __init__(self, wards: dict[str, str]):
        self.wards, self.now, self.rows = wards, clock.now(), []

    def put(self, person, thing, until, *, grant, emergency=False, instead_of=None):
        if instead_of:
            self.rows = [row for row in self.rows if not instead_of(row)]
        self.rows.append({"person": person, "thing": thing, "until": until, "grant": grant, "emergency": emergency})

    def drop(self, grant):
        self.rows = [row for row in self.rows if row["grant"] != grant]

    def may(self, person, patient, *, emergencies=True) -> bool:
        return any(
            row["person"] == person and row["thing"] in (patient, self.wards[patient])
            and (row["until"] is None or row["until"] > self.now) and (emergencies or not row["emergency"])
            for row in self.rows
        )  # fmt: skip


PERSON = st.sampled_from(["clinician", "clinician2", "third"])
PATIENT = st.integers(0, 3)
DAYS = st.integers(1, 20)
STEP = st.one_of(
    st.tuples(st.just("assign"), PERSON, st.integers(0, 1), st.none() | DAYS),
    st.tuples(st.just("share"), PERSON, PERSON, PATIENT, DAYS),
    st.tuples(st.just("request"), PERSON, PATIENT, DAYS),
    st.tuples(st.just("emergency"), PERSON, PATIENT),
    st.tuples(st.just("end"), st.integers(0, 30)),
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("settle")),
)


@pytest.mark.slow
@tuned(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=14))
def test_lists_decisions_and_a_simple_model_always_agree(steps, cast, wards, settings, monkeypatch):
    settings.RELATIONSHIP_DAYS = 0
    with transaction.atomic():
        with monkeypatch.context() as patched:
            Story(cast, patched).play(steps)
        transaction.set_rollback(True)


class Story:
    """Plays random steps on the portal and on the model, and compares after each."""

    def __init__(self, cast, patched):
        third = actions.add_person(
            by=SYSTEM, username="third", name="Third One", password="correct-horse-battery", role_names=["clinician"]
        )
        self.cast = {name: cast[name] for name in ("clinician", "clinician2")} | {"third": third}
        self.units = [cast[name].care_relationships.get().care_unit for name in ("clinician", "clinician2")]
        with guard.unlocked():
            rows = list(Patient.objects.select_related("care_unit").order_by("care_unit", "pk"))
        self.patients = [rows[0], rows[1], rows[-1], rows[-2]]
        self.model = Model({row.public_id: row.care_unit.public_id for row in self.patients})
        patched.setattr(clock, "now", lambda: self.model.now)
        for name, unit in zip(("clinician", "clinician2"), self.units, strict=True):
            held = Grant.objects.get(person=self.cast[name], codename=TREAT)
            self.model.put(name, unit.public_id, None, grant=held.pk)

    def play(self, steps):
        self.compare()
        for kind, *rest in steps:
            getattr(self, kind)(*rest)
            self.compare()

    def assign(self, name, place, days):
        until = days and self.model.now + timedelta(days=days)
        unit = self.units[place]
        made = records.assign(by=SYSTEM, on=unit, person=self.cast[name], until=until).grant
        self.model.put(name, unit.public_id, until, grant=made.pk)

    def share(self, giver, name, place, days):
        patient, until = self.patients[place], self.model.now + timedelta(days=days)
        owner = self.model.wards[patient.public_id]
        works_there = any(
            row["person"] == giver and row["thing"] == owner and (row["until"] is None or row["until"] > self.model.now)
            for row in self.model.rows
        )
        try:
            made = sharing.share(by=self.cast[giver], on=patient.public_id, username=name, words=WHY, until=until)
        except (policy.Denied, BadInput) as refusal:
            assert isinstance(refusal, BadInput if works_there else policy.Denied)
            assert not works_there or giver == name
            return
        assert works_there
        earlier = Grant.objects.filter(
            given_by=self.cast[giver], person=self.cast[name], kind="share", ended_at__isnull=False
        )
        gone = set(earlier.values_list("pk", flat=True))
        self.model.put(name, patient.public_id, until, grant=made.pk, instead_of=lambda row: row["grant"] in gone)

    def request(self, name, place, days):
        patient, until = self.patients[place], self.model.now + timedelta(days=days)
        if self.model.may(name, patient.public_id):
            return
        asked = requests.ask(
            by=self.cast[name],
            what="patient",
            named=identifiers(patient.public_id),
            purpose="TREAT",
            words=WHY,
            until=until,
        )
        lead = next((person for person in self.cast.values() if person in grantable.deciders(asked)), None)
        if lead is None:
            requests.withdraw(by=self.cast[name], on=asked)
            return
        made = requests.decide(by=lead, on=asked, granted=True, words=WHY).grant
        self.model.put(name, patient.public_id, until, grant=made.pk)

    def emergency(self, name, place):
        patient, person = self.patients[place].public_id, self.cast[name]
        try:
            proof = Proof(person.pk, self.model.now)
            made = emergency.start(by=person, on=patient, code="consult", attested=True, proof=proof)
        except Conflict:
            assert self.model.may(name, patient)
            return
        assert not self.model.may(name, patient)
        self.model.put(name, patient, made.until, grant=made.pk, emergency=True)

    def end(self, place):
        live = [row for row in self.model.rows if row["until"] is None or row["until"] > self.model.now]
        if not live:
            return
        row = live[place % len(live)]
        grant = Grant.objects.get(pk=row["grant"])
        person = self.cast[row["person"]]
        if grant.kind == "break-glass":
            emergency.end(by=person, on=grant)
        elif grant.kind in ("share", "request"):
            holdings.end_grant(by=person, on=grant)
        else:
            return
        self.model.drop(grant.pk)

    def wait(self, hours):
        self.model.now += timedelta(hours=hours)

    def settle(self):
        settling.settle(by=SYSTEM)

    def compare(self):
        found, expected = {}, {}
        with guard.unlocked():
            for name, person in self.cast.items():
                read = set(
                    policy.visible_to(Patient.objects.all(), person, Permission.PATIENT_READ).values_list(
                        "public_id", flat=True
                    )
                )
                listed = set(
                    policy.visible_to(Patient.objects.all(), person, Permission.PATIENT_LIST).values_list(
                        "public_id", flat=True
                    )
                )
                for row in self.patients:
                    key = (name, row.public_id)
                    decided = policy.decide(person, Permission.PATIENT_READ, row).allowed
                    found[key] = (decided, row.public_id in read, row.public_id in listed)
                    may = self.model.may(*key)
                    expected[key] = (may, may, self.model.may(*key, emergencies=False))
        assert found == expected
