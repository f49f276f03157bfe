"""Birth dates as people type them, and patients found by them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.audit.models import AuditEvent
from portal.records import actions, birthdays
from portal.records.queries import PatientSummary

SHAPES = (
    "{0:%Y-%m-%d}",
    "{0:%d.%m.%Y}",
    "{0.day}.{0.month}.{0.year}",
    "{0.day} {0:%b} {0.year}",
    "{0.day}. {0:%B} {0.year}",
)


@given(st.dates(min_value=date(1880, 1, 1)), st.sampled_from(SHAPES))
def test_every_day_is_read_from_every_shape(day, shape):
    assert birthdays.read(shape.format(day)) == day.isoformat()


@given(st.text(max_size=24))
def test_no_text_breaks_it_and_what_it_reads_is_a_day(text):
    found = birthdays.read(text)
    assert found == "" or date.fromisoformat(found).isoformat() == found


@pytest.mark.parametrize(
    "text", ["", "1950", "8 Nov", "31.11.1950", "8/11/1950", "8 Now 1950", "1950-13-01", "INV-1950"]
)
def test_what_is_no_whole_date_is_not_read(text):
    assert birthdays.read(text) == ""


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("8 Nov 1950", True),
        ("8 NOVEMBER 1950", True),
        ("1950-11-08", True),
        (" 08.11.1950 ", True),
        ("8 Nov 1951", False),
    ],
)
def test_a_date_finds_whoever_was_born_then_and_no_number_that_looks_like_it(typed, found):
    born = PatientSummary("p", "Zoé Moreau", "1950-11-08", 76, "female", "INV-7700", "North", "")
    number = PatientSummary("q", "Elin Lind", "1960-01-02", 66, "female", "19501108", "North", "")

    assert (actions._matches(born, typed), actions._matches(number, typed)) == (found, False)


@pytest.mark.django_db(transaction=True)
def test_a_search_by_birth_date_is_posted_and_written_down_like_any_other(cast, wards, client, settings):
    settings.DEMO = True
    whole = actions.list_patients(by=cast["clinician"])
    wanted = whole[0]
    client.force_login(cast["clinician"])
    before = AuditEvent.objects.filter(verb="patient.listed").count()
    day = date.fromisoformat(wanted.birth_date)
    page = client.post("/clinic/", {"search": f"{day.day} {day:%b %Y}"})

    text = page.content.decode()
    others = [row.name for row in whole if row.birth_date != wanted.birth_date]
    assert (wanted.name in text, [name for name in others if name in text]) == (True, [])
    events = AuditEvent.objects.filter(verb="patient.listed").order_by("id")[before:]
    assert {event.patient for event in events} == {
        row.public_id for row in whole if row.birth_date == wanted.birth_date
    }
    assert [str(day.year) in event.payload for event in events] == [False] * len(events)
