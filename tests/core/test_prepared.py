"""Querysets that are compiled once give what the ORM gives, now and later."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.access import grants, policy
from portal.access.permissions import Permission
from portal.accounts.models import ApiToken, User
from portal.core import clock, guard, prepared
from portal.records.models import TREAT, CareUnit, Patient
from portal.records.queries import with_ward

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    prepared.forget()


def found(by, patient):
    with guard.unlocked():
        return policy.find(by, Permission.PATIENT_READ, with_ward, patient)


def test_each_value_gives_its_own_row_with_all_it_brings(cast, wards):
    with guard.unlocked():
        ids = list(Patient.objects.values_list("public_id", flat=True))
        plain = {key: with_ward().get(public_id=key) for key in ids}
    for key in ids:
        patient, _ = found(cast["clinician"], key)
        assert (patient, patient.person, patient.care_unit) == (plain[key], plain[key].person, plain[key].care_unit)


def test_the_second_question_costs_one_query(cast, patient):
    found(cast["clinician"], patient)
    with CaptureQueriesContext(connection) as seen:
        _, decision = found(cast["clinician"], patient)

    assert (decision.allowed, len(seen)) == (True, 1)


def test_a_right_that_ends_after_compiling_is_over(cast, patient):
    assert found(cast["clinician"], patient)[1].allowed
    with guard.unlocked():
        for unit in CareUnit.objects.all():
            grants.end(TREAT, of=cast["clinician"], on=unit)

    decision = found(cast["clinician"], patient)[1]
    assert (decision.allowed, decision.hidden) == (False, True)


def test_the_moment_is_that_of_the_question(cast, monkeypatch):
    def live(person):
        return ApiToken.objects.filter(
            user_id=person, expires_at__gt=clock.now(), expires_at__lt=clock.now() + timedelta(days=2)
        )

    person = cast["clinician"].pk
    with guard.unlocked():
        ApiToken.objects.create(user_id=person, digest="x", expires_at=clock.now() + timedelta(days=1))
    assert len(prepared.rows("live", live, person)) == 1
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock.timezone, "now", lambda: later)
    assert prepared.rows("live", live, person) == []


def test_who_acts_is_part_of_the_key(cast, patient):
    assert found(cast["clinician"], patient)[1].allowed
    assert not found(cast["clinician2"], patient)[1].allowed
    assert not found(cast["scientist"], patient)[1].allowed


def test_a_filter_that_asks_the_database_is_built_anew(cast):
    def named(name):
        return User.objects.filter(username=name, pk__in=list(User.objects.values_list("pk", flat=True)))

    for name in ("clinician", "auditor"):
        assert [person.username for person in prepared.rows("asks", named, name)] == [name]
