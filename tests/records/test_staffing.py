"""Whatever is assigned, ended and moved, in whatever order: who sees a ward is who works there now."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from portal.access import policy
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.core import clock, guard
from portal.core.problems import BadInput, Conflict
from portal.records import actions
from portal.records.models import CareRelationship, CareUnit, CareUnitUserPermission

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_wards(cast):
    with guard.unlocked():
        return [CareUnit.objects.create(name=f"Ward {name}", source_index=name, digest="") for name in "AB"]


def staffing(person, wards, monkeypatch):
    """A machine over one person and two wards; the oracle is a list of (ward, from, until)."""

    class Staffing(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            with guard.unlocked():
                CareUnitUserPermission.objects.all().delete()
                CareRelationship.objects.all().delete()
            self.now = timezone.now() + timedelta(days=1)
            self.oracle: list[SimpleNamespace] = []
            monkeypatch.setattr(clock, "now", lambda: self.now)

        @rule(ward=st.sampled_from(wards), starts=st.integers(0, 5), lasts=st.none() | st.integers(1, 6))
        def assign(self, ward, starts, lasts):
            since = self.now + timedelta(hours=starts) if starts else None
            until = (since or self.now) + timedelta(hours=lasts) if lasts else None
            row = actions.assign(by=SYSTEM, on=ward, person=person, since=since, until=until)
            self.oracle.append(SimpleNamespace(row=row.pk, ward=ward, since=since or self.now, until=until))

        @precondition(lambda self: self.oracle)
        @rule(which=st.integers(0, 50))
        def end(self, which):
            kept = self.oracle[which % len(self.oracle)]
            over = kept.until is not None and kept.until <= self.now
            try:
                actions.end_assignment(by=SYSTEM, on=CareRelationship.objects.get(pk=kept.row))
                assert not over
                kept.until = self.now
            except Conflict:
                assert over

        @precondition(lambda self: self.oracle)
        @rule(which=st.integers(0, 50), to=st.sampled_from(wards))
        def move(self, which, to):
            kept = self.oracle[which % len(self.oracle)]
            over = kept.until is not None and kept.until <= self.now
            since, until = max(kept.since, self.now), kept.until
            try:
                row = actions.move_person(by=SYSTEM, on=CareRelationship.objects.get(pk=kept.row), to=to)
            except (Conflict, BadInput):
                assert over or to == kept.ward
                return
            assert not over
            kept.until = self.now
            self.oracle.append(SimpleNamespace(row=row.pk, ward=to, since=since, until=until))

        @rule(hours=st.integers(1, 4))
        def time_goes_on(self, hours):
            self.now += timedelta(hours=hours)

        @invariant()
        def who_sees_a_ward_works_there_now(self):
            for ward in wards:
                works = any(
                    kept.ward == ward and kept.since <= self.now and (kept.until is None or kept.until > self.now)
                    for kept in self.oracle
                )
                sees = policy.decide(person, Permission.PATIENT_LIST, ward).allowed
                assert (ward.name, sees) == (ward.name, works)

    return Staffing


@pytest.mark.slow
def test_who_sees_a_ward_is_who_works_there_now(cast, two_wards, monkeypatch):
    run_state_machine_as_test(
        staffing(cast["clinician"], two_wards, monkeypatch),
        settings=settings(
            max_examples=40, stateful_step_count=15, deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )  # fmt: skip


def test_a_person_assigned_and_covering_on_one_ward_keeps_it_when_the_cover_is_ended(cast, two_wards):
    person, ward = cast["clinician"], two_wards[0]
    actions.assign(by=SYSTEM, on=ward, person=person)
    cover = actions.assign(by=SYSTEM, on=ward, person=person, until=clock.now() + timedelta(hours=1))
    actions.end_assignment(by=SYSTEM, on=cover)

    rows = CareUnitUserPermission.objects.filter(user=person, content_object=ward)
    assert [row.until for row in rows if row.until is None or row.until > clock.now()] == [None]
