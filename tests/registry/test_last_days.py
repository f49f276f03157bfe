"""A day ends at midnight by the hospital's clock, west and east of Greenwich."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.access.models import Case
from portal.accounts.models import User
from portal.core import clock, guard, prepared
from portal.core.problems import BadInput, Conflict
from portal.registry import queries
from portal.registry.models import Deputy, ModelVersion
from portal.registry.review import deputies
from portal.registry.standing import require_runnable

pytestmark = pytest.mark.django_db
WEST, EAST = "America/New_York", "Asia/Tokyo"
DAY, HOURS = date(2026, 11, 8), timedelta(hours=1)
# On the evening in the west it is the next day in Greenwich; on the morning in the east it is the day before.
TURNS = [(WEST, "19:30", "00:30"), (EAST, "23:30", "08:30")]


@pytest.fixture
def at(settings, monkeypatch):
    """Set the hospital's clock, by its own zone."""

    def turn(zone: str, day: date, hour: str) -> None:
        settings.TIME_ZONE = zone
        moment = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZoneInfo(zone))
        monkeypatch.setattr(clock.timezone, "now", lambda: moment.astimezone(UTC))

    return turn


@pytest.mark.parametrize(("zone", "evening", "morning"), TURNS)
def test_today_is_the_day_in_the_hospital(at, zone, evening, morning):
    for hour in (evening, morning):
        at(zone, DAY, hour)
        assert clock.today() == DAY


@pytest.mark.parametrize(("zone", "evening", "morning"), TURNS)
def test_an_approval_counts_through_its_last_evening_and_not_on_the_next_morning(
    cast, unplanned, at, zone, evening, morning
):
    version = ModelVersion.objects.get(pk=unplanned.pk)
    at(zone, version.expires_on, evening)
    assert (version.expired, version.state_shown) == (False, "approved")
    assert version in queries.runnable(cast["clinician"]) and require_runnable(version)

    at(zone, version.expires_on + timedelta(days=1), morning)
    assert (version.expired, version.state_shown) == (True, "expired")
    assert version not in queries.runnable(cast["clinician"])
    with pytest.raises(Conflict, match="ended on"):
        require_runnable(version)


@pytest.mark.parametrize(("zone", "evening", "morning"), TURNS)
def test_a_deputy_signs_through_the_last_evening(cast, at, zone, evening, morning):
    other = User.objects.get(pk=cast["reviewer2"].pk)
    at(zone, DAY, evening)
    with pytest.raises(BadInput):
        deputies.name(by=cast["reviewer"], deputy=other, until=DAY - timedelta(days=1))
    named = deputies.name(by=cast["reviewer"], deputy=other, until=DAY)
    with guard.unlocked():
        Deputy.objects.filter(pk=named.pk).update(since=clock.now() - HOURS)
    assert deputies.standing() == [named]

    at(zone, DAY + timedelta(days=1), morning)
    assert deputies.standing() == []


@pytest.mark.parametrize(("zone", "evening", "morning"), TURNS)
def test_a_version_waits_since_the_day_on_which_it_was_submitted(cast, waiting, at, zone, evening, morning):
    at(zone, DAY, evening)
    with guard.unlocked():
        ModelVersion.objects.filter(pk=waiting.pk).update(submitted_at=clock.now())
    assert [row.days for row in queries.queue(cast["reviewer"])] == [0]

    at(zone, DAY + timedelta(days=1), morning)
    assert [row.days for row in queries.queue(cast["reviewer"])] == [1]


@pytest.mark.parametrize(("zone", "evening", "morning"), TURNS)
def test_a_question_that_is_kept_compiled_asks_for_the_day_in_the_hospital(unplanned, at, zone, evening, morning):
    def held() -> bool:
        with guard.unlocked():
            return bool(prepared.rows(f"last day {zone}", _not_over, unplanned.pk))

    at(zone, unplanned.expires_on, evening)
    assert held()
    at(zone, unplanned.expires_on + timedelta(days=1), morning)
    assert not held()


def _not_over(pk: int):
    return ModelVersion.objects.filter(pk=pk, expires_on__gte=clock.today())


def test_an_inquiry_is_overdue_when_its_day_is_over_in_the_hospital(at):
    at(WEST, DAY, "19:30")
    assert (Case(due_on=DAY).overdue, Case(due_on=DAY - timedelta(days=1)).overdue) == (False, True)
